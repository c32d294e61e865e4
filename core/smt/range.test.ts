import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes, fromHex, type Hash, hexKey } from '../bytes.ts'
import { sha256 } from '../hash.ts'
import { MemoryStore } from '../kv.ts'
import { type TreeWrite, VersionedTree } from './index.ts'
import { NODE_EMPTY, NODE_LEAF } from './node.ts'
import { keyBit, positionFromId, positionOf, ROOT_POSITION } from './position.ts'
import {
  coversKey,
  halvesOf,
  joinRanges,
  proveRange,
  type RangeLeaf,
  type RangeProof,
  type VerifiedRange,
  verifyRange,
} from './range.ts'
import { TreeLoader } from './range-load.ts'
import { arbitraryKey, arbitraryWrites, MapTree } from './testing/arbitraries.ts'
import { ReferenceTree } from './testing/reference.ts'

class SmallTree extends MapTree {
  readonly reference = new ReferenceTree()

  constructor(writes: readonly TreeWrite[]) {
    super()
    this.write(writes)
    for (const { key, valueHash } of writes) this.reference.write(key, valueHash)
  }

  leaves(position: Uint8Array): RangeLeaf[] {
    return [...this.reference.values]
      .map(([key, valueHash]) => ({ key: fromHex(key), valueHash }))
      .filter(({ key }) => coversKey(position, key))
      .sort((a, b) => compareBytes(a.key, b.key))
  }
}

const isRefused = (act: () => unknown): boolean => {
  try {
    act()
    return false
  } catch (error) {
    expect((error as { code?: string }).code).toBe('PROOF_INVALID')
    return true
  }
}

const level = fc.oneof({ weight: 3, arbitrary: fc.nat(8) }, { weight: 1, arbitrary: fc.constantFrom(255, 256) })
const tag = Uint8Array.of(7)
const changed = (hash: Hash): Hash => hash.map((byte, i) => (i === 31 ? byte ^ 1 : byte))

