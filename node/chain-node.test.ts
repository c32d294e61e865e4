import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { FAST_PARAMS, testKey } from '../consensus/testing/chain.ts'
import { bls } from '../core/bls.ts'
import { EMPTY_BYTES } from '../core/bytes.ts'
import { MemoryStore } from '../core/kv.ts'
import { findSubmission } from '../vm/compute/fixture.ts'
import { referenceKernel } from '../vm/compute/tile.ts'
import type { TileKernel } from '../vm/execution/types.ts'
import { accounts, epochValidators } from '../vm/state/tables.ts'
import { readRecord, treeKeyOf } from '../vm/state/view.ts'
import { signNative } from '../vm/transaction/sign.ts'
import type { Action } from '../vm/transaction/types.ts'
import type { NodeEvent } from './api.ts'
import { ArchiveReader } from './archive/archive-reader.ts'
import { exportArchive } from './archive/export.ts'
import { importArchive } from './archive/import.ts'
import type { ChainNode } from './chain-node.ts'
import { genesisEntry } from './genesis-entry.ts'
import { ChainStore } from './storage/chain-store.ts'
import { Cluster, chainOf } from './testing/cluster.ts'
import { dumpStore } from './testing/dump.ts'

let cluster: Cluster
afterEach(() => cluster.stopAll())

const EPOCH = FAST_PARAMS.epochBlocks

const sign = (sender: number, nonce: number, action: Action): Uint8Array =>
  signNative(
    { chainId: FAST_PARAMS.chainId, nonce, maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n, action },
    testKey(sender).privateKey,
  )

const transfer = (sender: number, to: number, nonce: number): Uint8Array =>
  sign(sender, nonce, { kind: 'TRANSFER', to: testKey(to).owner, value: 5n, memo: EMPTY_BYTES })

