/** Pruning, cut short at every write: what is kept is answered as an archive answers it, and what is gone is refused by name. */
import { beforeAll, describe, expect, it } from 'vitest'
import { equalBytes, type Hash, toHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { type KvStore, MemoryStore, prefixRange } from '../../core/kv.ts'
import { randomStream } from '../../core/random.ts'
import { FaultyStore, PowerCut } from '../../test/durability/faulty-store.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { ChainStore } from './chain-store.ts'
import { type Held, PREFIX } from './layout.ts'
import { heldUnder, leastRetention, retentionOf } from './retention.ts'
import { type MadeStore, madeStore, makerOver, storeOf } from './store-fixture.ts'
import { verifyStore } from './verify/verify.ts'

const BLOCKS = 26
let made: MadeStore
let archive: ChainStore
let keys: Hash[]

const open = (kv: KvStore): Promise<ChainStore> => ChainStore.open(kv, genesisEntry(made.genesis))

beforeAll(async () => {
  made = await madeStore(BLOCKS)
  archive = await open(await storeOf(made.dump))
  keys = []
  for await (const [key] of archive.kv.entries(prefixRange(PREFIX.value))) keys.push(key.slice(1))
})

const prunedCode = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof QuernError) return error.code
    throw error
  }
  return 'answered'
}

/** Every block, every value and some proofs at every height, against the archive. */
async function expectAnswers(store: ChainStore, held: Held): Promise<void> {
  expect(store.held).toEqual(held)
  for (let height = 0; height <= BLOCKS; height++) {
    if (height < held.blocksFrom) expect(prunedCode(() => store.blockAt(height))).toBe('BLOCK_PRUNED')
    else expect(store.blockAt(height)).toEqual(archive.blockAt(height))
    if (height < held.statesFrom) {
      expect(prunedCode(() => store.stateAt(height))).toBe('BLOCK_PRUNED')
      await expect(store.stateProof(height, [keys[0]!])).rejects.toMatchObject({ code: 'BLOCK_PRUNED' })
      continue
    }
    const state = store.stateAt(height)!
    const wanted = archive.stateAt(height)!
    const differing = keys.filter((key) => !sameBytes(state.get(key), wanted.get(key)))
    expect(differing.map(toHex), `height ${height}`).toEqual([])
    const asked = keys.filter((_, i) => i % 17 === height % 17)
    expect(await store.stateProof(height, asked)).toEqual(await archive.stateProof(height, asked))
  }
}

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)

async function pruneTo(store: ChainStore, wanted: Held): Promise<void> {
  while (await store.prune(wanted));
}

