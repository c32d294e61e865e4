/**
 * Senders of transactions, found once for all nodes of a run: what a signature recovers to does not depend on who asks. On
 * this thread and within the present turn, so that no scheduler has a say in the order of things.
 */
import { hexKey } from '../../core/bytes.ts'
import { recoverPacked, requestCount, sliceRequests } from '../../node/ingest/packed.ts'
import type { Recoverer } from '../../node/ingest/recoverer.ts'

export class MemoRecoverer implements Recoverer {
  readonly #known = new Map<string, Uint8Array>()

  async run(packed: Uint8Array): Promise<Uint8Array> {
    const answers = Array.from({ length: requestCount(packed) }, (_, i) => this.#one(sliceRequests(packed, i, i + 1)))
    return Buffer.concat(answers)
  }

  async stop(): Promise<void> {}

  #one(request: Uint8Array): Uint8Array {
    const id = hexKey(request)
    let answer = this.#known.get(id)
    if (answer === undefined) {
      answer = recoverPacked(request)
      this.#known.set(id, answer)
    }
    return answer
  }
}
