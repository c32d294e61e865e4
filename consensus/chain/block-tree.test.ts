import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { u64be, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import type { Block, Header } from '../types.ts'
import { BlockTree, MAX_OPEN_BLOCKS, type TreeEntry } from './block-tree.ts'

const entry = (id: number, parent: TreeEntry | undefined): TreeEntry => {
  const header = { parentHash: parent?.block.hash ?? ZERO_HASH, height: (parent?.block.header.height ?? -1) + 1 }
  return {
    block: {
      hash: sha256(u64be(id)),
      header: header as Header,
      transactions: [],
      parentCertificate: undefined,
    } satisfies Block,
  }
}

describe('block tree', () => {
  const genesis = entry(0, undefined)
  const a = entry(1, genesis)
  const b = entry(2, a)
  const c = entry(3, a)
  const d = entry(4, b)
  const build = () => {
    const tree = new BlockTree(genesis)
    for (const e of [a, b, c, d]) expect(tree.add(e)).toBe(true)
    return tree
  }

  it('moves the tip between branches and names what that adds and drops', () => {
    const tree = build()
    expect(tree.setTip(d.block.hash)).toEqual({ added: [a, b, d], dropped: [] })
    expect(tree.setTip(c.block.hash)).toEqual({ added: [c], dropped: [d, b] })
    expect(tree.tip).toBe(c)
  })

  it('drops losing branches when a block becomes final', () => {
    const tree = build()
    tree.setTip(c.block.hash)
    expect(tree.finalise(b.block.hash)).toEqual({ final: [a, b], lost: [c] })
    expect(tree.final).toBe(b)
    expect(tree.tip).toBe(b)
    expect(tree.get(c.block.hash)).toBeUndefined()
    expect(tree.get(a.block.hash)).toBeUndefined()
    expect(tree.branch(d.block.hash)).toEqual([d])
    expect(() => tree.setTip(c.block.hash)).toThrow('not in the block tree')
  })

  it('prunes what is unwanted from the leaves down, and neither the tip nor what a kept block stands on', () => {
    const tree = build()
    tree.setTip(c.block.hash)
    tree.prune((e) => e === b)
    expect([a, b, c, d].map((e) => tree.get(e.block.hash))).toEqual([a, b, c, undefined])
    tree.prune(() => false)
    expect([a, b, c, d].map((e) => tree.get(e.block.hash))).toEqual([a, undefined, c, undefined])
    expect(tree.branch(tree.tip.block.hash)).toEqual([a, c])
    expect(tree.add(b) && tree.add(d)).toBe(true)
  })

  it('refuses a block without a known parent, and any block beyond its bound', () => {
    const tree = new BlockTree(genesis)
    expect(tree.add(b)).toBe(false)
    let last = genesis
    for (let i = 0; i < MAX_OPEN_BLOCKS; i++) {
      last = entry(100 + i, last)
      expect(tree.add(last)).toBe(true)
    }
    expect(tree.add(entry(9_999, last))).toBe(false)
    tree.finalise(last.block.hash)
    expect(tree.size).toBe(0)
  })

  it('partitions the open blocks into final, lost and kept, whatever the shape', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 30 }), fc.nat(), (parents, pick) => {
        const all = [genesis]
        const tree = new BlockTree(genesis)
        for (const [i, parent] of parents.entries()) {
          const child = entry(i + 1, all[parent % all.length])
          all.push(child)
          tree.add(child)
        }
        const chosen = all[1 + (pick % parents.length)]!
        const { final, lost } = tree.finalise(chosen.block.hash)
        expect(final.length + lost.length + tree.size).toBe(parents.length)
        for (const e of lost) expect(tree.get(e.block.hash)).toBeUndefined()
        for (const [i, e] of final.entries()) expect(e.block.header.height).toBe(i + 1)
      }),
    )
  })
})
