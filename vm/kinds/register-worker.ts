/** Kind 9: names the validator that the sender's verified work counts for, from the next epoch on. PROTOCOL 2, 5. */
import { NEW_WORKER, registeredValidator } from '../compute/registration.ts'
import type { ActionHandler } from '../execution/types.ts'
import { validators, workers } from '../state/tables.ts'

/** The profile text changes at once; the validator only with the next epoch, so work cannot be moved after the fact. */
export const registerWorker: ActionHandler<'REGISTER_WORKER'> = (action, { state, block, sender }) => {
  if (action.validator !== undefined) {
    const validator = state.get(validators, action.validator)
    if (validator === undefined) {
      return { code: 'VALIDATOR_UNKNOWN', message: 'no such validator: check the address with chain_getValidators' }
    }
    if (!validator.openToWorkers) {
      return { code: 'WORKERS_NOT_ACCEPTED', message: 'validator takes no workers: choose one with openToWorkers' }
    }
  }
  const worker = state.get(workers, sender) ?? NEW_WORKER
  state.set(workers, sender, {
    ...worker,
    validator: registeredValidator(worker, block.epoch),
    pendingValidator: action.validator,
    pendingEpoch: block.epoch + 1,
    profile: action.profile,
  })
  return undefined
}
