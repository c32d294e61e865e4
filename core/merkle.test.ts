import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedVectors } from '../test/shared-vectors.ts'
import { concatBytes, fromHex, type Hash, hexKey, utf8 } from './bytes.ts'
import { sha256 } from './hash.ts'
import { EMPTY_MERKLE_ROOT, leafHash, merklePath, merkleRoot, verifyMerklePath } from './merkle.ts'

/** RFC 6962 section 2.1, word for word: split at the largest power of two below n. */
function referenceRoot(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return sha256(new Uint8Array(0))
  if (leaves.length === 1) return leaves[0]!
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return sha256(
    concatBytes(Uint8Array.of(1), referenceRoot(leaves.slice(0, split)), referenceRoot(leaves.slice(split))),
  )
}

/** RFC 6962 section 2.1.1. */
function referencePath(leaves: readonly Hash[], index: number): Hash[] {
  if (leaves.length <= 1) return []
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...referencePath(left, index), referenceRoot(right)]
    : [...referencePath(right, index - split), referenceRoot(left)]
}

const leavesOf = (count: number) => Array.from({ length: count }, (_, i) => leafHash(utf8(`leaf ${i}`)))
const SIZES = Array.from({ length: 70 }, (_, i) => i + 1)

describe('merkle tree', () => {
  it('is RFC 6962, for 0 to 70 leaves', () => {
    expect(merkleRoot([])).toEqual(EMPTY_MERKLE_ROOT)
    for (const count of SIZES) expect(merkleRoot(leavesOf(count)), `${count}`).toEqual(referenceRoot(leavesOf(count)))
  })

  it('proves every leaf of every size 1 to 70 by RFC 6962 audit paths', () => {
    for (const count of SIZES) {
      const leaves = leavesOf(count)
      const root = merkleRoot(leaves)
      for (const [index, leaf] of leaves.entries()) {
        const path = merklePath(leaves, index)
        expect(path.map(hexKey)).toEqual(referencePath(leaves, index).map(hexKey))
        expect(verifyMerklePath(leaf, index, count, path, root)).toBe(true)
      }
    }
  })

  it('refuses a wrong index, leaf, root or path, of every size 1 to 33', () => {
    for (const count of SIZES.slice(0, 33)) {
      const leaves = leavesOf(count)
      const root = merkleRoot(leaves)
      const stranger = leafHash(utf8('stranger'))
      for (const [index, leaf] of leaves.entries()) {
        const path = merklePath(leaves, index)
        const check = (at: number, of: number, along = path, from = leaf, to = root) =>
          verifyMerklePath(from, at, of, along, to)
        for (let other = -1; other <= count; other++) if (other !== index) expect(check(other, count)).toBe(false)
        expect(check(index, count, path, stranger)).toBe(false)
        expect(check(index, count, path, leaf, stranger)).toBe(false)
        expect(check(index, count, [...path, stranger])).toBe(false)
        for (let i = 0; i < path.length; i++) {
          expect(check(index, count, path.with(i, stranger))).toBe(false)
          expect(check(index, count, path.toSpliced(i, 1))).toBe(false)
        }
      }
    }
  })

  // A path is bound to the count only through its shape: a count under which the same sides are taken by the same
  // number of siblings verifies too. `count` must therefore come from the block, as computeRoot's does, never from the prover.
  it('refuses a count under which the path has another shape', () => {
    const leaves = leavesOf(5)
    const root = merkleRoot(leaves)
    for (const count of [0, 1, 2, 3, 4, 6, 7, 8, 9]) {
      expect(verifyMerklePath(leaves[4]!, 4, count, merklePath(leaves, 4), root), `${count}`).toBe(false)
    }
    for (const count of [0, 1, 2, 3, 4, 9, 16, 1000]) {
      expect(verifyMerklePath(leaves[0]!, 0, count, merklePath(leaves, 0), root), `${count}`).toBe(false)
    }
  })

  it('answers false, without throwing, to malformed input', () => {
    const leaves = leavesOf(4)
    const [leaf, path, root] = [leaves[1]!, merklePath(leaves, 1), merkleRoot(leaves)]
    for (const index of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(verifyMerklePath(leaf, index, 4, path, root)).toBe(false)
    }
    for (const count of [-1, 0, 4.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(verifyMerklePath(leaf, 1, count, path, root)).toBe(false)
    }
    for (const length of [0, 31, 33]) {
      expect(verifyMerklePath(leaf, 1, 4, path.with(0, new Uint8Array(length)), root)).toBe(false)
      expect(verifyMerklePath(new Uint8Array(length), 1, 4, path, root)).toBe(false)
      expect(verifyMerklePath(leaf, 1, 4, path, new Uint8Array(length))).toBe(false)
    }
    expect(verifyMerklePath(leaf, 1, Number.MAX_SAFE_INTEGER, path, root)).toBe(false)
  })

  it('gives inner nodes offered as leaf data another root', () => {
    const [a, b, c, d] = leavesOf(4)
    const inner = [merkleRoot([a!, b!]), merkleRoot([c!, d!])]
    expect(merkleRoot(inner.map(leafHash))).not.toEqual(merkleRoot([a!, b!, c!, d!]))
    const preimages = [concatBytes(a!, b!), concatBytes(c!, d!)]
    expect(merkleRoot(preimages.map(leafHash))).not.toEqual(merkleRoot([a!, b!, c!, d!]))
  })

  it('takes 32-byte leaf hashes only', () => {
    for (const length of [0, 31, 64]) {
      expect(verifyMerklePath(new Uint8Array(length), 0, 1, [], new Uint8Array(length))).toBe(false)
    }
  })

  it('refuses to make a path for a leaf that is not there', () => {
    const outside = expect.objectContaining({ code: 'ASSERTION_FAILED' })
    for (const index of [-1, 3, 1.5, Number.NaN]) expect(() => merklePath(leavesOf(3), index)).toThrow(outside)
    expect(() => merklePath([], 0)).toThrow(outside)
  })

  it('has another root when leaves are repeated, swapped or cut off', () => {
    const lists = fc.array(fc.nat({ max: 3 }), { maxLength: 9 })
    const root = (list: readonly number[]) => hexKey(merkleRoot(list.map((n) => leafHash(Uint8Array.of(n)))))
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        expect(root(a) === root(b)).toBe(a.length === b.length && a.every((n, i) => n === b[i]))
      }),
      { numRuns: 500 },
    )
  })

  it('keeps its leaves as they were', () => {
    const leaves = leavesOf(7)
    const before = leaves.map(hexKey)
    merkleRoot(leaves)
    merklePath(leaves, 3)
    expect(leaves.map(hexKey)).toEqual(before)
  })
})

