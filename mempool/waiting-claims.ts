/**
 * What waiting transactions of a sender claim: the lottery tickets of results, and the outputs that are spent. One may wait only
 * once. Each copy would pass the check, since none is in the state yet; in a block the first succeeds and the rest fail. Yet
 * every result takes one of the few places for results (PROTOCOL 4.2), so a single win could keep out all other workers; and the
 * scripts of every spend are run here, at a fee that only one of them pays. A replacement of the same nonce is no copy.
 */
import { hexKey } from '../core/bytes.ts'
import { hasScripts } from '../vm/execution/limits.ts'
import type { Entry } from './entry.ts'

/** A worker claims with its own account, so the sender stands for the worker. Of outputs others may well spend the same. */
function claimKeys({ transaction: { action }, senderKey }: Entry): readonly string[] {
  if (action.kind === 'SUBMIT_RESULT') {
    return [`${senderKey}/${action.seedHeight}/${action.matrixSize}/${action.result.nonce}`]
  }
  if (!hasScripts(action)) return []
  return action.inputs.map(({ outpoint: { txId, index } }) => `${senderKey}/${hexKey(txId)}/${index}`)
}

export class WaitingClaims {
  readonly #byClaim = new Map<string, Entry>()

  /** Does one of them wait under another nonce? */
  hasOther(entry: Entry): boolean {
    return claimKeys(entry).some((key) => {
      const other = this.#byClaim.get(key)
      return other !== undefined && other.transaction.nonce !== entry.transaction.nonce
    })
  }

  add(entry: Entry): void {
    for (const key of claimKeys(entry)) this.#byClaim.set(key, entry)
  }

  delete(entry: Entry): void {
    for (const key of claimKeys(entry)) if (this.#byClaim.get(key) === entry) this.#byClaim.delete(key)
  }
}
