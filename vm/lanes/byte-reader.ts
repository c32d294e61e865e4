/** Reads bytes that somebody sent; what is not there is undefined. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  take(count: number): Uint8Array | undefined {
    if (count > this.left) return undefined
    this.#at += count
    return this.#bytes.slice(this.#at - count, this.#at)
  }

  byte(): number | undefined {
    return this.take(1)?.[0]
  }
}
