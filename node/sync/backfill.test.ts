import { beforeAll, describe, expect, it } from 'vitest'
import { makeBlock } from '../../consensus/block.ts'
import { bls } from '../../core/bls.ts'
import { keccak256 } from '../../core/hash.ts'
import { type KvStore, MemoryStore } from '../../core/kv.ts'
import type { FinalBlock, PeerId, PeerResponse } from '../../p2p/transport.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { ChainStore } from '../storage/chain-store.ts'
import type { ChainMaker } from '../testing/chain-maker.ts'
import { dumpStore, restoreStore, type StoreDump } from '../testing/dump.ts'
import { Backfill } from './backfill.ts'
import { type Answer, FixturePeers, hastyClock, honest, joining, madeChain } from './snapshot-fixture.ts'
import { SnapshotSync } from './snapshot-sync.ts'

/** The end of the fifth epoch; the state after it knows the sets of the fifth to the seventh. */
const HEIGHT = 40
let maker: ChainMaker
let begun: StoreDump

beforeAll(async () => {
  maker = await madeChain(HEIGHT + 3, { unbondingEpochs: 1 })
  const kv = new MemoryStore()
  await new SnapshotSync({ kv, ...joining(maker, new FixturePeers({ a: honest(maker.chain) }), HEIGHT) }).run()
  begun = await dumpStore(kv)
})

interface Filled {
  readonly kv: KvStore
  readonly chain: ChainStore
  readonly peers: FixturePeers
  readonly failures: unknown[]
  readonly backfill: Backfill
}

async function fill(answers: Readonly<Record<PeerId, Answer>>, floor = 0, disk?: KvStore): Promise<Filled> {
  const kv = disk ?? new MemoryStore()
  if (disk === undefined) await restoreStore(kv, begun)
  const chain = await ChainStore.open(kv, genesisEntry(maker.genesis))
  const peers = new FixturePeers(answers)
  const { genesisHash, signatures } = joining(maker, peers)
  const failures: unknown[] = []
  const backfill = new Backfill({
    genesis: maker.genesis,
    genesisHash,
    bls,
    store: chain,
    transport: peers,
    clock: hastyClock(),
    signatures,
    floor: () => floor,
    failed: (error) => failures.push(error),
  })
  return { kv, chain, peers, failures, backfill }
}

