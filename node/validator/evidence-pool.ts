/**
 * Evidence that waits for a block: verified, one for each validator, for a second one would punish nobody twice. On the disk
 * before anybody hears of it, so that a restart loses none.
 *
 *     record = 41 || validator -> body of SUBMIT_EVIDENCE (vm/transaction/bodies)
 */
import type { Evidence } from '../../consensus/simplex/types.ts'
import type { Address } from '../../core/bytes.ts'
import { hexKey } from '../../core/bytes.ts'
import { type KvOperation, type KvStore, prefixRange } from '../../core/kv.ts'
import { decodeRlp, encodeRlp } from '../../core/rlp.ts'
import { submitEvidenceBody } from '../../vm/transaction/bodies/evidence.ts'
import { KEY, PREFIX } from '../storage/layout.ts'

/** Every entry cost a validator of these epochs its place; the largest set has 100. */
export const MAX_EVIDENCE = 256

export class EvidencePool {
  readonly #kv: KvStore
  /** By validator, in order of arrival. */
  readonly #entries: Map<string, Evidence>

  private constructor(kv: KvStore, entries: Map<string, Evidence>) {
    this.#kv = kv
    this.#entries = entries
  }

  static async open(kv: KvStore): Promise<EvidencePool> {
    const entries = new Map<string, Evidence>()
    for await (const [, value] of kv.entries(prefixRange(PREFIX.evidence))) {
      const { kind: _, ...evidence } = submitEvidenceBody.decode(decodeRlp(value))
      entries.set(hexKey(evidence.validator), evidence)
    }
    return new EvidencePool(kv, entries)
  }

  get size(): number {
    return this.#entries.size
  }

  /** Oldest first. */
  all(): readonly Evidence[] {
    return [...this.#entries.values()]
  }

  hasRoomFor(validator: Address): boolean {
    return this.#entries.size < MAX_EVIDENCE && !this.#entries.has(hexKey(validator))
  }

  /** Takes evidence that the caller verified, where `hasRoomFor` says so. On the disk when this resolves. */
  async add(evidence: Evidence): Promise<void> {
    if (!this.hasRoomFor(evidence.validator)) return
    this.#entries.set(hexKey(evidence.validator), evidence)
    const value = encodeRlp(submitEvidenceBody.encode({ kind: 'SUBMIT_EVIDENCE', ...evidence }))
    await this.#kv.write([{ type: 'put', key: KEY.evidence(evidence.validator), value }], { sync: true })
  }

  /** Lets go of what no block can use any more. A crash before this is on the disk only makes the next life do it again. */
  async drop(isDone: (evidence: Evidence) => boolean): Promise<void> {
    const done = this.all().filter(isDone)
    if (done.length === 0) return
    for (const { validator } of done) this.#entries.delete(hexKey(validator))
    await this.#kv.write(done.map(({ validator }): KvOperation => ({ type: 'delete', key: KEY.evidence(validator) })))
  }
}