describe('chain node', () => {
  it('four validators and a follower finalise the same blocks over several epochs, with transfers', async () => {
    cluster = new Cluster(4, FAST_PARAMS, bls)
    const nodes = await cluster.startAll()
    const follower = await cluster.start(4)
    const events: NodeEvent[] = []
    follower.subscribe((event) => events.push(event))
    for (let nonce = 0; nonce < 20; nonce++) {
      expect(await nodes[nonce % 4]!.submit(transfer(5, 6, nonce))).toMatchObject({ ok: true })
      if (nonce % 5 === 4) await cluster.until(nodes[0]!, nodes[0]!.finalized().height + 1)
    }
    for (const node of [...nodes, follower]) await cluster.until(node, 3 * EPOCH + 2)
    const height = 3 * EPOCH + 2
    const all = [...nodes, follower]
    const [first, ...others] = all.map((node) => chainOf(node, height))
    for (const other of others) expect(other).toEqual(first)
    expect(follower.blockByHeight(height)!.block.header.epoch).toBe(3)

    const blocks = Array.from({ length: height + 1 }, (_, h) => follower.blockByHeight(h)!)
    const included = blocks.flatMap((block) => block.transactions)
    expect(included.map((transaction) => transaction.nonce)).toEqual(Array.from({ length: 20 }, (_, nonce) => nonce))
    expect(blocks.flatMap((block) => block.receipts).every((receipt) => receipt.status === 1)).toBe(true)
    const place = follower.transactionByHash(included[7]!.hash)!
    expect(place.executed.transactions[place.index]!.hash).toEqual(included[7]!.hash)

    const receiver = testKey(6).owner
    const balanceAt = (h: number): bigint => readRecord(follower.stateAt(h)!, accounts, receiver)!.balance
    expect(balanceAt(height) - balanceAt(0)).toBe(100n)
    for (const h of [0, 3, height]) {
      expect((await follower.stateProof(h, [treeKeyOf(accounts, receiver)]))!.length).toBeGreaterThan(100)
    }
    const finals = events.flatMap((event) => (event.type === 'final' ? [event.block.block.header.height] : []))
    expect(finals).toEqual(finals.map((_, i) => finals[0]! + i))
    for (const event of events) if (event.type === 'final') expect(event.certificate.kind).toBe('finalize')
  })

  it('a chain of one validator needs nobody else', async () => {
    cluster = new Cluster(1)
    const [node] = await cluster.startAll()
    await cluster.until(node!, 2 * EPOCH + 1)
    expect(node!.certificates(3).finalization?.kind).toBe('finalize')
    expect(node!.certificates(3).notarization?.kind).toBe('notarize')
    expect(node!.certificates(node!.latest().height).notarization).toBeDefined()
  })

  it('goes on after a partition heals, on one chain', async () => {
    cluster = new Cluster(4)
    const nodes = await cluster.startAll()
    await cluster.until(nodes[0]!, 3)
    const side = (id: string): boolean => id === 'node-0' || id === 'node-1'
    cluster.hub.setFilter((from, to) => side(from) === side(to))
    const stuck = nodes[0]!.finalized().height + 2
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(nodes[0]!.finalized().height).toBeLessThanOrEqual(stuck)
    cluster.hub.setFilter(() => true)
    for (const node of nodes) await cluster.until(node, stuck + 4)
    const chains = nodes.map((node) => chainOf(node, stuck + 4))
    for (const chain of chains) expect(chain).toEqual(chains[0])
  })

  it("a byzantine leader's block with one bad compute result gets no vote", async () => {
    // This kernel is wrong in one entry of every tile, and its owner believes it.
    const lying: TileKernel = {
      tile: (...args) => {
        const tile = referenceKernel.tile(...args)
        tile[0] = tile[0]! + 1
        return tile
      },
    }
    // A seed window long enough for the liar's turn to come.
    cluster = new Cluster(4, { ...FAST_PARAMS, epochBlocks: 64, seedWindowBlocks: 32 })
    const liar = await cluster.start(0, { kernel: lying })
    const honest = await Promise.all([1, 2, 3].map((i) => cluster.start(i)))
    await cluster.until(liar, 4)
    const { hash, header } = liar.blockByHeight(liar.latest().height - 2)!.block
    const search = { worker: testKey(5).owner, seedHeight: header.height, seedHash: hash }
    const raw = sign(5, 0, findSubmission({ ...search, kernel: lying }))
    expect(await liar.submit(raw)).toMatchObject({ ok: true })
    expect(await honest[0]!.submit(raw)).toMatchObject({ ok: false })

    const missed = (node: ChainNode): number => {
      const { height, epoch } = node.finalized()
      const of = (validator: number) =>
        readRecord(node.stateAt(height)!, epochValidators, { epoch, validator: testKey(validator).owner })
      return of(0)?.missedViews ?? 0
    }
    await cluster.until(honest[0]!, () => missed(honest[0]!) > 0)
    const { height } = honest[0]!.finalized()
    for (let h = 1; h <= height; h++) expect(honest[0]!.blockByHeight(h)!.transactions).toEqual([])
  })

  it('C13: what a node stored, replayed from genesis, gives the same store', async () => {
    // Blocks come only when asked for, so the result's seed cannot grow old while it is searched.
    cluster = new Cluster(1, { ...FAST_PARAMS, blockIntervalMs: 60_000 }, bls)
    const node = await cluster.start(0)
    const mine = async (height: number): Promise<void> => {
      node.setLifted(true)
      await cluster.until(node, height)
      node.setLifted(false)
    }
    await mine(4)
    for (let nonce = 0; nonce < 6; nonce++) await node.submit(transfer(4, 3, nonce))
    const { hash, header } = node.blockByHeight(node.latest().height - 1)!.block
    const search = { worker: testKey(2).owner, seedHeight: header.height, seedHash: hash }
    const raw = sign(2, 0, findSubmission(search))
    expect(await node.submit(raw)).toMatchObject({ ok: true })
    await mine(2 * EPOCH + 2)
    await cluster.stop(0)
    const results = Array.from({ length: 2 * EPOCH }, (_, h) => node.blockByHeight(h)!.block.header.resultCount)
    expect(results.reduce((a, b) => a + b, 0)).toBe(1)

    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-chain-node-'))
    const file = path.join(folder, 'chain.era')
    const chain = await ChainStore.open(cluster.stores[0]!, genesisEntry(cluster.genesis))
    await exportArchive(cluster.genesis, chain, { from: 1, to: chain.head.header.height, file })
    const reader = await ArchiveReader.open(file)
    const copy = new MemoryStore()
    const { head } = await importArchive(reader, await ChainStore.open(copy, genesisEntry(cluster.genesis)), {
      threads: 0,
    })
    expect(head.hash).toEqual(node.finalized().hash)
    await reader.close()
    fs.rmSync(folder, { recursive: true })
    const final = async (store: MemoryStore) => (await dumpStore(store)).filter(([key]) => key[0]! < 0x40)
    expect(await final(copy)).toEqual(await final(cluster.stores[0] as MemoryStore))
  })
})

describe('devnet controls', () => {
  it('lifts the wait of leaders: time moves, not the wall clock; and dates the next block', async () => {
    cluster = new Cluster(2, { ...FAST_PARAMS, blockIntervalMs: 5_000 })
    const nodes = await cluster.startAll()
    await cluster.until(nodes[0]!, 1)
    for (const node of nodes) node.setLifted(true)
    await cluster.until(nodes[0]!, 6)
    for (const node of nodes) node.setLifted(false)
    const [a, b] = [5, 6].map((h) => nodes[0]!.blockByHeight(h)!.block.header.timestampMs)
    expect(b! - a!).toBeGreaterThanOrEqual(5_000)
    expect(cluster.clock.shiftMs).toBeGreaterThan(10_000)

    const at = nodes[0]!.latest().timestampMs + 1_000_000
    const height = nodes[0]!.latest().height
    for (const node of nodes) node.setNextTimestamp(at)
    await cluster.until(nodes[0]!, () => nodes[0]!.latest().timestampMs >= at)
    const dated = Array.from({ length: 3 }, (_, i) => nodes[0]!.blockByHeight(height + i)?.block.header.timestampMs)
    expect(dated).toContain(at)
  })
})
