import { describe, expect, it } from 'vitest'
import { ZERO_HASH } from '../../../core/bytes.ts'
import { type Bundle, chooseClaim, type Deposit, depositsFor } from './claim.ts'

const output = { outpoint: { txId: ZERO_HASH, index: 1 }, grains: 50n, covenantId: ZERO_HASH, redeem: ZERO_HASH }
const script = new Uint8Array(34)
const bundle = (...amounts: bigint[]): Bundle => ({ output, exits: amounts.map((amount) => ({ script, amount })) })
const deposits = (...grains: bigint[]): Deposit[] =>
  grains.map((each, index) => ({
    ...{ grains: each, spk: { version: 0, script }, height: 1 },
    outpoint: { txId: ZERO_HASH, index },
  }))
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run()
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a claim', () => {
  it('pays the first exit that is left, from the largest deposits', () => {
    const claim = chooseClaim(bundle(0n, 7n, 9n), deposits(2n, 5n, 3n), {})
    expect(claim).toMatchObject({ index: 1, deduct: 7n })
    expect(claim.deposits.map(({ grains }) => grains)).toEqual([5n, 3n])
  })

  it('pays a named exit, or a part of it', () => {
    expect(chooseClaim(bundle(7n, 9n), deposits(20n), { index: 1, amount: 4n })).toMatchObject({ index: 1, deduct: 4n })
  })

  it('pays what eight deposits hold where they hold less', () => {
    const many = deposits(...Array.from({ length: 20 }, (_, i) => BigInt(i + 1)))
    expect(depositsFor(many, 1_000n).map(({ grains }) => Number(grains))).toEqual([20, 19, 18, 17, 16, 15, 14, 13])
    expect(chooseClaim(bundle(1_000n), many, {}).deduct).toBe(132n)
  })

  it('is refused where nothing can be paid', () => {
    expect(codeOf(() => chooseClaim(bundle(7n), [], {}))).toBe('CLAIM_FUNDS')
    expect(codeOf(() => chooseClaim(bundle(7n), deposits(3n), { amount: 4n }))).toBe('CLAIM_FUNDS')
    expect(codeOf(() => chooseClaim(bundle(7n), deposits(9n), { amount: 8n }))).toBe('CLAIM_AMOUNT')
    expect(codeOf(() => chooseClaim(bundle(7n, 0n), deposits(9n), { index: 1 }))).toBe('EXIT_CLAIMED')
    expect(codeOf(() => chooseClaim(bundle(7n), deposits(9n), { index: 1 }))).toBe('EXIT_INDEX')
  })
})
