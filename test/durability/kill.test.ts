/**
 * kill -9 at random moments, round after round on the same stores. After each: what was reported final is there, in every
 * store the same; every statement that left a validator was on its disk before; and over all lives none contradicts another.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { testGenesis } from '../../consensus/testing/chain.ts'
import { fromHex, toHex } from '../../core/bytes.ts'
import { randomStream } from '../../core/random.ts'
import { genesisEntry } from '../../node/genesis-entry.ts'
import { ChainStore } from '../../node/storage/chain-store.ts'
import { Journal } from '../../node/storage/journal.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { FOLLOWER, KILL_PARAMS, NODES, STATEMENT_LOG, VALIDATORS } from './kill-plan.ts'
import { StatementBook, statementKey, statementOf } from './statements.ts'

const PROGRAM = fileURLToPath(new URL('validators-process.ts', import.meta.url))
const ROUNDS = 9
const SEED = 20_261
/** Blocks that the last life must add: more than an epoch. */
const LAST_BLOCKS = 2 * KILL_PARAMS.epochBlocks

/** When a round's kill comes. */
type Moment =
  /** So long after the process said that it is ready: also before its first block. */
  | { readonly afterMs: number }
  /** As soon as some node reports a block at this place of an epoch: 0 is the last one. */
  | { readonly atPlace: number; readonly node: number }
  /** When the follower has so many more blocks. */
  | { readonly blocks: number }

/** What was reported final, by any node in any life. */
class Reported {
  readonly hashes = new Map<number, string>()
  readonly transfers = new Map<string, number>()
  readonly heights = Array.from({ length: NODES }, () => 0)

  take(line: string): void {
    const [what, node, height, hash] = line.split(' ')
    if (hash === undefined) return
    if (what === 'transfer') this.transfers.set(hash, Number(height))
    if (what !== 'final') return
    const known = this.hashes.get(Number(height))
    if (known !== undefined) expect(hash, `block ${height} as node ${node} has it`).toBe(known)
    this.hashes.set(Number(height), hash)
    this.heights[Number(node)] = Math.max(this.heights[Number(node)]!, Number(height))
  }
}

let running: ChildProcess | undefined
let directory: string | undefined
afterEach(() => {
  running?.kill('SIGKILL')
  if (directory !== undefined) fs.rmSync(directory, { recursive: true, force: true })
})

/** One life: started, killed at its moment, and read to its last line. */
async function live(into: string, moment: Moment, reported: Reported): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, into], { stdio: ['ignore', 'pipe', 'pipe'] })
  running = child
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  const startedAt = reported.heights[FOLLOWER]!
  let rest = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      reported.take(line)
      const [what, node, height] = line.split(' ')
      const isTime =
        ('atPlace' in moment &&
          what === 'final' &&
          Number(node) === moment.node &&
          Number(height) % KILL_PARAMS.epochBlocks === moment.atPlace) ||
        ('blocks' in moment && reported.heights[FOLLOWER]! >= startedAt + moment.blocks)
      if (isTime) child.kill('SIGKILL')
      if ('afterMs' in moment && line === 'ready') setTimeout(() => child.kill('SIGKILL'), moment.afterMs)
    }
  })
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('close', (...end) => resolve(end))
  })
  expect({ code, signal, complaints }).toEqual({ code: null, signal: 'SIGKILL', complaints: '' })
}

const genesis = testGenesis(VALIDATORS, KILL_PARAMS)

/** Opens every store as the next life will, and compares. */
async function inspect(
  into: string,
  reported: Reported,
): Promise<{ readonly hashes: string[][]; violations: string[] }> {
  const book = new StatementBook()
  const lines = fs.readFileSync(path.join(into, STATEMENT_LOG), 'utf8').split('\n')
  // Only a line that was being written when the process died may be cut.
  const said = lines.slice(0, -1).map((line) => {
    const [node, kind, epoch, view, hash] = line.split(' ')
    return { node: node!, kind: kind as 'notarize', epoch: Number(epoch), view: Number(view), hash: hash! }
  })
  for (const statement of said) book.add(statement)
  const hashes: string[][] = []
  for (let i = 0; i < NODES; i++) {
    const id = `node-${i}`
    const kv = await LevelStore.open(path.join(into, id))
    const store = await ChainStore.open(kv, genesisEntry(genesis))
    const journal = await Journal.open(kv)
    const { height } = store.head.header
    expect(height, `final height of ${id}`).toBeGreaterThanOrEqual(reported.heights[i]!)
    hashes.push(Array.from({ length: height + 1 }, (_, h) => toHex(store.blockAt(h)!.block.hash)))
    for (const [hash, at] of reported.transfers) {
      if (at <= height) expect(store.transactionPlace(fromHex(hash))?.height, `${hash} in ${id}`).toBe(at)
    }
    const promised = journal.records.flatMap((record) => statementOf(id, record) ?? [])
    const promisedKeys = new Set(promised.map(statementKey))
    const { epoch, view } = store.head.header
    const isOpen = (s: { epoch: number; view: number }) => s.epoch > epoch || (s.epoch === epoch && s.view > view)
    // S7: what others may have heard about open views is on the disk.
    const forgotten = said.filter((s) => s.node === id && isOpen(s) && !promisedKeys.has(statementKey(s)))
    expect(forgotten.map(statementKey)).toEqual([])
    for (const statement of promised) book.add(statement)
    await kv.close()
  }
  for (const [height, hash] of reported.hashes) {
    for (const chain of hashes) expect(chain[height] ?? hash, `block ${height}`).toBe(hash)
  }
  return { hashes, violations: book.violations }
}

it(`validators killed ${ROUNDS} times at random moments keep every promise (seed ${SEED})`, async () => {
  const into = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-kill-'))
  directory = into
  const random = randomStream(SEED, 'faults').below
  const reported = new Reported()
  for (let round = 0; round < ROUNDS; round++) {
    const isTimed = round % 2 === 0
    const moment: Moment = isTimed ? { afterMs: random(600) } : { atPlace: random(2), node: random(NODES) }
    await live(into, moment, reported)
    expect((await inspect(into, reported)).violations, `round ${round}: ${JSON.stringify(moment)}`).toEqual([])
  }
  const before = reported.heights[FOLLOWER]!
  await live(into, { blocks: LAST_BLOCKS }, reported)
  const { hashes, violations } = await inspect(into, reported)
  expect(violations).toEqual([])
  expect(reported.heights[FOLLOWER]).toBeGreaterThanOrEqual(before + LAST_BLOCKS)
  const shared = Math.min(...hashes.map((chain) => chain.length))
  for (const chain of hashes) expect(chain.slice(0, shared)).toEqual(hashes[0]!.slice(0, shared))
  expect(reported.transfers.size).toBeGreaterThan(10)
}, 120_000)
