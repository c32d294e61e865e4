/** Books one verified result: for the epoch's pool, for the worker, and for leader election. PROTOCOL 5, 6.2, 7. */
import { type Address, compareBytes, equalBytes } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import {
  CHUNK_ENTRIES,
  candidates,
  epochs,
  epochValidatorIndex,
  epochValidators,
  workerEpochIndex,
  workerEpochs,
  workers,
} from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { NEW_WORKER, registeredValidator } from './registration.ts'

/** Adds the worker to the epoch's list at its first result. `position` = workers listed before it. */
function listWorker(state: StateView, epoch: number, worker: Address, position: number): void {
  const at = { epoch, chunk: Math.floor(position / CHUNK_ENTRIES) }
  state.set(workerEpochIndex, at, [...(state.get(workerEpochIndex, at) ?? []), worker])
}

/**
 * Work counts in leader election only for validators on the candidates list: nobody else can be in a set, and the
 * list bounds the number of records per epoch.
 */
function creditValidator(state: StateView, epoch: number, validator: Address, workMacs: bigint): void {
  const listed = state.get(candidates, undefined) ?? []
  if (!listed.some((candidate) => equalBytes(candidate.owner, validator))) return
  const record = state.get(epochValidators, { epoch, validator })
  if (record === undefined) {
    const index = [...(state.get(epochValidatorIndex, epoch) ?? []), validator].sort(compareBytes)
    state.set(epochValidatorIndex, epoch, index)
  }
  state.set(
    epochValidators,
    { epoch, validator },
    {
      proposedViews: record?.proposedViews ?? 0,
      missedViews: record?.missedViews ?? 0,
      workMacs: (record?.workMacs ?? 0n) + workMacs,
    },
  )
}

/**
 * @param epoch of the block that includes the result
 * @param workMacs D of the result's seed height
 */
export function creditWork(state: StateView, epoch: number, worker: Address, workMacs: bigint): void {
  const total = state.get(epochs, epoch)
  assert(total !== undefined, 'no record of the current epoch', { epoch })
  const earlier = state.get(workerEpochs, { epoch, worker })
  if (earlier === undefined) listWorker(state, epoch, worker, total.workers)
  state.set(workerEpochs, { epoch, worker }, (earlier ?? 0n) + workMacs)
  state.set(epochs, epoch, {
    ...total,
    workMacs: total.workMacs + workMacs,
    results: total.results + 1,
    workers: total.workers + (earlier === undefined ? 1 : 0),
  })

  const record = state.get(workers, worker) ?? NEW_WORKER
  state.set(workers, worker, { ...record, results: record.results + 1, workMacs: record.workMacs + workMacs })
  const validator = registeredValidator(record, epoch)
  if (validator !== undefined) creditValidator(state, epoch, validator, workMacs)
}
