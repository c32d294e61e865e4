import { beforeAll, describe, expect, it } from 'vitest'
import { hexKey } from '../../core/bytes.ts'
import { type KvStore, MemoryStore } from '../../core/kv.ts'
import { positionLevel, TREE_DEPTH } from '../../core/smt/index.ts'
import type { PeerId } from '../../p2p/transport.ts'
import { MAX_SPLIT_LEVEL, type StateChunk } from '../../p2p/wire-snapshot.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { ChainStore } from '../storage/chain-store.ts'
import { PREFIX } from '../storage/layout.ts'
import type { ChainMaker } from '../testing/chain-maker.ts'
import { type Answer, FixturePeers, honest, joining, madeChain } from './snapshot-fixture.ts'
import { SnapshotSync } from './snapshot-sync.ts'

const HEIGHT = 24
let maker: ChainMaker

beforeAll(async () => {
  maker = await madeChain()
})

/** The newest record of every key, as it is after HEIGHT in the chain that was executed. */
async function expectSameState(kv: KvStore): Promise<void> {
  const joined = await ChainStore.open(kv, genesisEntry(maker.genesis))
  const { header, hash } = maker.chain.blockAt(HEIGHT)!.block
  expect(joined.head.hash).toEqual(hash)
  expect(joined.state.root).toEqual(header.stateRoot)
  expect(joined.held).toEqual({ blocksFrom: HEIGHT, statesFrom: HEIGHT })
  expect(joined.blockAt(HEIGHT)).toEqual(maker.chain.blockAt(HEIGHT))
  expect(joined.notarization(HEIGHT)).toEqual(maker.chain.notarization(HEIGHT))
  expect(joined.finalization(HEIGHT)).toEqual(maker.chain.finalization(HEIGHT))
  const past = maker.chain.stateAt(HEIGHT)!
  let records = 0
  for await (const [key] of maker.chain.kv.entries({ gte: PREFIX.value, lt: PREFIX.valueHistory })) {
    const treeKey = key.subarray(1)
    const value = past.get(treeKey)
    expect(joined.state.get(treeKey)).toEqual(value)
    if (value !== undefined) records++
  }
  let found = 0
  for await (const _ of kv.entries({ gte: PREFIX.value, lt: PREFIX.valueHistory })) found++
  expect(found).toBe(records)
}

async function join(answers: Readonly<Record<PeerId, Answer>>) {
  const peers = new FixturePeers(answers)
  const kv = new MemoryStore()
  const height = await new SnapshotSync({ kv, ...joining(maker, peers) }).run()
  expect(height).toBe(HEIGHT)
  await expectSameState(kv)
  return peers
}

/** As the others, but what it says of a range is changed. */
const changing =
  (change: (chunk: StateChunk, position: Uint8Array) => StateChunk | undefined): Answer =>
  async (request) => {
    const answer = await honest(maker.chain)(request)
    if (request.type !== 'chunk' || answer?.type !== 'chunk') return answer
    // The set of an epoch, which it needs to be believed at all.
    if (positionLevel(request.position) === TREE_DEPTH) return answer
    const chunk = change(answer.chunk, request.position)
    return chunk === undefined ? undefined : { type: 'chunk', chunk }
  }

const onRecords = (change: (chunk: Extract<StateChunk, { kind: 'records' }>) => StateChunk): Answer =>
  changing((chunk) => (chunk.kind === 'records' && chunk.records.length > 1 ? change(chunk) : chunk))

