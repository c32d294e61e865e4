/**
 * A signature scheme that remembers what it proved. Catching up proves the certificates and reveals of many blocks in one
 * equation before it executes them; validation then asks for each of them as always, and finds it proved. What was not, it
 * verifies: nothing passes here that the scheme below would refuse.
 */
import type { BlsScheme, SignatureCheck } from '../../core/bls.ts'
import { hexKey } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'

/** Four signatures for each of 512 blocks: more than is proved and not yet executed. */
const MAX_REMEMBERED = 2_048

/** How many checks at the front of the list hold. May do its work on another thread. */
export type Prover = (checks: readonly SignatureCheck[]) => Promise<number>

/**
 * The equation of all, and where it fails those of ever smaller parts: a list with one wrong signature costs about as much as
 * two without.
 */
export function provenPrefix(scheme: Pick<BlsScheme, 'verifyBatch'>, checks: readonly SignatureCheck[]): number {
  if (scheme.verifyBatch(checks)) return checks.length
  if (checks.length === 1) return 0
  const half = checks.length >> 1
  const proven = provenPrefix(scheme, checks.slice(0, half))
  return proven < half ? proven : half + provenPrefix(scheme, checks.slice(half))
}

export class ProvenSignatures implements BlsScheme {
  readonly publicKey: BlsScheme['publicKey']
  readonly sign: BlsScheme['sign']
  readonly aggregate: BlsScheme['aggregate']
  readonly verifyBatch: BlsScheme['verifyBatch']
  readonly #scheme: BlsScheme
  readonly #prover: Prover
  /** Oldest first. */
  readonly #proven = new Set<string>()

  constructor(scheme: BlsScheme, prover: Prover = async (checks) => provenPrefix(scheme, checks)) {
    this.#scheme = scheme
    this.#prover = prover
    this.publicKey = scheme.publicKey
    this.sign = scheme.sign
    this.aggregate = scheme.aggregate
    this.verifyBatch = scheme.verifyBatch
  }

  /** Proves what holds of these, up to the first that does not. Each once, and none again that was proved before. */
  async prove(checks: readonly SignatureCheck[]): Promise<void> {
    const open = new Map(checks.map((check) => [idOf(check), check]))
    for (const id of open.keys()) if (this.#proven.has(id)) open.delete(id)
    if (open.size === 0) return
    const proven = await this.#prover([...open.values()])
    for (const id of [...open.keys()].slice(0, proven)) this.#proven.add(id)
    for (const id of this.#proven) {
      if (this.#proven.size <= MAX_REMEMBERED) break
      this.#proven.delete(id)
    }
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    return (
      this.#has({ publicKeys: [publicKey], message, signature }) || this.#scheme.verify(publicKey, message, signature)
    )
  }

  verifyAggregate(publicKeys: readonly Uint8Array[], message: Uint8Array, signature: Uint8Array): boolean {
    return this.#has({ publicKeys, message, signature }) || this.#scheme.verifyAggregate(publicKeys, message, signature)
  }

  #has(check: SignatureCheck): boolean {
    return this.#proven.size > 0 && this.#proven.has(idOf(check))
  }
}

/** The message's length keeps it apart from what stands beside it; keys and signatures have one length each. */
const idOf = ({ publicKeys, message, signature }: SignatureCheck): string =>
  `${message.length}/${hexKey(sha256(signature, message, ...publicKeys))}`
