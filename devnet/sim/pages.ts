/**
 * The bytes of a simulated disk, written one after another and never moved. Tens of thousands of small arrays that live as
 * long as the run would be copied by the collector again and again; at these it never looks.
 */

/** (page * PAGE_BYTES + offset) * LENGTHS + length: exact in a double for 8,192 pages of values up to 16 MiB. */
export type Place = number

const PAGE_BYTES = 2 ** 16
const LENGTHS = 2 ** 24

export class Pages {
  readonly #pages: Uint8Array[] = []
  #used = PAGE_BYTES

  /** Copies the bytes. Those longer than a page get one of their own. */
  write(bytes: Uint8Array): Place {
    // A place is inside a page, that of an empty value as well.
    if (this.#used + bytes.length >= PAGE_BYTES) {
      this.#pages.push(new Uint8Array(Math.max(PAGE_BYTES, bytes.length)))
      this.#used = 0
    }
    const page = this.#pages.length - 1
    const offset = this.#used
    this.#pages[page]!.set(bytes, offset)
    this.#used += bytes.length
    return (page * PAGE_BYTES + offset) * LENGTHS + bytes.length
  }

  /** A view: whoever writes into it writes on the disk. */
  read(place: Place): Uint8Array {
    const length = place % LENGTHS
    const start = Math.floor(place / LENGTHS)
    const offset = start % PAGE_BYTES
    return this.#pages[Math.floor(start / PAGE_BYTES)]!.subarray(offset, offset + length)
  }
}
