/** Kind 8: a verified synthetic result is recorded, credited and becomes a leaf of `computeRoot`. PROTOCOL 6. */
import { equalBytes } from '../../core/bytes.ts'
import { creditWork } from '../compute/credit.ts'
import { isClaimed, recordClaim } from '../compute/nullifiers.ts'
import { verifySynthetic } from '../compute/verify.ts'
import type { ActionHandler } from '../execution/types.ts'
import { epochs, recentBlocks } from '../state/tables.ts'

export const submitResult: ActionHandler<'SUBMIT_RESULT'> = (action, { state, block, rules, sender }) => {
  const { result } = action
  if (action.challengeType !== 'synthetic') {
    return { code: 'RESULT_CHALLENGE_UNKNOWN', message: "challenge type is unknown: version 1 has 'synthetic' only" }
  }
  if (!equalBytes(result.workerAddress, sender)) {
    return {
      code: 'RESULT_WORKER_NOT_SENDER',
      message: 'worker_address must be the sender: results are not transferable',
    }
  }
  if (result.proof !== undefined || result.signature !== undefined) {
    return {
      code: 'RESULT_FIELDS_UNEXPECTED',
      message: 'synthetic results carry no proof and no signature: leave both out',
    }
  }
  const verified = verifySynthetic(action, {
    height: block.height,
    params: rules.params,
    kernel: rules.kernel,
    blockHash: (height) => state.get(recentBlocks, height)?.hash,
    difficultyMacs: (epoch) => state.get(epochs, epoch)?.difficultyMacs,
    isClaimed: (claim) => isClaimed(state, claim),
  })
  if (!verified.ok) return verified.error
  recordClaim(state, verified.value.claim, rules.params)
  creditWork(state, block.epoch, sender, verified.value.workMacs)
  return undefined
}
