/**
 * What a light node keeps: where its trust has come to, and the newest headers with their finalizations.
 *
 *     00              genesis hash
 *     01              [header, set record]: the newest trusted one; it needs no proof, since nobody else writes here
 *     02 || height    [header, finalization | []]
 */
import { decodeCertificate, encodeCertificate } from '../../consensus/certificate.ts'
import { decodeHeader, encodeHeader, headerHash } from '../../consensus/header.ts'
import type { HeaderLine } from '../../consensus/light/answers.ts'
import type { TrustedHeader } from '../../consensus/light/trust.ts'
import { concatBytes, equalBytes, type Hash, u64be } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { type KvOperation, type KvStore, prefixEnd } from '../../core/kv.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from '../../core/rlp.ts'
import { epochSets } from '../../vm/state/tables.ts'

/** Half an hour of a devnet; some 6 MB. */
export const MAX_KEPT_HEADERS = 4_096

const GENESIS = Uint8Array.of(0x00)
const TRUSTED = Uint8Array.of(0x01)
const HEADERS = Uint8Array.of(0x02)
const headerKey = (height: number): Uint8Array => concatBytes(HEADERS, u64be(height))

export class LightStore {
  readonly #kv: KvStore

  private constructor(kv: KvStore) {
    this.#kv = kv
  }

  /** @throws QuernError `STORE_OTHER_CHAIN` */
  static async open(kv: KvStore, genesisHash: Hash): Promise<LightStore> {
    const found = kv.get(GENESIS)
    if (found === undefined) await kv.write([{ type: 'put', key: GENESIS, value: genesisHash }])
    else if (!equalBytes(found, genesisHash)) {
      throw new QuernError('STORE_OTHER_CHAIN', 'the data directory belongs to another chain; use a new one')
    }
    return new LightStore(kv)
  }

  /** Where trust had come to; undefined in a new store. */
  trusted(): TrustedHeader | undefined {
    const bytes = this.#kv.get(TRUSTED)
    if (bytes === undefined) return undefined
    const [item, set] = rlpList(decodeRlp(bytes), 2)
    const header = decodeHeader(item)
    return { header, hash: headerHash(header), set: epochSets.decode(rlpBytes(set)) }
  }

  header(height: number): HeaderLine | undefined {
    const bytes = this.#kv.get(headerKey(height))
    if (bytes === undefined) return undefined
    const [header, finalization] = rlpList(decodeRlp(bytes), 2)
    const isAbsent = rlpList(finalization).length === 0
    return { header: decodeHeader(header), finalization: isAbsent ? undefined : decodeCertificate(finalization) }
  }

  /** Moves on, in one batch; the oldest headers are forgotten. */
  async advance(trusted: TrustedHeader, lines: readonly HeaderLine[]): Promise<void> {
    const operations: KvOperation[] = [
      { type: 'put', key: TRUSTED, value: encodeRlp([encodeHeader(trusted.header), epochSets.encode(trusted.set)]) },
      ...lines.map(putHeader),
    ]
    const end = headerKey(Math.max(0, trusted.header.height - MAX_KEPT_HEADERS))
    for await (const [key] of this.#kv.entries({ gte: HEADERS, lt: end })) operations.push({ type: 'delete', key })
    await this.#kv.write(operations)
  }

  /** An older header that was shown to be of the chain. */
  remember(line: HeaderLine): Promise<void> {
    return this.#kv.write([putHeader(line)])
  }

  /** Begins elsewhere: what was kept may be of another past. */
  async restart(trusted: TrustedHeader): Promise<void> {
    const operations: KvOperation[] = []
    for await (const [key] of this.#kv.entries({ gte: HEADERS, lt: prefixEnd(HEADERS)! })) {
      operations.push({ type: 'delete', key })
    }
    await this.#kv.write(operations)
    await this.advance(trusted, [{ header: trusted.header, finalization: undefined }])
  }
}

const putHeader = ({ header, finalization }: HeaderLine): KvOperation => ({
  type: 'put',
  key: headerKey(header.height),
  value: encodeRlp([encodeHeader(header), finalization === undefined ? [] : encodeCertificate(finalization)]),
})
