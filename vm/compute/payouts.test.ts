import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes } from '../../core/bytes.ts'
import {
  accounts,
  CHUNK_ENTRIES,
  epochs,
  type Payout,
  payoutCursor,
  payouts,
  workerEpochIndex,
  workerEpochs,
  workers,
} from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { creditWork } from './credit.ts'
import { EMPTY_EPOCH, MapState, testAddress } from './fixture.ts'
import { accruePool, payChunk, queueEpochPayouts } from './payouts.ts'

/** An epoch with this work, in order of arrival, and this pool. */
function epochWith(chain: MapState, epoch: number, work: readonly bigint[], poolWei: bigint, firstLabel = 1): void {
  chain.block((state) => {
    state.set(epochs, epoch, EMPTY_EPOCH)
    state.mint(poolWei)
    accruePool(state, epoch, poolWei)
    for (const [i, workMacs] of work.entries()) creditWork(state, epoch, testAddress(firstLabel + i), workMacs)
  })
}

/** Ends `epoch` as the epoch change does: what is left over goes into the next one. */
function endEpoch(chain: MapState, epoch: number): bigint {
  return chain.block((state) => {
    const left = queueEpochPayouts(state, epoch)
    state.set(epochs, epoch + 1, { ...EMPTY_EPOCH, poolWei: left })
    return left
  })
}

const queued = (state: StateView): Payout[][] => {
  const { head, tail } = state.get(payoutCursor, undefined) ?? { head: 0, tail: 0 }
  return Array.from({ length: tail - head }, (_, i) => [...(state.get(payouts, head + i) ?? [])])
}

const balanceOf = (chain: MapState, label: number): bigint =>
  chain.view().get(accounts, testAddress(label))?.balance ?? 0n

describe('pay-outs', () => {
  test('pool * work / total each, the remainder returned', () => {
    const chain = new MapState()
    epochWith(chain, 0, [1n, 2n, 4n], 100n)
    expect(endEpoch(chain, 0)).toBe(1n)
    chain.block(payChunk)
    expect([1, 2, 3].map((label) => balanceOf(chain, label))).toEqual([14n, 28n, 57n])
    expect(chain.view().get(workers, testAddress(3))?.paidWei).toBe(57n)
    expect(chain.view().get(epochs, 0)?.poolWei).toBe(0n)
    // Nothing is paid twice.
    chain.block(payChunk)
    expect(balanceOf(chain, 3)).toBe(57n)
  })

  test('an epoch without results gives its whole pool back', () => {
    const chain = new MapState()
    epochWith(chain, 0, [], 77n)
    expect(endEpoch(chain, 0)).toBe(77n)
    expect(queued(chain.view())).toEqual([])
  })

  test('a pool too small for anybody gives everything back and queues nobody', () => {
    const chain = new MapState()
    epochWith(chain, 0, [1n, 1n, 1n], 2n)
    expect(endEpoch(chain, 0)).toBe(2n)
    expect(queued(chain.view())).toEqual([])
  })

  test('at most 64 a block, ascending, chunk after chunk and epoch after epoch', () => {
    const chain = new MapState()
    const count = 2 * CHUNK_ENTRIES + 3
    epochWith(chain, 0, new Array<bigint>(count).fill(1n), BigInt(count))
    endEpoch(chain, 0)
    epochWith(chain, 1, [5n], 9n, 900)
    endEpoch(chain, 1)
    const chunks = queued(chain.view())
    expect(chunks.map((chunk) => chunk.length)).toEqual([64, 64, 3, 1])
    const order = chunks
      .slice(0, 3)
      .flat()
      .map((payout) => payout.worker)
    expect(order).toEqual([...order].sort(compareBytes))
    const paid = (): number =>
      Array.from({ length: count }, (_, i) => balanceOf(chain, 1 + i)).filter((b) => b > 0n).length
    const steps = [64, 128, 131, 131]
    for (const expected of steps) {
      chain.block(payChunk)
      expect(paid()).toBe(expected)
    }
    expect(balanceOf(chain, 900)).toBe(9n)
    expect(queued(chain.view())).toEqual([])
  })

  test('the work records of a finished epoch are gone', () => {
    const chain = new MapState()
    epochWith(chain, 0, new Array<bigint>(70).fill(1n), 1_000n)
    const state = chain.view()
    queueEpochPayouts(state, 0)
    for (let i = 0; i < 70; i++)
      expect(state.get(workerEpochs, { epoch: 0, worker: testAddress(1 + i) })).toBeUndefined()
    for (const chunk of [0, 1]) expect(state.get(workerEpochIndex, { epoch: 0, chunk })).toBeUndefined()
  })

  test('conserve every wei and never favour less work', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt(1n, 1n << 60n), { maxLength: 150 }),
        fc.bigInt(0n, 10n ** 24n),
        (work, poolWei) => {
          const chain = new MapState()
          epochWith(chain, 0, work, poolWei)
          // MapState asserts the supply equation after every block.
          const left = endEpoch(chain, 0)
          for (let i = 0; i < Math.ceil(work.length / CHUNK_ENTRIES); i++) chain.block(payChunk)
          const balances = work.map((_, i) => balanceOf(chain, 1 + i))
          expect(balances.reduce((sum, balance) => sum + balance, 0n) + left).toBe(poolWei)
          if (work.length > 0) expect(left < BigInt(work.length)).toBe(true)
          const total = work.reduce((sum, macs) => sum + macs, 0n)
          for (const [i, macs] of work.entries()) expect(balances[i]).toBe((poolWei * macs) / total)
        },
      ),
      { numRuns: 25 },
    )
  })
})
