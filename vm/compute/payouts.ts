/**
 * How an epoch's worker pool reaches its workers: divided by verified work when the epoch ends, then paid out one chunk
 * of at most CHUNK_ENTRIES a block, ascending by address within the epoch. PROTOCOL 7.
 */
import { type Address, compareBytes } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import {
  accounts,
  CHUNK_ENTRIES,
  type Epoch,
  epochs,
  type Payout,
  payoutCursor,
  payouts,
  workerEpochIndex,
  workerEpochs,
  workers,
} from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { NEW_WORKER } from './registration.ts'

const EMPTY_QUEUE = { head: 0, tail: 0 }

function epochRecord(state: StateView, epoch: number): Epoch {
  const record = state.get(epochs, epoch)
  assert(record !== undefined, 'no record of this epoch', { epoch })
  return record
}

/** Adds to what the epoch's workers will share. The caller takes the wei from somewhere: a mint, usually. */
export function accruePool(state: StateView, epoch: number, amountWei: bigint): void {
  assert(amountWei >= 0n, 'amount is negative', { amountWei })
  const record = epochRecord(state, epoch)
  state.set(epochs, epoch, { ...record, poolWei: record.poolWei + amountWei })
}

/** The epoch's workers with their work, removed from the state. */
function takeWork(state: StateView, epoch: number, count: number): { worker: Address; workMacs: bigint }[] {
  const taken: { worker: Address; workMacs: bigint }[] = []
  for (let chunk = 0; chunk * CHUNK_ENTRIES < count; chunk++) {
    for (const worker of state.get(workerEpochIndex, { epoch, chunk }) ?? []) {
      const workMacs = state.get(workerEpochs, { epoch, worker })
      assert(workMacs !== undefined, 'a listed worker has no work', { epoch })
      taken.push({ worker, workMacs })
      state.delete(workerEpochs, { epoch, worker })
    }
    state.delete(workerEpochIndex, { epoch, chunk })
  }
  assert(taken.length === count, 'the list of workers is incomplete', { epoch, listed: taken.length, count })
  return taken
}

/**
 * At the end of `epoch`: queues pool * work / total for each of its workers, empties the epoch's pool and deletes its
 * work records. At most epochBlocks * maxResultsPerBlock workers, each there through a result that paid its gas.
 * @returns wei not queued: the remainders of the division, or the whole pool when nobody worked. They are in no record
 * now; the caller puts them into the next epoch's pool.
 */
export function queueEpochPayouts(state: StateView, epoch: number): bigint {
  const record = epochRecord(state, epoch)
  const shares = takeWork(state, epoch, record.workers)
    .sort((a, b) => compareBytes(a.worker, b.worker))
    .map(({ worker, workMacs }): Payout => ({ worker, amountWei: (record.poolWei * workMacs) / record.workMacs }))
    .filter(({ amountWei }) => amountWei > 0n)

  const queue = state.get(payoutCursor, undefined) ?? EMPTY_QUEUE
  let tail = queue.tail
  for (let from = 0; from < shares.length; from += CHUNK_ENTRIES) {
    state.set(payouts, tail++, shares.slice(from, from + CHUNK_ENTRIES))
  }
  if (tail !== queue.tail) state.set(payoutCursor, undefined, { ...queue, tail })
  state.set(epochs, epoch, { ...record, poolWei: 0n })
  return shares.reduce((left, { amountWei }) => left - amountWei, record.poolWei)
}

/** Run at the beginning of each block: pays the chunk at the head of the queue, if there is one. */
export function payChunk(state: StateView): void {
  const queue = state.get(payoutCursor, undefined) ?? EMPTY_QUEUE
  if (queue.head === queue.tail) return
  const chunk = state.get(payouts, queue.head)
  assert(chunk !== undefined, 'the pay-out queue has a gap', { chunk: queue.head })
  for (const { worker, amountWei } of chunk) {
    const account = state.get(accounts, worker) ?? { nonce: 0, balance: 0n }
    state.set(accounts, worker, { ...account, balance: account.balance + amountWei })
    const record = state.get(workers, worker) ?? NEW_WORKER
    state.set(workers, worker, { ...record, paidWei: record.paidWei + amountWei })
  }
  state.delete(payouts, queue.head)
  state.set(payoutCursor, undefined, { ...queue, head: queue.head + 1 })
}
