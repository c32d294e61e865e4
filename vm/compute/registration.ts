/** Which validator a worker's verified work counts for. PROTOCOL 2 (kind 9), 5. */
import type { Address } from '../../core/bytes.ts'
import type { Worker } from '../state/tables.ts'

export const NEW_WORKER: Worker = {
  validator: undefined,
  pendingValidator: undefined,
  pendingEpoch: 0,
  profile: '',
  results: 0,
  workMacs: 0n,
  paidWei: 0n,
}

/** The registration in force in `epoch`. A pending one is resolved here, at use, so no epoch change has to visit workers. */
export const registeredValidator = (worker: Worker, epoch: number): Address | undefined =>
  worker.pendingEpoch !== 0 && epoch >= worker.pendingEpoch ? worker.pendingValidator : worker.validator