describe('joining by state', () => {
  it('takes the same state from one peer or from four', async () => {
    const one = await join({ a: honest(maker.chain) })
    const four = await join(Object.fromEntries(['a', 'b', 'c', 'd'].map((id) => [id, honest(maker.chain)])))
    expect(one.blamed).toEqual([])
    expect(four.blamed).toEqual([])
    expect([...four.asked.values()].every((times) => times > 5)).toBe(true)
  })

  it.each<[string, () => Answer, string | undefined]>([
    [
      'a changed value',
      () =>
        onRecords((chunk) => ({
          ...chunk,
          records: chunk.records.with(0, { ...chunk.records[0]!, value: new Uint8Array(3) }),
        })),
      'CHUNK_INVALID',
    ],
    ['a record left out', () => onRecords((chunk) => ({ ...chunk, records: chunk.records.slice(1) })), 'CHUNK_INVALID'],
    ['no records at all', () => onRecords((chunk) => ({ ...chunk, records: [] })), 'CHUNK_INVALID'],
    [
      'a record too much',
      () =>
        onRecords((chunk) => ({
          ...chunk,
          records: [...chunk.records, { key: new Uint8Array(32).fill(255), value: new Uint8Array(1) }],
        })),
      'CHUNK_INVALID',
    ],
    ['endless splits', () => changing(() => ({ kind: 'split', bits: 1 })), 'CHUNK_SPLIT'],
    ['silence', () => changing(() => undefined), undefined],
    ['a state it does not have', () => changing(() => ({ kind: 'unheld' })), undefined],
    ['a split where no two answers can be', () => changing(() => ({ kind: 'split', bits: 12 })), 'CHUNK_SPLIT'],
  ])('ends in the same state beside a peer that sends %s', async (_, liar, code) => {
    const peers = await join({ liar: liar(), b: honest(maker.chain), c: honest(maker.chain), d: honest(maker.chain) })
    expect(peers.blamed.filter(({ peer }) => peer !== 'liar')).toEqual([])
    if (code === undefined) expect(peers.blamed).toEqual([])
    else expect(peers.blamed.map((blame) => blame.code)).toContain(code)
    if (code === 'CHUNK_INVALID') expect(peers.peers()).not.toContain('liar')
    expect(peers.asked.get('liar')!).toBeLessThan(40)
  })

  it('is not led into the depths by a liar that is alone for a while', async () => {
    let told = 0
    const late: Answer = async (request) => (told < 100 ? undefined : honest(maker.chain)(request))
    const liar: Answer = async (request) => {
      const level = request.type === 'chunk' ? positionLevel(request.position) : TREE_DEPTH
      if (level >= MAX_SPLIT_LEVEL) return honest(maker.chain)(request)
      told++
      return { type: 'chunk', chunk: { kind: 'split', bits: 1 } }
    }
    const peers = await join({ liar, late })
    expect(peers.asked.get('late')!).toBeLessThan(200)
  })

  it('begins anew with a newer state when nobody has the first one any more', async () => {
    let isPruned = false
    const pruning: Answer = async (request) => {
      if (request.type === 'chunk' && request.height < HEIGHT && isPruned) {
        return { type: 'chunk', chunk: { kind: 'unheld' } }
      }
      const answer = await honest(maker.chain)(request)
      if (answer?.type === 'chunk' && answer.chunk.kind === 'records' && answer.chunk.records.length > 1)
        isPruned = true
      return answer
    }
    const peers = new FixturePeers({ a: pruning, b: pruning })
    const kv = new MemoryStore()
    const modules = joining(maker, peers)
    const trusted = async () => maker.chain.blockAt(isPruned ? HEIGHT : 16)!.block
    expect(await new SnapshotSync({ kv, ...modules, trusted }).run()).toBe(HEIGHT)
    await expectSameState(kv)
  })

  it('leaves a store that is no chain before the last batch, and goes on there', async () => {
    const peers = new FixturePeers({ a: honest(maker.chain) })
    const kv = new MemoryStore()
    const first = new SnapshotSync({
      kv,
      ...joining(maker, peers),
      progressed: ({ covered }) => {
        if (covered > 0.5) first.stop()
      },
    })
    expect(await first.run()).toBeUndefined()
    await expect(ChainStore.open(kv, genesisEntry(maker.genesis))).rejects.toThrow('snapshot is being loaded')
    const before = peers.asked.get('a')!
    const states = new Set<string>()
    const second = new SnapshotSync({
      kv,
      ...joining(maker, peers),
      progressed: ({ covered }) => states.add(hexKey(Uint8Array.of(Math.round(covered * 100)))),
    })
    expect(await second.run()).toBe(HEIGHT)
    expect(states.has(hexKey(Uint8Array.of(0)))).toBe(false)
    expect(peers.asked.get('a')! - before).toBeLessThan(before)
    await expectSameState(kv)
  })

  it('does not give up what it has for the word of the first peer that is back after a restart', async () => {
    const kv = new MemoryStore()
    const modules = joining(maker, new FixturePeers({ a: honest(maker.chain) }))
    const first = new SnapshotSync({ kv, ...modules, progressed: ({ covered }) => covered > 0.5 && first.stop() })
    await first.run()
    const early = changing(() => ({ kind: 'unheld' }))
    const peers = new FixturePeers({ early, late: honest(maker.chain) })
    const transport = {
      request: peers.request,
      blame: peers.blame,
      peers: () => ((peers.asked.get('early') ?? 0) < 3 ? ['early'] : peers.peers()),
    }
    const trusted = async () => {
      throw new Error('begun anew')
    }
    expect(await new SnapshotSync({ kv, ...joining(maker, peers), transport, trusted }).run()).toBe(HEIGHT)
    await expectSameState(kv)
  })

  it('looks for a newer block where nobody has the state of the first one, and asks no more than peers bear', async () => {
    const young: Answer = async (request) =>
      request.type === 'chunk' && request.height < HEIGHT
        ? { type: 'chunk', chunk: { kind: 'unheld' } }
        : honest(maker.chain)(request)
    const peers = new FixturePeers({ a: young })
    const heights = [16, HEIGHT]
    const kv = new MemoryStore()
    let askedBefore = 0
    const trusted = async () => {
      askedBefore = peers.asked.get('a') ?? 0
      return maker.chain.blockAt(heights.shift()!)!.block
    }
    expect(await new SnapshotSync({ kv, ...joining(maker, peers), trusted }).run()).toBe(HEIGHT)
    expect(askedBefore).toBeGreaterThan(0)
    expect(askedBefore).toBeLessThanOrEqual(20)
  })

  it('has nothing to take in before the first epoch is over', async () => {
    const peers = new FixturePeers({ a: honest(maker.chain) })
    const kv = new MemoryStore()
    const trusted = async () => undefined
    expect(await new SnapshotSync({ kv, ...joining(maker, peers), trusted }).run()).toBeUndefined()
    expect((await ChainStore.open(kv, genesisEntry(maker.genesis))).head.header.height).toBe(0)
  })
})
