import { describe, expect, it } from 'vitest'
import { MAX_REGISTRATIONS_PER_BLOCK } from '../vm/execution/limits.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import { MAX_LEFT_OUT } from './build.ts'
import { TestChain } from './testing/chain.ts'

/** Fails when it is executed: nothing is staked. */
const registrations = (chain: TestChain, count: number): Transaction[] => {
  const registration = { blsPublicKey: new Uint8Array(48), proofOfPossession: new Uint8Array(96) }
  return Array.from({ length: count }, () => chain.transaction(0, { kind: 'STAKE', amount: 0n, registration }))
}

describe('what a leader leaves out', () => {
  it('more registrations than a block has places for keep nothing else out', () => {
    const chain = new TestChain(1)
    const first = registrations(chain, MAX_REGISTRATIONS_PER_BLOCK)
    const [next] = registrations(chain, 1)
    const rest = Array.from({ length: 2 * MAX_LEFT_OUT }, () => next!)
    const transfer = chain.transfer(1, 2)
    expect(chain.build([...first, ...rest, transfer]).transactions).toEqual([...first, transfer])
  })

  it('it stops looking after MAX_LEFT_OUT that state does not accept', () => {
    const chain = new TestChain(1)
    const used = chain.transfer(0, 1)
    const again = (count: number): Transaction[] => Array.from({ length: count }, () => used)
    const transfer = chain.transfer(1, 2)
    expect(chain.build([used, ...again(MAX_LEFT_OUT - 1), transfer]).transactions).toEqual([used, transfer])
    expect(chain.build([used, ...again(MAX_LEFT_OUT), transfer]).transactions).toEqual([used])
  })
})
