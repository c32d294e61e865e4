import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexKey, ZERO_HASH } from '../bytes.ts'
import { sha256 } from '../hash.ts'
import { updateTree } from './index.ts'
import { leafNode } from './node.ts'
import { childPosition, positionId, positionOf, ROOT_POSITION } from './position.ts'
import vectors from './smt.vectors.json' with { type: 'json' }
import { arbitraryKey, arbitraryWrites, MapTree } from './testing/arbitraries.ts'
import { ReferenceTree } from './testing/reference.ts'

const numbered = (i: number) => ({
  key: sha256(Uint8Array.of(i >> 8, i)),
  valueHash: sha256(Uint8Array.of(1, i >> 8, i)),
})

describe('updateTree', () => {
  it('gives the root of the definition after any batches, and stores no node too many', () => {
    fc.assert(
      fc.property(fc.array(arbitraryWrites(12), { maxLength: 6 }), (batches) => {
        const tree = new MapTree()
        const reference = new ReferenceTree()
        for (const batch of batches) {
          tree.write(batch)
          for (const { key, valueHash } of batch) reference.write(key, valueHash)
          expect(hexKey(tree.root)).toBe(hexKey(reference.root()))
        }
        const fresh = new MapTree()
        fresh.write(
          [...reference.values].map(([key, valueHash]) => ({
            key: Uint8Array.from(Buffer.from(key, 'hex')),
            valueHash,
          })),
        )
        expect(new Map([...tree.nodes].sort())).toEqual(new Map([...fresh.nodes].sort()))
      }),
      { numRuns: 60 },
    )
  })

  it('does not depend on order or batching', () => {
    const unique = fc.uniqueArray(arbitraryKey(), { maxLength: 20, selector: hexKey })
    const shuffled = unique.chain((keys) =>
      fc.tuple(fc.constant(keys), fc.shuffledSubarray(keys, { minLength: keys.length }), fc.nat(20)),
    )
    fc.assert(
      fc.property(shuffled, ([keys, other, cut]) => {
        const write = (key: Uint8Array) => ({ key, valueHash: sha256(key) })
        const [one, two] = [new MapTree(), new MapTree()]
        one.write(keys.map(write))
        two.write(other.slice(0, cut).map(write))
        two.write(other.slice(cut).map(write))
        expect(hexKey(one.root)).toBe(hexKey(two.root))
      }),
      { numRuns: 40 },
    )
  })

  it('lets the last write to a key win', () => {
    const { key, valueHash } = numbered(1)
    const { root } = updateTree(() => undefined, [{ key, valueHash: ZERO_HASH }, numbered(2), { key, valueHash }])
    expect(root).toEqual(updateTree(() => undefined, [numbered(2), numbered(1)]).root)
  })

  it('lists changed positions only, and nothing for a write that changes nothing', () => {
    const tree = new MapTree()
    const present = Array.from({ length: 50 }, (_, i) => numbered(i))
    tree.write(present)
    const same = updateTree(tree.read, [...present, { key: numbered(99).key, valueHash: ZERO_HASH }])
    expect(same.nodes.size).toBe(0)
    expect(same.root).toEqual(tree.root)
    const changed = updateTree(tree.read, [{ key: present[0]!.key, valueHash: ZERO_HASH }])
    for (const [id, node] of changed.nodes) expect(node.hash).not.toEqual(tree.nodes.get(id)?.hash ?? ZERO_HASH)
  })

  it('empties every position below a promoted leaf', () => {
    const [left, right] = [new Uint8Array(32), new Uint8Array(32).fill(1, 31)]
    const tree = new MapTree()
    tree.write([left, right].map((key) => ({ key, valueHash: sha256(key) })))
    expect(tree.nodes.size).toBe(258)
    const { nodes } = updateTree(tree.read, [{ key: right, valueHash: ZERO_HASH }])
    expect(nodes.size).toBe(258)
    expect(nodes.get(positionId(ROOT_POSITION))).toEqual(leafNode(left, sha256(left)))
    expect(nodes.get(positionId(positionOf(left, 256)))?.kind).toBe(0)
  })

  it('reads nothing off the paths of the writes', () => {
    const tree = new MapTree()
    const present = Array.from({ length: 300 }, (_, i) => numbered(i))
    tree.write(present)
    const writes = [numbered(7), numbered(301), { key: numbered(20).key, valueHash: ZERO_HASH }]
    const allowed = new Set([positionId(ROOT_POSITION)])
    for (const { key } of writes) {
      for (let level = 0; level < 256; level++) {
        allowed.add(positionId(childPosition(key, level, 0))).add(positionId(childPosition(key, level, 1)))
      }
    }
    tree.reads.length = 0
    updateTree(tree.read, writes)
    expect(tree.reads.filter((id) => !allowed.has(id))).toEqual([])
    expect(new Set(tree.reads).size).toBe(tree.reads.length)
    // A rewrite of what is there needs no sibling at all.
    tree.reads.length = 0
    updateTree(tree.read, [numbered(7)])
    expect(tree.reads.length).toBeLessThan(20)
    for (const id of tree.reads) expect(allowed.has(id)).toBe(true)
  })

  it('refuses a store whose internal nodes never end', () => {
    const endless = () => ({ kind: 2, hash: ZERO_HASH }) as const
    expect(() => updateTree(endless, [numbered(1)])).toThrowError(expect.objectContaining({ code: 'ASSERTION_FAILED' }))
  })

  it('gives the checked-in roots', () => {
    const roots: Record<string, string> = {}
    for (const count of [0, 1, 2, 3, 10, 257, 1000]) {
      const writes = Array.from({ length: count }, (_, i) => numbered(i))
      roots[count] = hexKey(updateTree(() => undefined, writes).root)
    }
    expect(roots).toEqual(vectors.roots)
  })
})
