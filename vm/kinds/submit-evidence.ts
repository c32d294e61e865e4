/** Kind 11: two signed messages of one validator that cannot both be honest; it is slashed and never elected again. PROTOCOL 5. */
import { equalBytes } from '../../core/bytes.ts'
import { type Failure, fail, ok, type Result } from '../../core/errors.ts'
import type { ActionErrorCode, ActionHandler, ExecutionRules } from '../execution/types.ts'
import type { ChainParams } from '../params.ts'
import { slash } from '../staking/slash.ts'
import { epochSets, validators } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { statementBytes } from '../statement.ts'
import type { Action, SignedStatement } from '../transaction/types.ts'
import type { SetMember } from '../validator-set.ts'

export type Accusation = Omit<Extract<Action, { readonly kind: 'SUBMIT_EVIDENCE' }>, 'kind'>

type StateReads = Pick<StateView, 'get'>

/** Two notarizes, or two proposals, of different blocks; or a finalize beside a nullify. Always of one epoch and view. */
export function conflict(first: SignedStatement, second: SignedStatement): boolean {
  if (first.type !== second.type) {
    return [first, second].some((s) => s.type === 'finalize') && [first, second].some((s) => s.type === 'nullify')
  }
  const oncePerView = first.type === 'notarize' || first.type === 'proposal'
  return oncePerView && !equalBytes(first.blockHash, second.blockHash)
}

/**
 * Whom evidence would hit, if its signatures hold: what state and ages decide, without a signature check.
 * @param epoch of the block that would hold it
 */
export function accusedMember(
  accusation: Accusation,
  state: StateReads,
  epoch: number,
  { unbondingEpochs }: Pick<ChainParams, 'unbondingEpochs'>,
): Result<SetMember, ActionErrorCode> {
  if (accusation.epoch + unbondingEpochs < epoch) {
    return fail('EVIDENCE_TOO_OLD', 'evidence is older than the unbonding time: nothing is left to slash')
  }
  const { members } = state.get(epochSets, accusation.epoch) ?? { members: [] }
  const member = members.find((m) => equalBytes(m.address, accusation.validator))
  const validator = state.get(validators, accusation.validator)
  if (member === undefined || validator === undefined) {
    return fail('EVIDENCE_NOT_IN_SET', 'validator was not in the set of that epoch: check address and epoch')
  }
  if (validator.tombstoned) {
    return fail('EVIDENCE_ALREADY_PUNISHED', 'validator has been slashed for equivocation already')
  }
  return ok(member)
}

/** Whether both statements are the member's, and contradict each other. */
export function proofFailure(
  { epoch, view, first, second }: Accusation,
  { blsPublicKey }: Pick<SetMember, 'blsPublicKey'>,
  { genesisHash, bls }: Pick<ExecutionRules, 'genesisHash' | 'bls'>,
): Failure<ActionErrorCode> | undefined {
  if (!conflict(first, second)) {
    return { code: 'EVIDENCE_NOT_CONFLICTING', message: 'both messages can be honest: nothing to punish' }
  }
  for (const { type, blockHash, signature } of [first, second]) {
    if (!bls.verify(blsPublicKey, statementBytes(type, genesisHash, epoch, view, blockHash), signature)) {
      return { code: 'EVIDENCE_SIGNATURE_INVALID', message: `signature of the ${type} message is not the validator's` }
    }
  }
  return undefined
}

/**
 * The reporter gets nothing: a reward would go to whoever copies the evidence from the mempool, the leader first.
 * The validator stays in the sets that are fixed already; it is in no later one.
 */
export const submitEvidence: ActionHandler<'SUBMIT_EVIDENCE'> = (action, { state, block, rules }) => {
  const accused = accusedMember(action, state, block.epoch, rules.params)
  const failure = accused.ok ? proofFailure(action, accused.value, rules) : accused.error
  const validator = state.get(validators, action.validator)
  if (failure !== undefined || validator === undefined) return failure
  state.set(validators, action.validator, { ...validator, tombstoned: true })
  slash(state, action.validator, rules.params.slashEquivocationBps, block.epoch, rules.params)
  return undefined
}
