/** Kinds 16 and 17: outputs are spent and made, in a lane or in none. What lanes make of it is the block's end's. PROTOCOL 8. */
import { assert, type Failure } from '../../core/errors.ts'
import { spend } from '../covenant/spend.ts'
import type { CovenantBody } from '../covenant/types.ts'
import type { ActionContext, ActionErrorCode } from '../execution/types.ts'
import { seqCommitOf } from '../lanes/commit.ts'

export function covenant(body: CovenantBody, context: ActionContext): Failure<ActionErrorCode> | undefined {
  const { state, block, rules, sender, nonce, gram } = context
  assert(rules.vprogs !== undefined, 'refused before it came here')
  const { gramUsed, units, failure } = spend(body, {
    state,
    sender,
    nonce,
    height: block.height,
    timestampMs: block.timestampMs,
    gramLimit: gram.limit,
    reservedWei: BigInt(gram.limit) * gram.price,
    seqCommitOf: (blockHash) => seqCommitOf(state, block, rules.params, blockHash),
    proofs: rules.vprogs.proofs,
  })
  gram.used = gramUsed
  gram.units = units
  return failure
}
