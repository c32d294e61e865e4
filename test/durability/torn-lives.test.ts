/**
 * A validator whose power goes again and again in the middle of a write, with the log of its LevelDB store cut at any byte of
 * it, among others that go on: each life starts on what the last one left, and the next tear may hit what it just restored.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { FAST_PARAMS } from '../../consensus/testing/chain.ts'
import type { KvOperation, KvReader, KvStore } from '../../core/kv.ts'
import { randomStream } from '../../core/random.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { Cluster, chainOf } from '../../node/testing/cluster.ts'
import { PowerCut } from './faulty-store.ts'
import { type Disk, putDisk, RecordedStore } from './recorded-store.ts'
import { StatementBook, statementOf } from './statements.ts'
import { tapped } from './tapped-transport.ts'

const PARAMS = { ...FAST_PARAMS, blockIntervalMs: 5, networkDelayMs: 40 }
const VALIDATORS = 4
const ME = 3
const ID = `node-${ME}`
const LIVES = 40
/** Writes in one life at most: votes and commits of some views. */
const MAX_WRITES = 8
const SEED = 20_263

/** The power goes in the middle of one write. What was on the disk then is in `torn`. */
class TearingStore implements KvStore {
  readonly #store: RecordedStore
  readonly #atWrite: number
  /** Part of the write's bytes that reach the disk, 0 to 1. */
  readonly #part: number
  #writes = 0
  torn: { readonly disk: Disk; readonly bytes: Uint8Array } | undefined

  constructor(store: RecordedStore, atWrite: number, part: number) {
    this.#store = store
    this.#atWrite = atWrite
    this.#part = part
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#store.get(key)
  }

  entries(range?: Parameters<KvReader['entries']>[0]): ReturnType<KvReader['entries']> {
    return this.#store.entries(range)
  }

  async write(operations: readonly KvOperation[], options?: { readonly sync?: boolean }): Promise<void> {
    if (++this.#writes > this.#atWrite) throw new PowerCut('no power')
    await this.#store.write(operations, options)
    if (this.#writes < this.#atWrite) return
    const { from, to } = this.#store.writes.at(-1)!
    const disk = this.#store.disk()
    this.torn = { disk, bytes: disk.bytes.subarray(0, from + Math.floor((to - from) * this.#part)) }
    throw new PowerCut(`power cut at write ${this.#writes}`)
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}

let cluster: Cluster
let directory: string
afterEach(async () => {
  await cluster.stopAll()
  fs.rmSync(directory, { recursive: true, force: true })
})

it(`torn in ${LIVES} lives, a validator comes back, agrees, and never contradicts itself (seed ${SEED})`, async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-torn-'))
  const folder = path.join(directory, ID)
  cluster = new Cluster(VALIDATORS, PARAMS)
  const book = new StatementBook()
  const evidence: unknown[] = []
  const random = randomStream(SEED, 'faults').below
  const others = await Promise.all(
    [0, 1, 2].map((i) => cluster.start(i, { onEvidence: (found) => evidence.push(found) })),
  )

  /** @param isCut whether the power of this life is gone: what still runs then runs on what no power would show it */
  const live = async (store: KvStore, end: () => void, isCut = () => false): Promise<ChainNode> => {
    const transport = tapped(cluster.hub.connect(ID), (message) => {
      const statement = message.type === 'consensus' ? statementOf(ID, message.message) : undefined
      if (statement !== undefined) book.add(statement)
      return [message]
    })
    return cluster.start(ME, {
      store,
      transport,
      onFailure: (error) => {
        if (error instanceof PowerCut || isCut()) end()
        else cluster.failures.push(error)
      },
    })
  }

  for (let life = 0; life < LIVES; life++) {
    // Both ends often: nothing of the write, and all of it.
    const part = [0, 1, random(1_000) / 1_000, random(1_000) / 1_000][random(4)]!
    const recorded = await RecordedStore.open(folder)
    const store = new TearingStore(recorded, 1 + random(MAX_WRITES), part)
    const cut = new Promise<void>((resolve) => {
      const isCut = (): boolean => store.torn !== undefined
      void live(store, resolve, isCut).catch((error: unknown) => {
        // Cut while the store was begun.
        if (!(error instanceof PowerCut || isCut())) cluster.failures.push(error)
        resolve()
      })
    })
    await Promise.race([cut, cluster.until(others[0]!, () => store.torn !== undefined)])
    await cut
    // As above: it may end with what it met after the cut.
    await cluster.stop(ME).catch(() => {})
    await recorded.close()
    expect(store.torn, `life ${life}`).toBeDefined()
    putDisk(folder, store.torn!.disk, store.torn!.bytes)
    expect(book.violations, `life ${life}`).toEqual([])
  }

  const disk = await LevelStore.open(folder)
  const back = await live(disk, () => {})
  const height = others[0]!.finalized().height + PARAMS.epochBlocks
  for (const node of [...others, back]) await cluster.until(node, height)
  for (const node of others) expect(chainOf(back, height)).toEqual(chainOf(node, height))
  expect(book.violations).toEqual([])
  expect(evidence).toEqual([])
  await cluster.stopAll()
  await disk.close()
})
