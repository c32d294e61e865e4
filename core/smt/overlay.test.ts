import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexKey, ZERO_HASH } from '../bytes.ts'
import { sha256 } from '../hash.ts'
import { MAX_OVERLAY_DEPTH, type NodeReader, TreeOverlay, updateTree } from './index.ts'
import { positionId, ROOT_POSITION } from './position.ts'
import { arbitraryWrites, MapTree } from './testing/arbitraries.ts'
import { ReferenceTree } from './testing/reference.ts'

const write = (i: number) => ({ key: sha256(Uint8Array.of(i)), valueHash: sha256(Uint8Array.of(1, i)) })
const layer = (below: TreeOverlay | NodeReader, writes: Parameters<typeof updateTree>[1]) =>
  new TreeOverlay(below, updateTree(below instanceof TreeOverlay ? below.read : below, writes))

describe('TreeOverlay', () => {
  it('keeps forks apart and the final tree untouched', () => {
    const final = new MapTree()
    final.write([write(1), write(2)])
    const before = hexKey(final.root)
    const block = layer(final.read, [write(3)])
    const forkA = layer(block, [write(4)])
    const forkB = layer(block, [{ key: write(3).key, valueHash: ZERO_HASH }])
    expect(forkB.root).toEqual(final.root)
    expect(forkA.root).toEqual(updateTree(() => undefined, [1, 2, 3, 4].map(write)).root)
    expect(forkA.read(ROOT_POSITION)?.hash).toEqual(forkA.root)
    expect(block.read(ROOT_POSITION)?.hash).toEqual(block.root)
    expect(hexKey(final.root)).toBe(before)
  })

  it('reads the same before and after blocks below it settle, beyond the depth bound too', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryWrites(4), { minLength: 2 * MAX_OVERLAY_DEPTH, maxLength: 3 * MAX_OVERLAY_DEPTH }),
        (batches) => {
          const final = new MapTree()
          const reference = new ReferenceTree()
          const layers: TreeOverlay[] = []
          for (const batch of batches) {
            layers.push(layer(layers.at(-1) ?? final.read, batch))
            for (const { key, valueHash } of batch) reference.write(key, valueHash)
            expect(layers.at(-1)!.depth).toBeLessThanOrEqual(MAX_OVERLAY_DEPTH)
          }
          const tip = layers.at(-1)!
          expect(hexKey(tip.root)).toBe(hexKey(reference.root()))
          const rewrite = updateTree(tip.read, batches.flat()).root
          batches.forEach((batch, i) => {
            final.write(batch)
            expect(final.root).toEqual(layers[i]!.root)
            layers[i]!.settle()
            if (i % 8 === 0) expect(updateTree(tip.read, batches.flat()).root).toEqual(rewrite)
          })
          expect(tip.depth).toBe(1)
          expect(tip.read(ROOT_POSITION)).toEqual(final.nodes.get(positionId(ROOT_POSITION)))
        },
      ),
      { numRuns: 8 },
    )
  })
})
