/** The handler of every kind. */
import type { Failure } from '../../core/errors.ts'
import type { ActionContext, ActionErrorCode, ActionHandler } from '../execution/types.ts'
import type { Action } from '../transaction/types.ts'
import { claim } from './claim.ts'
import { covenant } from './covenant.ts'
import { delegate } from './delegate.ts'
import { devSetBalance } from './dev-set-balance.ts'
import { registerWorker } from './register-worker.ts'
import { stake } from './stake.ts'
import { submitEvidence } from './submit-evidence.ts'
import { submitResult } from './submit-result.ts'
import { transfer } from './transfer.ts'
import { undelegate } from './undelegate.ts'
import { unjail } from './unjail.ts'
import { unstake } from './unstake.ts'
import { updateValidator } from './update-validator.ts'

const HANDLERS: { readonly [K in Action['kind']]: ActionHandler<K> } = {
  TRANSFER: transfer,
  STAKE: stake,
  UNSTAKE: unstake,
  UPDATE_VALIDATOR: updateValidator,
  DELEGATE: delegate,
  UNDELEGATE: undelegate,
  UNJAIL: unjail,
  SUBMIT_RESULT: submitResult,
  REGISTER_WORKER: registerWorker,
  CLAIM: claim,
  SUBMIT_EVIDENCE: submitEvidence,
  LANE: covenant,
  COVENANT: covenant,
  DEV_SET_BALANCE: devSetBalance,
}

/** Runs the rule of the action's kind. A failure has changed nothing. */
export const runAction = (action: Action, context: ActionContext): Failure<ActionErrorCode> | undefined =>
  (HANDLERS[action.kind] as unknown as ActionHandler<Action['kind']>)(action, context)
