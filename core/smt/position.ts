/**
 * Where a node stands: 34 bytes, path (32) then level (u16 big endian). Path bits below the level are zero, so a
 * position has one spelling, and positions in byte order of path walk the tree from left to right.
 */
import type { Hash } from '../bytes.ts'

/** Bits of a key. Leaves of keys that differ only in the last bit stand at this level; the root stands at 0. */
export const TREE_DEPTH = 256
export const POSITION_LENGTH = 34

export const ROOT_POSITION: Uint8Array = new Uint8Array(POSITION_LENGTH)

/** Bit `index` of a key; bit 0 is the most significant bit of byte 0. */
export const keyBit = (key: Hash, index: number): number => (key[index >> 3]! >> (7 - (index & 7))) & 1

/** Writes the position at `level` (0 to 256) on the path of `key` into `out`. */
function setPosition(out: Uint8Array, key: Hash, level: number): Uint8Array {
  const whole = level >> 3
  for (let i = 0; i < 32; i++) out[i] = i < whole ? key[i]! : 0
  const rest = level & 7
  if (rest !== 0) out[whole] = key[whole]! & (0xff00 >> rest)
  out[32] = level >> 8
  out[33] = level
  return out
}

/** The position at `level` (0 to 256) on the path of `key`. */
export const positionOf = (key: Hash, level: number): Uint8Array =>
  setPosition(new Uint8Array(POSITION_LENGTH), key, level)

/**
 * The child, on side `bit`, of the node at `level` (0 to 255) on the path of `key`.
 * @param out where to write it, when a new array is not worth its price
 */
export function childPosition(
  key: Hash,
  level: number,
  bit: number,
  out: Uint8Array = new Uint8Array(POSITION_LENGTH),
): Uint8Array {
  setPosition(out, key, level + 1)
  const mask = 0x80 >> (level & 7)
  out[level >> 3] = bit === 1 ? out[level >> 3]! | mask : out[level >> 3]! & ~mask
  return out
}

export const positionLevel = (position: Uint8Array): number => (position[32]! << 8) | position[33]!

/**
 * A short string unique to the position, for `Map` keys: the level, then the path bits down to it as UTF-16 code
 * units. About ten times quicker to make than 68 hex digits, and it is made for every node read or written.
 */
export function positionId(position: Uint8Array): string {
  const level = positionLevel(position)
  const first = (position[0]! << 8) | position[1]!
  if (level <= 16) return String.fromCharCode(level, first)
  const second = (position[2]! << 8) | position[3]!
  if (level <= 32) return String.fromCharCode(level, first, second)
  const units = [level, first, second]
  for (let at = 4; at < (level + 7) >> 3; at += 2) units.push((position[at]! << 8) | position[at + 1]!)
  return String.fromCharCode(...units)
}

/** The position that has this id. */
export function positionFromId(id: string): Uint8Array {
  const position = new Uint8Array(POSITION_LENGTH)
  for (let unit = 1; unit < id.length; unit++) {
    const bits = id.charCodeAt(unit)
    position[2 * unit - 2] = bits >> 8
    position[2 * unit - 1] = bits
  }
  const level = id.charCodeAt(0)
  position[32] = level >> 8
  position[33] = level
  return position
}

/** Where the keys with a 1 at bit `level` begin within `keyed[from, to)`, which agree on all bits above and ascend. */
export function splitAt(keyed: readonly { readonly key: Hash }[], from: number, to: number, level: number): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keyBit(keyed[middle]!.key, level) === 0) low = middle + 1
    else high = middle
  }
  return low
}
