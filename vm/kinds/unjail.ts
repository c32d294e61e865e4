/** Kind 7: brings the sender's validator back once its jail time is over; nothing else does. PROTOCOL 2, 5. */
import type { ActionHandler } from '../execution/types.ts'
import { validators } from '../state/tables.ts'

/** The validator may be elected again at the end of the same epoch, for the set two epochs later. */
export const unjail: ActionHandler<'UNJAIL'> = (_action, { state, block, sender }) => {
  const validator = state.get(validators, sender)
  if (validator === undefined) {
    return { code: 'VALIDATOR_UNKNOWN', message: 'sender has no validator: send this from its owner' }
  }
  if (validator.tombstoned) {
    return { code: 'VALIDATOR_TOMBSTONED', message: 'validator has equivocated: it cannot come back' }
  }
  if (validator.jailedUntilEpoch === 0) {
    return { code: 'VALIDATOR_NOT_JAILED', message: 'validator is not jailed: nothing to do' }
  }
  if (block.epoch < validator.jailedUntilEpoch) {
    return {
      code: 'VALIDATOR_STILL_JAILED',
      message: 'jail time is not over: try again in that epoch',
      meta: { jailedUntilEpoch: validator.jailedUntilEpoch },
    }
  }
  state.set(validators, sender, { ...validator, jailedUntilEpoch: 0 })
  return undefined
}
