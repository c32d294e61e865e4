import { beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../core/hash.ts'
import { type KvReader, MemoryStore } from '../../core/kv.ts'
import { halvesOf, positionLevel, ROOT_POSITION, verifyRange } from '../../core/smt/index.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import { PREFIX } from './layout.ts'
import { readChunk, readReceipts } from './snapshot-read.ts'
import { loneValue, VersionedValues } from './versioned-values.ts'

const BLOCKS = 25
let maker: ChainMaker

beforeAll(async () => {
  maker = await ChainMaker.open(new MemoryStore(), { users: 20 })
  await maker.run(BLOCKS)
})

describe('reading a state in ranges', () => {
  it('gives every record of every past state, and only these, each half under its root', async () => {
    const { chain } = maker
    const keys: Uint8Array[] = []
    for await (const [key] of chain.kv.entries({ gte: PREFIX.value, lt: PREFIX.valueHistory })) keys.push(key.slice(1))
    for (const height of [0, 1, 12, 19, BLOCKS]) {
      const state = chain.stateAt(height)!
      const { stateRoot } = chain.blockAt(height)!.block.header
      const found: Uint8Array[] = []
      for (const position of halvesOf(ROOT_POSITION)) {
        const chunk = await readChunk(chain, height, position)
        if (chunk.kind !== 'records') throw new Error(chunk.kind)
        const leaves = chunk.records.map(({ key, value }) => ({ key, valueHash: sha256(value) }))
        verifyRange(stateRoot, position, leaves, chunk.proof)
        for (const { key, value } of chunk.records) expect(value).toEqual(state.get(key))
        found.push(...chunk.records.map(({ key }) => key))
      }
      expect(found).toEqual(keys.filter((key) => state.get(key) !== undefined))
    }
  })

  it('says how much deeper answers fit, and never splits what is one record', async () => {
    const chunk = await readChunk(maker.chain, BLOCKS, ROOT_POSITION, 1_000)
    expect(chunk.kind).toBe('split')
    const bits = chunk.kind === 'split' ? chunk.bits : 0
    expect(bits).toBeGreaterThan(2)
    expect(bits).toBeLessThan(9)
    let position: Uint8Array = ROOT_POSITION
    let answer = chunk
    while (answer.kind === 'split') {
      position = halvesOf(position)[0]
      answer = await readChunk(maker.chain, BLOCKS, position, 1)
    }
    expect(answer.kind === 'records' && answer.records.length).toBeLessThan(2)
    expect(positionLevel(position)).toBeLessThan(20)
  })

  it('has no state above the head, and none that is pruned', async () => {
    expect(await readChunk(maker.chain, BLOCKS + 1, ROOT_POSITION)).toEqual({ kind: 'unheld' })
    const pruned = await ChainMaker.open(new MemoryStore(), { users: 20 })
    await pruned.run(8)
    while (await pruned.chain.prune({ blocksFrom: 5, statesFrom: 5 }));
    expect(await readChunk(pruned.chain, 4, ROOT_POSITION)).toEqual({ kind: 'unheld' })
    expect((await readChunk(pruned.chain, 5, ROOT_POSITION)).kind).toBe('records')
    expect(readReceipts(pruned.chain, 4, 2)).toEqual([])
    expect(readReceipts(pruned.chain, 5, 100)).toHaveLength(4)
  })

  it('gives receipts of as many blocks as are asked for', () => {
    const receipts = readReceipts(maker.chain, 3, 5)
    expect(receipts).toEqual([3, 4, 5, 6, 7].map((height) => maker.chain.blockAt(height)!.receipts))
    expect(readReceipts(maker.chain, BLOCKS + 1, 5)).toEqual([])
  })
})

describe('a lone value', () => {
  it('is what the first commit of a key writes', () => {
    const nothing: KvReader = { get: () => undefined, entries: async function* () {} }
    const treeKey = sha256(Uint8Array.of(1))
    for (const value of [new Uint8Array(0), Uint8Array.of(1, 2, 3)]) {
      const [first] = new VersionedValues(nothing).commit(2 ** 40 + 7, [{ treeKey, value }])
      expect(loneValue(2 ** 40 + 7, treeKey, value)).toEqual(first)
    }
  })
})
