/** Kind 11: two signed messages of one validator that cannot both be honest; it is slashed and never elected again. PROTOCOL 5. */
import { equalBytes } from '../../core/bytes.ts'
import type { ActionHandler } from '../execution/types.ts'
import { slash } from '../staking/slash.ts'
import { epochSets, validators } from '../state/tables.ts'
import { statementBytes } from '../statement.ts'
import type { SignedStatement } from '../transaction/types.ts'

/** Two notarizes, or two proposals, of different blocks; or a finalize beside a nullify. Always of one epoch and view. */
export function conflict(first: SignedStatement, second: SignedStatement): boolean {
  if (first.type !== second.type) {
    return [first, second].some((s) => s.type === 'finalize') && [first, second].some((s) => s.type === 'nullify')
  }
  const oncePerView = first.type === 'notarize' || first.type === 'proposal'
  return oncePerView && !equalBytes(first.blockHash, second.blockHash)
}

/**
 * The reporter gets nothing: a reward would go to whoever copies the evidence from the mempool, the leader first.
 * The validator stays in the sets that are fixed already; it is in no later one.
 */
export const submitEvidence: ActionHandler<'SUBMIT_EVIDENCE'> = (action, { state, block, rules }) => {
  const { epoch, view, first, second } = action
  const { unbondingEpochs, slashEquivocationBps } = rules.params
  if (epoch + unbondingEpochs < block.epoch) {
    return { code: 'EVIDENCE_TOO_OLD', message: 'evidence is older than the unbonding time: nothing is left to slash' }
  }
  const member = state.get(epochSets, epoch)?.members.find((m) => equalBytes(m.address, action.validator))
  const validator = state.get(validators, action.validator)
  if (member === undefined || validator === undefined) {
    return {
      code: 'EVIDENCE_NOT_IN_SET',
      message: 'validator was not in the set of that epoch: check address and epoch',
    }
  }
  if (validator.tombstoned) {
    return { code: 'EVIDENCE_ALREADY_PUNISHED', message: 'validator has been slashed for equivocation already' }
  }
  if (!conflict(first, second)) {
    return { code: 'EVIDENCE_NOT_CONFLICTING', message: 'both messages can be honest: nothing to punish' }
  }
  for (const { type, blockHash, signature } of [first, second]) {
    const message = statementBytes(type, rules.genesisHash, epoch, view, blockHash)
    if (!rules.bls.verify(member.blsPublicKey, message, signature)) {
      return { code: 'EVIDENCE_SIGNATURE_INVALID', message: `signature of the ${type} message is not the validator's` }
    }
  }
  state.set(validators, action.validator, { ...validator, tombstoned: true })
  slash(state, action.validator, slashEquivocationBps, block.epoch, rules.params)
  return undefined
}
