/**
 * The tree's definition, taken literally: a recursive function of a set of pairs. Slow and plainly right; the tests and
 * the benchmark hold the real one against it.
 */
import { compareBytes, concatBytes, fromHex, type Hash, hexKey, ZERO_HASH } from '../../bytes.ts'
import { sha256 } from '../../hash.ts'
import { keyBit } from '../position.ts'

type Pair = readonly [key: Hash, valueHash: Hash]
type Subtree = readonly [kind: number, hash: Hash]

function subtree(pairs: readonly Pair[], level: number): Subtree {
  if (pairs.length === 0) return [0, ZERO_HASH]
  if (pairs.length === 1) return [1, sha256(concatBytes(Uint8Array.of(1), ...pairs[0]!))]
  const [leftKind, left] = subtree(
    pairs.filter(([key]) => keyBit(key, level) === 0),
    level + 1,
  )
  const [rightKind, right] = subtree(
    pairs.filter(([key]) => keyBit(key, level) === 1),
    level + 1,
  )
  return [2, sha256(Uint8Array.of(2, leftKind, rightKind), left, right)]
}

/** A sorted map from hex keys to value hashes, and its root. */
export class ReferenceTree {
  readonly values: Map<string, Hash>

  constructor(values: ReadonlyMap<string, Hash> = new Map()) {
    this.values = new Map(values)
  }

  write(key: Hash, valueHash: Hash): void {
    if (valueHash.every((byte) => byte === 0)) this.values.delete(hexKey(key))
    else this.values.set(hexKey(key), valueHash)
  }

  valueHash(key: Hash): Hash {
    return this.values.get(hexKey(key)) ?? ZERO_HASH
  }

  root(): Hash {
    const pairs = [...this.values].map(([key, valueHash]): Pair => [fromHex(key), valueHash])
    return subtree(
      pairs.sort(([a], [b]) => compareBytes(a, b)),
      0,
    )[1]
  }
}
