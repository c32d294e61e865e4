/** Kind 4: what a validator says about itself, its commission, and whether workers may register with it. PROTOCOL 2. */
import type { Failure } from '../../core/errors.ts'
import type { ActionErrorCode, ActionHandler } from '../execution/types.ts'
import type { ChainParams } from '../params.ts'
import { type Validator, validators } from '../state/tables.ts'

/** A change is under the cap, one step at most up or down, and the epoch's first; delegators can see it coming and leave. */
function commissionRefusal(
  validator: Validator,
  commissionBps: number,
  epoch: number,
  params: ChainParams,
): Failure<ActionErrorCode> | undefined {
  const { commissionCapBps: capBps, commissionMaxStepBps: stepBps } = params
  if (commissionBps > capBps) {
    return { code: 'COMMISSION_OVER_CAP', message: 'commission is over the cap: ask for less', meta: { capBps } }
  }
  if (Math.abs(commissionBps - validator.commissionBps) > stepBps) {
    return {
      code: 'COMMISSION_STEP',
      message: 'commission changes too much at once: take smaller steps',
      meta: { stepBps },
    }
  }
  if (validator.commissionEpoch === epoch) {
    return {
      code: 'COMMISSION_STEP',
      message: 'commission was set in this epoch already: wait for the next',
      meta: { epoch },
    }
  }
  return undefined
}

/** Sets all fields; a field that shall stay must be sent again. The decoder has bounded the texts. */
export const updateValidator: ActionHandler<'UPDATE_VALIDATOR'> = (action, { state, block, rules, sender }) => {
  const validator = state.get(validators, sender)
  if (validator === undefined) {
    return { code: 'VALIDATOR_UNKNOWN', message: 'sender has no validator: STAKE with a BLS key first' }
  }
  if (validator.tombstoned) {
    return { code: 'VALIDATOR_TOMBSTONED', message: 'validator has equivocated: it can only be left' }
  }
  const changesCommission = action.commissionBps !== validator.commissionBps
  if (changesCommission) {
    const refusal = commissionRefusal(validator, action.commissionBps, block.epoch, rules.params)
    if (refusal !== undefined) return refusal
  }
  state.set(validators, sender, {
    ...validator,
    name: action.name,
    website: action.website,
    description: action.description,
    openToWorkers: action.openToWorkers,
    commissionBps: action.commissionBps,
    commissionEpoch: changesCommission ? block.epoch : validator.commissionEpoch,
  })
  return undefined
}
