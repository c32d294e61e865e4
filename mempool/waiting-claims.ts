/**
 * The lottery tickets that waiting results claim: one may wait only once. Each copy would pass the check, since none is in
 * the state yet; in a block the first succeeds and the rest fail, but every one takes one of the few places for results
 * (PROTOCOL 4.2), so a single win could keep out all other workers. A replacement of the same nonce is no copy.
 */
import type { Entry } from './entry.ts'

/** A worker claims with its own account, so the sender stands for the worker. */
function claimKey({ transaction: { action }, senderKey }: Entry): string | undefined {
  if (action.kind !== 'SUBMIT_RESULT') return undefined
  return `${senderKey}/${action.seedHeight}/${action.matrixSize}/${action.result.nonce}`
}

export class WaitingClaims {
  readonly #byClaim = new Map<string, Entry>()

  /** Does the ticket wait under another nonce? */
  hasOther(entry: Entry): boolean {
    const key = claimKey(entry)
    const other = key === undefined ? undefined : this.#byClaim.get(key)
    return other !== undefined && other.transaction.nonce !== entry.transaction.nonce
  }

  add(entry: Entry): void {
    const key = claimKey(entry)
    if (key !== undefined) this.#byClaim.set(key, entry)
  }

  delete(entry: Entry): void {
    const key = claimKey(entry)
    if (key !== undefined && this.#byClaim.get(key) === entry) this.#byClaim.delete(key)
  }
}
