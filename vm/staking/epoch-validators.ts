/** Per-epoch record of what a validator did, with the index by which the records can be forgotten. */
import { type Address, compareBytes } from '../../core/bytes.ts'
import { type EpochValidator, epochValidatorIndex, epochValidators } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'

const NOTHING_DONE: EpochValidator = { workMacs: 0n, proposedViews: 0, missedViews: 0 }

export const epochValidator = (state: StateView, epoch: number, validator: Address): EpochValidator =>
  state.get(epochValidators, { epoch, validator }) ?? NOTHING_DONE

/** Counts views for one validator of the epoch's set, which bounds the number of records. */
export function addViews(
  state: StateView,
  epoch: number,
  validator: Address,
  views: { readonly proposed?: number; readonly missed?: number },
): void {
  const key = { epoch, validator }
  const before = state.get(epochValidators, key)
  if (before === undefined) {
    const index = [...(state.get(epochValidatorIndex, epoch) ?? []), validator].sort(compareBytes)
    state.set(epochValidatorIndex, epoch, index)
  }
  const record = before ?? NOTHING_DONE
  state.set(epochValidators, key, {
    ...record,
    proposedViews: record.proposedViews + (views.proposed ?? 0),
    missedViews: record.missedViews + (views.missed ?? 0),
  })
}

export function forgetEpochValidators(state: StateView, epoch: number): void {
  const index = state.get(epochValidatorIndex, epoch)
  if (index === undefined) return
  for (const validator of index) state.delete(epochValidators, { epoch, validator })
  state.delete(epochValidatorIndex, epoch)
}
