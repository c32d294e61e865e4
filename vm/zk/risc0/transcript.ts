/**
 * Reads a seal once, front to back, and draws the verifier's randomness from what was read: a Poseidon2 sponge which takes in
 * digests (8 words are added, then a permutation) and gives out words (16 to a permutation). RISC Zero's `ReadIOP`.
 */
import { ZkError } from '../errors.ts'
import { add, decode, EXT_WORDS, type Ext, P } from './babybear.ts'
import { DIGEST_WORDS, type Poseidon2, RATE, WIDTH } from './poseidon2.ts'

export const formatError = (message: string) =>
  new ZkError('ZK_RECEIPT_FORMAT', `${message}: send the receipt as it was made`)

export class Transcript {
  readonly words: Int32Array
  readonly #hash: Poseidon2
  readonly #cells = new Int32Array(WIDTH)
  #drawn = 0
  #at = 0

  /** @param words the seal's 32-bit words, of which no more than their order is trusted */
  constructor(words: Int32Array, hash: Poseidon2) {
    this.words = words
    this.#hash = hash
  }

  /**
   * Takes the next `count` words, all of them below p; answers where they begin.
   * @throws ZkError `ZK_RECEIPT_FORMAT`
   */
  read(count: number): number {
    const at = this.#at
    if (at + count > this.words.length) throw formatError('the seal ends early')
    for (let i = at; i < at + count; i++) {
      if (this.words[i]! >>> 0 >= P) throw formatError('the seal holds a word outside the field')
    }
    this.#at = at + count
    return at
  }

  /** @throws ZkError `ZK_RECEIPT_FORMAT` */
  end(): void {
    if (this.#at !== this.words.length) throw formatError('words follow the end of the seal')
  }

  commit(digest: Int32Array): void {
    if (this.#drawn !== 0) this.#permute()
    for (let i = 0; i < DIGEST_WORDS; i++) this.#cells[i] = add(this.#cells[i]!, digest[i]!)
    this.#permute()
  }

  /** Commits to `count` words from `at`. */
  commitWords(at: number, count: number): void {
    this.commit(this.#hash.hash(this.words, at, count))
  }

  draw(): number {
    if (this.#drawn === RATE) this.#permute()
    return this.#cells[this.#drawn++]!
  }

  drawExt(): Ext {
    return [this.draw(), this.draw(), this.draw(), this.draw()]
  }

  /** `bits` bits of the first of four draws that is not 0. */
  drawBits(bits: number): number {
    let value = 0
    for (let i = 0; i < EXT_WORDS; i++) {
      const drawn = decode(this.draw())
      if (value === 0) value = drawn
    }
    return value & ((1 << bits) - 1)
  }

  #permute(): void {
    this.#hash.permute(this.#cells)
    this.#drawn = 0
  }
}
