import { describe, expect, it } from 'vitest'
import { BlockTree } from '../consensus/chain/block-tree.ts'
import { genesisBlock } from '../consensus/genesis.ts'
import { TestChain, testGenesis } from '../consensus/testing/chain.ts'
import { MemoryStore } from '../core/kv.ts'
import { genesisEntry } from './genesis-entry.ts'
import { LightServer } from './light/light-server.ts'
import { PeerServer } from './peer-server.ts'
import { ChainStore } from './storage/chain-store.ts'
import { Journal } from './storage/journal.ts'
import type { ChainEntry } from './validator/entry.ts'

describe('a block that a peer asks for', () => {
  it('is served from the journal too, after a restart, until it is settled', async () => {
    const chain = new TestChain()
    const [voted, proposed, unknown] = [chain.build(), chain.build([chain.transfer(4, 5)]), chain.build([], 7)].map(
      ({ block }) => block,
    ) as [ChainEntry['block'], ChainEntry['block'], ChainEntry['block']]
    const kv = new MemoryStore()
    const before = await Journal.open(kv)
    const { epoch, view } = proposed.header
    await before.append([
      { type: 'block', block: voted },
      { type: 'proposal', proposal: { epoch, view, block: proposed, signature: new Uint8Array(96) } },
    ])

    const genesis = testGenesis(4)
    const { block, state } = genesisBlock(genesis)
    const store = await ChainStore.open(kv, genesisEntry(genesis))
    const tree = new BlockTree<ChainEntry>({ block, state, transactions: [], receipts: [], layer: undefined })
    const journal = await Journal.open(kv)
    const open = { certificatesFrom: () => [], block: () => undefined }
    const light = new LightServer(store, genesis.params)
    const server = new PeerServer(store, tree, journal, block.hash, open, light)
    const ask = async (hash: Uint8Array) => {
      const answer = await server.answer({ type: 'block', hash })
      return answer.type === 'block' ? answer.block : undefined
    }
    expect(await ask(voted.hash)).toEqual(voted)
    expect(await ask(proposed.hash)).toEqual(proposed)
    expect(await ask(unknown.hash)).toBeUndefined()
    expect(await ask(block.hash)).toEqual(block)
    await kv.write(journal.forget(epoch, view))
    expect(await ask(voted.hash)).toBeUndefined()

    const holding = new PeerServer(store, tree, journal, block.hash, { ...open, block: () => unknown }, light)
    expect(await holding.answer({ type: 'block', hash: unknown.hash })).toEqual({ type: 'block', block: unknown })
  })
})
