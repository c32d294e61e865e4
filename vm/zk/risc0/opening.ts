/**
 * A committed matrix: a Merkle tree over its rows, of which the seal shows one layer whole and, for each query, a row with its
 * path up to that layer.
 */
import { ZkError } from '../errors.ts'
import { DIGEST_WORDS, type Poseidon2 } from './poseidon2.ts'
import type { Transcript } from './transcript.ts'

/** Of random rows; 50 are 100 bits at blow-up 4. */
export const QUERIES = 50

export class CommittedRows {
  readonly root: Int32Array
  readonly #transcript: Transcript
  readonly #hash: Poseidon2
  readonly #rows: number
  readonly #columns: number
  readonly #topSize: number
  /** Where the layer begins in the seal. */
  readonly #top: number
  /** Two children, side by side. */
  readonly #pair = new Int32Array(2 * DIGEST_WORDS)

  /**
   * Reads the layer and commits to its root.
   * @param rows a power of two, at least 4
   * @throws ZkError `ZK_RECEIPT_FORMAT`
   */
  constructor(transcript: Transcript, hash: Poseidon2, rows: number, columns: number) {
    this.#transcript = transcript
    this.#hash = hash
    this.#rows = rows
    this.#columns = columns
    this.#topSize = 2
    while (2 * this.#topSize <= QUERIES && 2 * this.#topSize < rows) this.#topSize *= 2
    this.#top = transcript.read(this.#topSize * DIGEST_WORDS)
    this.root = this.#rootOf(this.#topSize)
    transcript.commit(this.root)
  }

  #rootOf(size: number): Int32Array {
    let layer = this.#transcript.words.slice(this.#top, this.#top + size * DIGEST_WORDS)
    while (layer.length > DIGEST_WORDS) {
      const above = new Int32Array(layer.length / 2)
      for (let at = 0; at < above.length; at += DIGEST_WORDS) {
        above.set(this.#hash.hash(layer, 2 * at, 2 * DIGEST_WORDS), at)
      }
      layer = above
    }
    return layer
  }

  /**
   * Reads one row and its path; answers where the row begins.
   * @throws ZkError `ZK_RECEIPT_FORMAT`, `ZK_PROOF_FALSE`
   */
  open(row: number): number {
    const { words } = this.#transcript
    const at = this.#transcript.read(this.#columns)
    let digest = this.#hash.hash(words, at, this.#columns)
    let index = row + this.#rows
    for (; index >= 2 * this.#topSize; index >>= 1) {
      const sibling = this.#transcript.read(DIGEST_WORDS)
      const own = index & 1
      this.#pair.set(digest, own * DIGEST_WORDS)
      this.#pair.set(words.subarray(sibling, sibling + DIGEST_WORDS), (1 - own) * DIGEST_WORDS)
      digest = this.#hash.hash(this.#pair, 0, 2 * DIGEST_WORDS)
    }
    const expected = this.#top + (index - this.#topSize) * DIGEST_WORDS
    for (let i = 0; i < DIGEST_WORDS; i++) {
      if (digest[i] !== words[expected + i])
        throw new ZkError('ZK_PROOF_FALSE', 'a row is not the one that was committed to')
    }
    return at
  }
}