interface Predecessor {
  readonly merkle: { readonly leaves: readonly string[] }
  readonly merkle_flaws: readonly { readonly leaves_a: string; readonly leaves_b?: string | readonly string[] }[]
  readonly merkle_rfc6962_for_comparison: { readonly roots_by_leaf_count: Readonly<Record<string, string>> }
}
const predecessor = sharedVectors<Predecessor>('predecessor_l1.json')

describe.skipIf(predecessor === undefined)('against the vectors of the predecessor chain', () => {
  const raw = predecessor?.merkle.leaves.map(fromHex) ?? []

  it('gives the RFC 6962 roots', () => {
    const roots = Object.entries(predecessor!.merkle_rfc6962_for_comparison.roots_by_leaf_count)
    expect(roots.length).toBe(10)
    for (const [count, root] of roots) {
      expect(hexKey(merkleRoot(raw.slice(0, Number(count)).map(leafHash))), count).toBe(root)
    }
  })

  it('has none of the collisions', () => {
    // "L0,L1..L3" names leaves; a list holds inner nodes as hex.
    const list = (shape: string | readonly string[]): Hash[] => {
      if (typeof shape !== 'string') return shape.map(fromHex)
      return shape.split(',').flatMap((part) => {
        const [from, to = from] = part.split('..').map((name) => Number(name.slice(1)))
        return raw.slice(from, to! + 1)
      })
    }
    expect(predecessor!.merkle_flaws.length).toBe(4)
    for (const { leaves_a, leaves_b } of predecessor!.merkle_flaws) {
      const a = list(leaves_a)
      // Without a second list the flaw is that a lone leaf's data equals its root.
      if (leaves_b === undefined) {
        expect(merkleRoot(a.map(leafHash))).not.toEqual(a[0])
        continue
      }
      const b = list(leaves_b)
      expect(hexKey(merkleRoot(a)), `${leaves_a} | ${leaves_b}`).not.toBe(hexKey(merkleRoot(b)))
      expect(hexKey(merkleRoot(a.map(leafHash)))).not.toBe(hexKey(merkleRoot(b.map(leafHash))))
    }
  })
})
