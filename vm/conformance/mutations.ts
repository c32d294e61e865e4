/** The words in which vector files say how to break a statement. */
import { concatBytes, EMPTY_BYTES, fromHex } from '../../core/bytes.ts'
import type { JsonValue } from './json-value.ts'

/** A seal has 223 KB; no change makes more than this of anything. */
const MAX_CHANGED_BYTES = 2 ** 20

const keep = (bytes: Uint8Array, length: number): Uint8Array => bytes.subarray(0, Math.max(0, length))

/** What each sentence does; `words` are its captures. */
const SENTENCES: readonly (readonly [RegExp, (bytes: Uint8Array, words: readonly string[]) => Uint8Array])[] = [
  [/^empty$/, () => EMPTY_BYTES],
  [/^drop last byte$/, (bytes) => keep(bytes, bytes.length - 1)],
  [/^drop last (\d{1,6})$/, (bytes, [count]) => keep(bytes, bytes.length - Number(count))],
  [/^keep (\d{1,6}) words$/, (bytes, [count]) => keep(bytes, 4 * Number(count))],
  [/^append (\d{1,5}) zero bytes$/, (bytes, [count]) => concatBytes(bytes, new Uint8Array(Number(count)))],
  [/^append ((?:[0-9a-f]{2})+)$/, (bytes, [hex]) => concatBytes(bytes, fromHex(hex!))],
  [/^(\d{1,5}) zero words$/, (_, [count]) => new Uint8Array(4 * Number(count))],
  [
    /^byte ?(\d{1,6}) xor ([0-9a-f]{2})$/,
    (bytes, [at, mask]) => bytes.map((byte, i) => (i === Number(at) ? byte ^ fromHex(mask!)[0]! : byte)),
  ],
  [/^([0-9a-f]{2})\*(\d{1,5})$/, (_, [byte, count]) => new Uint8Array(Number(count)).fill(fromHex(byte!)[0]!)],
  [/^((?:[0-9a-f]{2})+)$/, (_, [hex]) => fromHex(hex!)],
]

/** @throws QuernError `VECTOR_MALFORMED` for a sentence that is none of these */
export function changed(bytes: Uint8Array, sentence: JsonValue): Uint8Array {
  const text = sentence.text()
  for (const [pattern, change] of SENTENCES) {
    const match = pattern.exec(text)
    if (match === null) continue
    const result = change(bytes, match.slice(1))
    if (result.length > MAX_CHANGED_BYTES) throw sentence.malformed(`a change to at most ${MAX_CHANGED_BYTES} bytes`)
    return result
  }
  throw sentence.malformed('a change such as "drop last byte", "append 00", "byte 0 xor 01" or bytes in hex')
}

/** A little-endian word of four bytes set to the number that the sentence begins with. */
export function withWord(bytes: Uint8Array, word: number, sentence: JsonValue): Uint8Array {
  const value = Number(/^\d{1,10}(?= |$)/.exec(sentence.text())?.[0] ?? Number.NaN)
  if (!(value < 2 ** 32) || 4 * word + 4 > bytes.length) throw sentence.malformed('a number for a word that is there')
  const copy = bytes.slice()
  new DataView(copy.buffer).setUint32(4 * word, value, true)
  return copy
}