describe('pruning', () => {
  it('while the chain grows leaves what an archive says of every height that is kept', async () => {
    const kv = new MemoryStore()
    const maker = await makerOver(kv)
    const random = randomStream(7, 'faults')
    while (maker.chain.head.header.height < BLOCKS) {
      await maker.next(maker.chain.head.header.height + 1 === BLOCKS)
      const retention = { blocks: 12 + random.below(6), states: 8 + random.below(10) }
      if (random.chance(0.5)) await pruneTo(maker.chain, heldUnder(retention, maker.chain.head.header.height))
    }
    expect(maker.chain.head.hash).toEqual(archive.head.hash)
    const held = { blocksFrom: 14, statesFrom: 22 }
    await pruneTo(maker.chain, held)
    await expectAnswers(maker.chain, held)
    const { faults } = await verifyStore(kv, made.genesis)
    expect(faults).toEqual([])
  })

  it('leaves nothing that points to what is gone, and the header and the finalization of every epoch’s end', async () => {
    const kv = await storeOf(made.dump)
    const store = await open(kv)
    await pruneTo(store, { blocksFrom: BLOCKS, statesFrom: BLOCKS })
    await expectAnswers(store, { blocksFrom: BLOCKS, statesFrom: BLOCKS })
    for (const table of [0x10, 0x11, 0x12, 0x13, 0x15]) {
      let rows = 0
      for await (const _ of kv.entries(prefixRange(Uint8Array.of(table)))) rows++
      expect(rows, `table ${table}`).toBe(1)
    }
    for (const epoch of [0, 1, 2]) {
      const end = store.epochEnd(epoch)!
      expect(store.edgeHeader(epoch)).toEqual(archive.blockAt(end)!.block.header)
      expect(store.finalization(end)).toEqual(archive.finalization(end))
    }
    let history = 0
    for await (const _ of kv.entries(prefixRange(PREFIX.valueHistory))) history++
    expect(history).toBe(0)
    expect((await verifyStore(kv, made.genesis)).faults).toEqual([])
  })

  it('cut at any write, with the write on the disk or not, goes on to the same store', async () => {
    const wanted = { blocksFrom: 4, statesFrom: 6 }
    const whole = await storeOf(made.dump)
    await pruneTo(await open(whole), wanted)
    let cuts = 0
    for (let atWrite = 1; ; atWrite++) {
      for (const isWritten of [false, true]) {
        const disk = await storeOf(made.dump)
        const store = await open(new FaultyStore(disk, { atWrite, isWritten }))
        const isCut = await pruneTo(store, wanted).then(
          () => false,
          (error: unknown) => {
            if (error instanceof PowerCut) return true
            throw error
          },
        )
        if (!isCut) {
          expect(cuts).toBeGreaterThan(10)
          return
        }
        cuts++
        const after = await open(disk)
        expect(after.held.statesFrom).toBe(atWrite - (isWritten ? 0 : 1))
        expect(prunedCode(() => after.blockAt(after.held.blocksFrom))).toBe('answered')
        await pruneTo(after, wanted)
        expect(await sameContent(disk, whole)).toBe(true)
      }
    }
  })

  it('waits for who reads a state, and refuses a reader whose state went', async () => {
    const store = await open(await storeOf(made.dump))
    const early = store.stateAt(3)!
    const release = store.lease(5)
    await pruneTo(store, { blocksFrom: 10, statesFrom: 10 })
    expect(store.held).toEqual({ blocksFrom: 5, statesFrom: 5 })
    expect(() => early.get(keys[0]!)).toThrow(
      expect.objectContaining({ code: 'BLOCK_PRUNED', meta: { height: 3, blocksFrom: 5, statesFrom: 5 } }),
    )
    release()
    release()
    await pruneTo(store, { blocksFrom: 10, statesFrom: 10 })
    expect(store.held).toEqual({ blocksFrom: 10, statesFrom: 10 })
    await pruneTo(store, { blocksFrom: 1_000, statesFrom: 1_000 })
    expect(store.held).toEqual({ blocksFrom: BLOCKS, statesFrom: BLOCKS })
  })

  it('a proof under way keeps its state', async () => {
    const store = await open(await storeOf(made.dump))
    const proof = store.stateProof(2, keys.slice(0, 5))
    const pruned = pruneTo(store, { blocksFrom: 20, statesFrom: 20 })
    expect(await proof).toEqual(await archive.stateProof(2, keys.slice(0, 5)))
    await pruned
  })

  it('stays behind the commits of a chain that goes on at the same time', async () => {
    const kv = new MemoryStore()
    const maker = await makerOver(kv)
    await maker.run(20)
    const pruning = pruneTo(maker.chain, { blocksFrom: 8, statesFrom: 15 })
    await maker.run(BLOCKS - 20)
    await pruning
    expect(maker.chain.head.hash).toEqual(archive.head.hash)
    await expectAnswers(maker.chain, { blocksFrom: 8, statesFrom: 15 })
  })
})

describe('retention', () => {
  it('is never below the unbonding time and two epochs', () => {
    const params = { epochBlocks: 40, unbondingEpochs: 3 }
    expect(leastRetention(params)).toEqual({ blocks: 120, states: 80 })
    expect(retentionOf({ mode: 'full', keepBlocks: 0, keepStates: 0 }, params)).toEqual({ blocks: 120, states: 80 })
    expect(retentionOf({ mode: 'full', keepBlocks: 500, keepStates: 900 }, params)).toEqual({
      blocks: 900,
      states: 900,
    })
    expect(retentionOf({ mode: 'archive', keepBlocks: 0, keepStates: 0 }, params)).toBeUndefined()
  })
})

async function sameContent(a: KvStore, b: KvStore): Promise<boolean> {
  const content = async (store: KvStore): Promise<string[]> => {
    const rows: string[] = []
    for await (const [key, value] of store.entries()) rows.push(`${toHex(key)} ${toHex(value)}`)
    return rows
  }
  const [first, second] = [await content(a), await content(b)]
  expect(first.length).toBe(second.length)
  return first.every((row, i) => row === second[i])
}
