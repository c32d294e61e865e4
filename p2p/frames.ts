/**
 * Frames on a stream: an unsigned varint (LEB128, at most four bytes, shortest form), then that many bytes. The length is
 * compared with what the protocol allows before a byte of the frame is kept, and room grows with what arrives: a peer that
 * announces much and sends little takes little.
 */
import { concatBytes, EMPTY_BYTES } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'

export type FrameErrorCode = 'FRAME_TOO_LARGE' | 'FRAME_MALFORMED'

/** Four bytes of varint: 256 MiB, far beyond any limit here. */
const MAX_PREFIX_BYTES = 4
/** Room made at once for a frame that is announced; doubled as it fills up. */
const FIRST_ROOM_BYTES = 16 << 10

export function encodeFrame(payload: Uint8Array): Uint8Array {
  const prefix: number[] = []
  let rest = payload.length
  for (; rest >= 0x80; rest >>>= 7) prefix.push((rest & 0x7f) | 0x80)
  prefix.push(rest)
  return concatBytes(Uint8Array.from(prefix), payload)
}

/** Puts frames together from whatever pieces a stream delivers. */
export class FrameReader {
  readonly #maxBytes: number
  #prefix: number[] = []
  /** Length of the frame being read; undefined while the length itself is. */
  #length: number | undefined
  #room = EMPTY_BYTES
  #filled = 0

  /** `maxBytes`: of one frame. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Inside a frame: a stream that ends now was cut off. */
  get isPartial(): boolean {
    return this.#length !== undefined || this.#prefix.length > 0
  }

  /**
   * Frames that this piece completes, in order. They share no memory with it.
   * @throws QuernError `FrameErrorCode`; the stream is then of no further use
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#length === undefined) this.#readPrefix(chunk[at++]!)
      else at += this.#fill(chunk.subarray(at), this.#length)
      if (this.#length !== undefined && this.#filled === this.#length) {
        frames.push(this.#room.subarray(0, this.#length))
        this.#room = EMPTY_BYTES
        this.#length = undefined
        this.#filled = 0
      }
    }
    return frames
  }

  /** Takes what belongs to the frame; returns how much that was. */
  #fill(bytes: Uint8Array, length: number): number {
    const taken = bytes.subarray(0, length - this.#filled)
    const needed = this.#filled + taken.length
    if (needed > this.#room.length) {
      const grown = new Uint8Array(Math.min(length, Math.max(needed, 2 * this.#room.length, FIRST_ROOM_BYTES)))
      grown.set(this.#room.subarray(0, this.#filled))
      this.#room = grown
    }
    this.#room.set(taken, this.#filled)
    this.#filled = needed
    return taken.length
  }

  #readPrefix(byte: number): void {
    this.#prefix.push(byte)
    if ((byte & 0x80) !== 0) {
      if (this.#prefix.length < MAX_PREFIX_BYTES) return
      throw new QuernError('FRAME_MALFORMED', 'a length takes at most four bytes; drop the stream')
    }
    if (byte === 0 && this.#prefix.length > 1) {
      throw new QuernError('FRAME_MALFORMED', 'a length has one spelling, the shortest; drop the stream')
    }
    const bytes = this.#prefix.reduce((sum, digit, i) => sum + (digit & 0x7f) * 2 ** (7 * i), 0)
    if (bytes > this.#maxBytes) {
      throw new QuernError('FRAME_TOO_LARGE', `a frame here takes at most ${this.#maxBytes} bytes; drop the stream`, {
        bytes,
      })
    }
    this.#prefix = []
    this.#length = bytes
  }
}
