/** Random keys and writes for the property tests: few distinct bits, so that paths collide deep and often. */
import * as fc from 'fast-check'
import { type Hash, ZERO_HASH } from '../../bytes.ts'
import { type TreeWrite, updateTree } from '../index.ts'
import type { NodeReader, TreeNode } from '../node.ts'
import { positionId } from '../position.ts'

const LAST_BYTE = 31

/** Either spread over the first 16 bits, or alike until byte `twinByte`. */
export function arbitraryKey(twinByte = LAST_BYTE): fc.Arbitrary<Hash> {
  const spread = fc.tuple(fc.nat(255), fc.nat(255)).map(([first, second]) => {
    const key = new Uint8Array(32)
    key.set([first, second])
    return key
  })
  const twin = fc.tuple(fc.boolean(), fc.nat(3)).map(([right, last]) => {
    const key = new Uint8Array(32)
    if (right) key[0] = 0x80
    key[twinByte] = last
    return key
  })
  return fc.oneof(spread, twin)
}

export const arbitraryValueHash: fc.Arbitrary<Hash> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 5 }).map((byte) => new Uint8Array(32).fill(byte)) },
  { weight: 1, arbitrary: fc.constant(ZERO_HASH) },
)

export const arbitraryWrites = (maxLength: number, twinByte = LAST_BYTE): fc.Arbitrary<TreeWrite[]> =>
  fc.array(fc.record({ key: arbitraryKey(twinByte), valueHash: arbitraryValueHash }), { maxLength })

/** A tree in a plain map, which remembers nothing of its past. */
export class MapTree {
  readonly nodes = new Map<string, TreeNode>()
  readonly reads: string[] = []
  root: Hash = ZERO_HASH

  readonly read: NodeReader = (position) => {
    this.reads.push(positionId(position))
    return this.nodes.get(positionId(position))
  }

  write(writes: readonly TreeWrite[]): void {
    const update = updateTree(this.read, writes)
    for (const [id, node] of update.nodes) {
      if (node.kind === 0) this.nodes.delete(id)
      else this.nodes.set(id, node)
    }
    this.root = update.root
  }
}
