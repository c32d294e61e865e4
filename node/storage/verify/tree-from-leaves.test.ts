import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes, hexKey, toHex } from '../../../core/bytes.ts'
import { NODE_EMPTY, positionId, updateTree } from '../../../core/smt/index.ts'
import { TreeFromLeaves } from './tree-from-leaves.ts'

describe('a tree from its leaves in order', () => {
  it('is that of updates in any order, node by node', () => {
    // Few different bytes, so that keys share long prefixes.
    const key = fc
      .array(fc.constantFrom(0, 1, 128, 255), { minLength: 32, maxLength: 32 })
      .map((b) => Uint8Array.from(b))
    fc.assert(
      fc.property(fc.array(key, { maxLength: 40 }), (keys) => {
        const unique = [...new Map(keys.map((k) => [hexKey(k), k])).values()]
        const valueHash = new Uint8Array(32).fill(7)
        const { root, nodes } = updateTree(
          () => undefined,
          unique.map((k) => ({ key: k, valueHash })),
        )
        const placed = new Map<string, string>()
        const tree = new TreeFromLeaves((position, node) => placed.set(positionId(position), toHex(node.hash)))
        for (const k of unique.toSorted(compareBytes)) tree.add(k, valueHash)
        expect(toHex(tree.root())).toBe(toHex(root))
        const wanted = [...nodes].filter(([, node]) => node.kind !== NODE_EMPTY)
        expect(new Map(wanted.map(([id, node]) => [id, toHex(node.hash)]))).toEqual(placed)
      }),
      { numRuns: 300 },
    )
  })
})
