/** Joining by state, cut off at every write of the store, and as a process that is killed: it goes on, or begins anew. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hexKey } from '../../core/bytes.ts'
import { type KvStore, MemoryStore } from '../../core/kv.ts'
import { randomStream } from '../../core/random.ts'
import { genesisEntry } from '../../node/genesis-entry.ts'
import { ChainStore } from '../../node/storage/chain-store.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { type Answer, FixturePeers, honest, joining, madeChain } from '../../node/sync/snapshot-fixture.ts'
import { SnapshotSync } from '../../node/sync/snapshot-sync.ts'
import type { ChainMaker } from '../../node/testing/chain-maker.ts'
import { dumpStore } from '../../node/testing/dump.ts'
import { FaultyStore, PowerCut } from './faulty-store.ts'

/** Three or four answers hold the state. */
const CHUNK_BYTES = 5_000
const HEIGHT = 24
/** The state that is pruned everywhere before it is whole. */
const PRUNED = 16
const LIVES = 6
const SEED = 7

let maker: ChainMaker
let whole: string[]

beforeAll(async () => {
  maker = await madeChain()
  const kv = new MemoryStore()
  await join(kv)
  whole = await contentOf(kv)
  const chain = await ChainStore.open(kv, genesisEntry(maker.genesis))
  expect(chain.state.root).toEqual(maker.chain.blockAt(HEIGHT)!.block.header.stateRoot)
})

const contentOf = async (kv: KvStore): Promise<string[]> =>
  (await dumpStore(kv)).map(([key, value]) => `${hexKey(key)} ${hexKey(value)}`)

const isWhole = async (kv: KvStore): Promise<boolean> => (await contentOf(kv)).join() === whole.join()

const join = (kv: KvStore, peer: Answer = honest(maker.chain, CHUNK_BYTES), height: () => number = () => HEIGHT) =>
  new SnapshotSync({
    kv,
    ...joining(maker, new FixturePeers({ peer })),
    trusted: async () => maker.chain.blockAt(height())!.block,
  }).run()

/** Cuts a run at each of its writes, and looks what the next one makes of what is left. @returns how many there were */
async function cutEverywhere(
  run: (kv: KvStore) => Promise<unknown>,
  again: (kv: KvStore) => Promise<unknown>,
): Promise<number> {
  for (let atWrite = 1; ; atWrite++) {
    for (const isWritten of [false, true]) {
      const disk = new MemoryStore()
      const cut = await run(new FaultyStore(disk, { atWrite, isWritten })).then(
        () => false,
        (error: unknown) => {
          if (error instanceof PowerCut) return true
          throw error
        },
      )
      if (!cut) return atWrite - 1
      if (!(await isWhole(disk))) await again(disk)
      expect(await isWhole(disk), `cut at write ${atWrite}, ${isWritten ? 'written' : 'lost'}`).toBe(true)
    }
  }
}

describe('joining by state, cut off', () => {
  it('is whole in the end, to the byte, whichever write was the last', async () => {
    const run = (kv: KvStore) => join(kv)
    expect(await cutEverywhere(run, run)).toBeGreaterThan(5)
  })

  it('keeps nothing of a state that was given up', async () => {
    const run = (kv: KvStore) => {
      let isGone = false
      const pruning: Answer = async (request) => {
        if (request.type !== 'chunk' || request.height === HEIGHT) return honest(maker.chain, CHUNK_BYTES)(request)
        if (isGone) return { type: 'chunk', chunk: { kind: 'unheld' } }
        const answer = await honest(maker.chain, CHUNK_BYTES)(request)
        isGone = answer?.type === 'chunk' && answer.chunk.kind === 'records' && answer.chunk.records.length > 1
        return answer
      }
      return join(kv, pruning, () => (isGone ? HEIGHT : PRUNED))
    }
    const pruned: Answer = async (request) => {
      if (request.type === 'chunk' && request.height === PRUNED) return { type: 'chunk', chunk: { kind: 'unheld' } }
      return honest(maker.chain, CHUNK_BYTES)(request)
    }
    expect(await cutEverywhere(run, (kv) => join(kv, pruned))).toBeGreaterThan(8)
  })
})

describe('a process that joins by state', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-snapshot-'))
  afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

  it('ends with the same store after kill -9 at any time', async () => {
    const random = randomStream(SEED, 'kills')
    let told = 0
    for (let life = 0; life < LIVES; life++) {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', `${import.meta.dirname}/snapshot-process.ts`, directory],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      const isLast = life === LIVES - 1
      // Some answers after the first one of this life, at an instant of the process' own.
      const after = random.between(1, 6)
      let lines = 0
      child.stdout.on('data', (data: Buffer) => {
        lines += data.toString().split('\n').length - 1
        if (!isLast && lines >= after) child.kill('SIGKILL')
      })
      const code = await new Promise((resolve) => child.on('exit', resolve))
      if (isLast) expect(code).toBe(0)
      told += lines
    }
    expect(told).toBeGreaterThan(LIVES)
    const store = await LevelStore.open(directory)
    try {
      expect(await isWhole(store)).toBe(true)
    } finally {
      await store.close()
    }
  })
})