describe('a range of leaves', () => {
  it('is proved whole at every place, whatever stands there', () => {
    fc.assert(
      fc.property(arbitraryWrites(40), arbitraryKey(), level, (writes, key, at) => {
        const tree = new SmallTree(writes)
        const position = positionOf(key, at)
        const leaves = tree.leaves(position)
        const node = verifyRange(tree.root, position, leaves, proveRange(tree.read, position))
        if (leaves.length === 0) expect(node.kind).toBe(NODE_EMPTY)
        if (leaves.length === 1) expect(node.kind).toBe(NODE_LEAF)
        if (leaves.length > 1) expect(node).toEqual(tree.read(position))
      }),
      { numRuns: 300 },
    )
  })

  it('shows every leaf that is left out, added, changed or moved', () => {
    const key = fc.array(fc.constantFrom(0, 1, 128), { minLength: 32, maxLength: 32 }).map((a) => Uint8Array.from(a))
    fc.assert(
      fc.property(arbitraryWrites(40), arbitraryKey(), level, fc.nat(), key, (writes, of, at, pick, other) => {
        const tree = new SmallTree(writes)
        const position = positionOf(of, at)
        const leaves = tree.leaves(position)
        const proof = proveRange(tree.read, position)
        const refused = (forged: readonly RangeLeaf[]) =>
          isRefused(() => verifyRange(tree.root, position, forged, proof))
        const i = leaves.length === 0 ? 0 : pick % leaves.length
        const chosen = leaves[i]
        if (chosen !== undefined) {
          expect(refused(leaves.toSpliced(i, 1))).toBe(true)
          expect(refused(leaves.with(i, { ...chosen, valueHash: changed(chosen.valueHash) }))).toBe(true)
          expect(refused(leaves.with(i, { ...chosen, key: changed(chosen.key) }))).toBe(true)
          expect(refused(leaves.toSpliced(i, 0, chosen))).toBe(true)
        }
        const known = leaves.some((leaf) => hexKey(leaf.key) === hexKey(other))
        const more = [...leaves, { key: other, valueHash: sha256(other) }].sort((a, b) => compareBytes(a.key, b.key))
        if (!known) expect(refused(more)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('has one proof: no change of it verifies, and no other place accepts it', () => {
    fc.assert(
      fc.property(arbitraryWrites(40), arbitraryKey(), level, fc.nat(), (writes, key, at, pick) => {
        const tree = new SmallTree(writes)
        const position = positionOf(key, at)
        const leaves = tree.leaves(position)
        const proof = proveRange(tree.read, position)
        const { siblings, witness } = proof
        const refused = (forged: RangeProof) => isRefused(() => verifyRange(tree.root, position, leaves, forged))
        const empty = { kind: 0, hash: new Uint8Array(32) } as const
        expect(refused({ siblings: [...siblings, empty], witness })).toBe(true)
        if (siblings.length > 0) {
          const i = pick % siblings.length
          const sibling = siblings[i]!
          expect(refused({ siblings: siblings.toSpliced(i, 1), witness })).toBe(true)
          expect(refused({ siblings: siblings.with(i, { ...sibling, hash: changed(sibling.hash) }), witness })).toBe(
            true,
          )
          const kind = sibling.kind === NODE_LEAF ? 2 : 1
          expect(refused({ siblings: siblings.with(i, { ...sibling, kind }), witness })).toBe(true)
        }
        if (witness === undefined) {
          expect(refused({ siblings, witness: { key, valueHash: sha256(key) } })).toBe(true)
        } else {
          expect(refused({ siblings, witness: undefined })).toBe(true)
          expect(refused({ siblings, witness: { ...witness, key: changed(witness.key) } })).toBe(true)
        }
        if (at > 0 && leaves.length > 1) {
          const parent = positionOf(position, at - 1)
          const elsewhere = halvesOf(parent)[1 - keyBit(position, at - 1)]!
          expect(isRefused(() => verifyRange(tree.root, elsewhere, leaves, proof))).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('cannot be shown empty by hiding its leaf behind an opaque sibling', () => {
    const key = sha256(Uint8Array.of(1))
    const tree = new SmallTree([{ key, valueHash: sha256(key) }])
    const half = halvesOf(ROOT_POSITION)[keyBit(key, 0)]!
    const hidden = { siblings: [{ kind: NODE_LEAF, hash: tree.root }], witness: undefined } as const
    expect(isRefused(() => verifyRange(tree.root, half, [], hidden))).toBe(true)
    const other = halvesOf(ROOT_POSITION)[1 - keyBit(key, 0)]!
    expect(isRefused(() => verifyRange(tree.root, other, [], hidden))).toBe(true)
    expect(verifyRange(tree.root, other, [], proveRange(tree.read, other)).kind).toBe(NODE_EMPTY)
  })

  it('cannot be shown empty by its own lone leaf as witness', () => {
    fc.assert(
      fc.property(arbitraryWrites(12), level, fc.nat(), (writes, at, pick) => {
        const tree = new SmallTree(writes)
        const all = tree.leaves(ROOT_POSITION)
        const lone = all[pick % Math.max(1, all.length)]
        if (lone === undefined) return
        const position = positionOf(lone.key, at)
        const { siblings } = proveRange(tree.read, position)
        expect(isRefused(() => verifyRange(tree.root, position, [], { siblings, witness: lone }))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('names a sibling whose kind contradicts its hash', () => {
    const tree = new SmallTree([1, 2, 3, 4].map((i) => ({ key: sha256(Uint8Array.of(i)), valueHash: sha256(tag) })))
    const [half] = halvesOf(ROOT_POSITION)
    const forged = { siblings: [{ kind: NODE_EMPTY, hash: sha256(tag) }], witness: undefined } as const
    expect(() => verifyRange(tree.root, half, tree.leaves(half), forged)).toThrow(
      'kind of a sibling contradicts its hash',
    )
  })

  it('joins with the others to the very tree, node for node', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryWrites(60), fc.array(fc.boolean(), { maxLength: 40 }), async (writes, splits) => {
        const tree = new SmallTree(writes)
        const store = new MemoryStore()
        const loader = new TreeLoader(7)
        let turn = 0
        const ranges: VerifiedRange[] = []
        const load = async (position: Uint8Array): Promise<void> => {
          if (splits[turn++] === true) {
            for (const half of halvesOf(position)) await load(half)
            return
          }
          const operations: ReturnType<typeof loader.node>[] = []
          const proof = proveRange(tree.read, position)
          const node = verifyRange(tree.root, position, tree.leaves(position), proof, (at, placed) =>
            operations.push(loader.node(at, placed)),
          )
          ranges.push({ position, node })
          await store.write(operations)
        }
        await load(ROOT_POSITION)
        const operations: ReturnType<typeof loader.node>[] = []
        const root = joinRanges(ranges, (at, placed) => operations.push(loader.node(at, placed)))
        await store.write([...operations, loader.finish()])

        expect(root.hash).toEqual(tree.root)
        const loaded = new VersionedTree(store)
        expect([loaded.latest, loaded.oldest]).toEqual([7, 7])
        for (const [id, node] of tree.nodes) expect(loaded.read(positionFromId(id))).toEqual(node)
        let count = 0
        for await (const _ of store.entries()) count++
        expect(count).toBe(tree.nodes.size + 1)
      }),
      { numRuns: 100 },
    )
  })

  it('does not join where one is missing', () => {
    const [left] = halvesOf(ROOT_POSITION)
    const node = { kind: NODE_EMPTY, hash: new Uint8Array(32) } as const
    expect(() => joinRanges([{ position: left, node }], () => {})).toThrow('gap')
    expect(() =>
      joinRanges(
        [
          { position: ROOT_POSITION, node },
          { position: left, node },
        ],
        () => {},
      ),
    ).toThrow('overlap')
  })
})