/** Runs until it is so, or it failed. */
async function run({ backfill, failures }: Filled, isSo: () => boolean): Promise<void> {
  backfill.start()
  for (let i = 0; !isSo() && failures.length === 0 && i < 2_000; i++) {
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await backfill.stop()
  expect(failures).toEqual([])
  expect(isSo()).toBe(true)
}

function expectSameBlocks({ chain }: Filled, from: number): void {
  expect(chain.held).toEqual({ blocksFrom: from, statesFrom: HEIGHT })
  for (let height = from; height <= HEIGHT; height++) {
    const stored = maker.chain.blockAt(height)!
    expect(chain.blockAt(height)).toEqual(stored)
    expect(chain.heightOf(stored.block.hash)).toBe(height)
    expect(chain.notarization(height)).toEqual(maker.chain.notarization(height))
    expect(chain.finalization(height)).toEqual(maker.chain.finalization(height))
    for (const [index, raw] of stored.block.transactions.entries()) {
      expect(chain.transactionPlace(keccak256(raw))).toEqual({ height, index })
    }
  }
  for (let epoch = Math.floor(from / 8); epoch < 5; epoch++) expect(chain.epochEnd(epoch)).toBe(8 * (epoch + 1))
}

const changingRange =
  (change: (blocks: readonly FinalBlock[]) => readonly FinalBlock[]): Answer =>
  async (request) => {
    const answer = await honest(maker.chain)(request)
    return answer?.type === 'range' ? { type: 'range', blocks: change(answer.blocks) } : answer
  }

const changing =
  (type: PeerResponse['type'], answer: PeerResponse): Answer =>
  async (request) =>
    request.type === type ? answer : honest(maker.chain)(request)

describe('filling in history', () => {
  it('goes down to genesis, and then is the chain that was executed from there', async () => {
    const filled = await fill({ a: honest(maker.chain) })
    await run(filled, () => filled.chain.held.blocksFrom === 0)
    expect(filled.peers.blamed).toEqual([])
    expectSameBlocks(filled, 0)
  })

  it('stops at the floor, and goes on after a restart', async () => {
    const first = await fill({ a: honest(maker.chain) }, 30)
    await run(first, () => first.chain.held.blocksFrom === 30)
    const second = await fill({ a: honest(maker.chain) }, 11, first.kv)
    expect(second.chain.held.blocksFrom).toBe(30)
    await run(second, () => second.chain.held.blocksFrom === 11)
    expect(second.chain.blockAt(11)).toEqual(maker.chain.blockAt(11))
    expect(() => second.chain.blockAt(10)).toThrow('no longer holds')
  })

  it.each<[string, () => Answer, string | undefined]>([
    [
      'blocks of another chain',
      () =>
        changingRange((blocks) =>
          blocks.map((served) => ({
            ...served,
            block: makeBlock({ ...served.block, header: { ...served.block.header, timestampMs: 1 } }),
          })),
        ),
      'BLOCK_PARENT',
    ],
    [
      'bodies that are not under the header',
      () =>
        changingRange((blocks) =>
          blocks.map((served) => ({ ...served, block: { ...served.block, transactions: [Uint8Array.of(1)] } })),
        ),
      'BLOCK_PARENT',
    ],
    [
      'the certificate of another block',
      () =>
        changingRange((blocks) => blocks.map((served) => ({ ...served, finalization: maker.chain.finalization(8) }))),
      'CERTIFICATE_INVALID',
    ],
    [
      'wrong receipts',
      () => changing('receipts', { type: 'receipts', blocks: Array.from({ length: 64 }, () => []) }),
      'RECEIPTS_INVALID',
    ],
    ['no receipts', () => changing('receipts', { type: 'receipts', blocks: [] }), undefined],
    ['no blocks', () => changing('range', { type: 'range', blocks: [] }), undefined],
    [
      'more blocks than it was asked for, empty ones among them',
      () => async (request) =>
        honest(maker.chain)(
          request.type === 'range'
            ? { ...request, fromHeight: request.fromHeight - 9, count: request.count + 9 }
            : request,
        ),
      'PEER_ANSWER_INVALID',
    ],
    ['one block at a time', () => changingRange((blocks) => blocks.slice(0, 1)), undefined],
    ['silence', () => async () => undefined, undefined],
  ])('is not kept from it by a peer that sends %s', async (_, liar, code) => {
    const floor = 21
    let windows = 0
    const counted: Answer = async (request) => {
      if (request.type === 'range') windows++
      return honest(maker.chain)(request)
    }
    const filled = await fill({ liar: liar(), b: counted }, floor)
    await run(filled, () => filled.chain.held.blocksFrom === floor)
    // One for each epoch.
    expect(windows).toBeLessThanOrEqual(3)
    expect(filled.peers.blamed.map((blame) => blame.code)).toEqual(code === undefined ? [] : [code])
    expect(filled.peers.blamed.every(({ peer }) => peer === 'liar')).toBe(true)
    expectSameBlocks(filled, floor)
  })

  it('is not upset when the oldest block is pruned while a peer is waited for', async () => {
    let isPruned = false
    const silent: Answer = async () => {
      if (!isPruned) await filled.chain.prune({ blocksFrom: 35, statesFrom: HEIGHT })
      isPruned = true
      return undefined
    }
    const first = await fill({ a: honest(maker.chain) }, 34)
    await run(first, () => first.chain.held.blocksFrom === 34)
    const filled = await fill({ silent, b: honest(maker.chain) }, 30, first.kv)
    await run(filled, () => filled.chain.held.blocksFrom === 30)
    expect(isPruned).toBe(true)
    expectSameBlocks(filled, 30)
  })
})
