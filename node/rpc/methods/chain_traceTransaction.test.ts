import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { toHex, ZERO_HASH } from '../../../core/bytes.ts'
import { ACCOUNTS, callMethod, type FixtureChain, fixture, refusalTag } from '../fixture.ts'
import { chain_traceTransaction } from './chain_traceTransaction.ts'

interface Answer {
  height: number
  transaction: {
    index: number
    status: number
    error: string | null
    gas: { used: number; fee: string; steps: { step: string; gas: number }[] }
    charge: { burned: string }
    action: { accesses: { table: string; key: unknown; before: unknown; after?: unknown }[] }
    compute: null | {
      claimed: string
      ticket: string
      target: string
      checks: { check: string; passed: boolean }[]
      verdict: string
    }
  }
}

const hashOf = (chain: FixtureChain, height: number, index: number) =>
  toHex(chain.blockByHeight(height)!.transactions[index]!.hash)
const place = (chain: FixtureChain, kind: string, height: number) =>
  chain.blockByHeight(height)!.transactions.findIndex(({ action }) => action.kind === kind)

describe('chain_traceTransaction', () => {
  it('shows balances before and after a transfer, and where its gas went', async () => {
    const { context, chain } = fixture()
    const answer = await callMethod<Answer>(context, chain_traceTransaction, [hashOf(chain, 2, 0)])
    const { action } = chain.blockByHeight(2)!.transactions[0]!
    if (action.kind !== 'TRANSFER') throw new Error('the fixture has changed')
    const { transaction } = answer
    expect(transaction).toMatchObject({ index: 0, status: 1, error: null, compute: null })
    expect(transaction.gas.steps).toEqual([{ step: 'kind', gas: 21_000 }])
    const [paid, got] = transaction.action.accesses as { before: { balance: string }; after: { balance: string } }[]
    expect(BigInt(paid!.before.balance) - BigInt(paid!.after.balance)).toBe(action.value)
    expect(BigInt(got!.after.balance) - BigInt(got!.before.balance)).toBe(action.value)
    expect(transaction.action.accesses.map(({ key }) => key)).toEqual([
      formatAddress(ACCOUNTS[0]!.address),
      formatAddress(action.to),
    ])
  })

  it('recomputes the ticket of a result, and names the check that refused it', async () => {
    const { context, chain } = fixture()
    const good = await callMethod<Answer>(context, chain_traceTransaction, [
      hashOf(chain, 4, place(chain, 'SUBMIT_RESULT', 4)),
    ])
    expect(good.transaction.compute).toMatchObject({ verdict: 'accepted' })
    expect(good.transaction.compute!.ticket).toBe(good.transaction.compute!.claimed)
    expect(good.transaction.compute!.ticket < good.transaction.compute!.target).toBe(true)

    const bad = await callMethod<Answer>(context, chain_traceTransaction, [hashOf(chain, 5, 0)])
    expect(bad.transaction.error).toBe('RESULT_HASH_MISMATCH')
    expect(bad.transaction.compute!.ticket).not.toBe(bad.transaction.compute!.claimed)
    expect(bad.transaction.compute).toMatchObject({ verdict: 'refused' })
    expect(bad.transaction.compute!.checks.filter(({ passed }) => !passed)).toEqual([
      { check: 'ticket', passed: false },
    ])
  })

  it('is null for a transaction that no block has', async () => {
    const { context } = fixture()
    expect(await callMethod(context, chain_traceTransaction, [toHex(ZERO_HASH)])).toBeNull()
    expect(await refusalTag(context, chain_traceTransaction, ['0x12'])).toBe('INVALID_PARAMS')
  })
})
