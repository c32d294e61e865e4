import { expect, it } from 'vitest'
import { makeBlock } from '../../consensus/block.ts'
import { BlockTree } from '../../consensus/chain/block-tree.ts'
import { TestChain, withHeader } from '../../consensus/testing/chain.ts'
import type { ChainEntry } from './entry.ts'
import { SoundBodies } from './sound-bodies.ts'

it('a body is sound when transactions and parent certificate are those of its header', () => {
  const chain = new TestChain()
  const { block: genesis, state } = chain.genesis
  const tree = new BlockTree<ChainEntry>({ block: genesis, state, transactions: [], receipts: [], layer: undefined })
  const bodies = new SoundBodies(tree)
  chain.next()
  const { block } = chain.next([chain.transfer(4, 5)])
  const copy = makeBlock({ ...block })
  expect([bodies.has(copy), bodies.has(copy)]).toEqual([true, true])
  expect(bodies.has({ ...copy, transactions: [] })).toBe(false)
  expect(bodies.has({ ...copy, parentCertificate: undefined })).toBe(false)
  const wide = chain.certify('notarize', chain.blocks[0]!, 3)
  expect(bodies.has({ ...copy, parentCertificate: wide })).toBe(false)
  expect(bodies.has(withHeader(copy, { txRoot: new Uint8Array(32) }))).toBe(false)
})
