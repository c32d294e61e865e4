/**
 * `quern start` under kill -9: four validators, each its own process on loopback, one of which is killed at moments that a seed
 * draws, while it starts as well. Between its lives its disk is read: what it told its user is final is there, and over all
 * lives nothing that it signed contradicts another; nor does any of the others see it equivocate.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FAST_PARAMS, type TestKey, testGenesis, testKey } from '../../consensus/testing/chain.ts'
import { toHex } from '../../core/bytes.ts'
import { randomStream } from '../../core/random.ts'
import { writeHome } from '../../node/config/home.ts'
import { homePaths } from '../../node/config/home-paths.ts'
import { genesisEntry } from '../../node/genesis-entry.ts'
import { ChainStore } from '../../node/storage/chain-store.ts'
import { Journal } from '../../node/storage/journal.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { makeBlsSecret } from '../../node/validator-key/key-file.ts'
import { registrationOf } from '../../node/validator-key/registration.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { type RunningCommand, Sandbox } from '../e2e/command.ts'
import { StatementBook, statementOf } from './statements.ts'

const VALIDATORS = 4
const VICTIM = 3
const LIVES = 5
/** Of which the first leaves a promise, unless the machine is very busy. */
const HELD_LIVES = 4
/** The first of these: a view fails after two network delays, and everybody signs that it did. */
const HELD_MS = 1_000
const SEED = 20_264
/** An epoch ends every second or so, so that kills fall into its end as well. */
const PARAMS = { ...FAST_PARAMS, blockIntervalMs: 100, networkDelayMs: 250, epochBlocks: 8 }
/** Blocks that the last life must add: more than an epoch. */
const LAST_BLOCKS = PARAMS.epochBlocks + 2

/** New ones for each run: a machine runs one process with a key, and tests run beside tests. */
const keys: readonly TestKey[] = Array.from({ length: VALIDATORS }, (_, i) => ({
  ...testKey(i),
  blsSecretKey: makeBlsSecret(),
}))

function genesisOfKeys(): Genesis {
  const genesis = testGenesis(VALIDATORS, PARAMS)
  const validators = genesis.validators.map((validator, i) => ({
    ...validator,
    ...registrationOf(keys[i]!, PARAMS.chainId),
  }))
  return { ...genesis, validators }
}

const genesis = genesisOfKeys()
let sandbox: Sandbox
beforeAll(() => {
  sandbox = new Sandbox()
})
afterAll(() => sandbox.remove())

const home = (i: number): string => sandbox.path(`node-${i}`)

async function start(i: number, peers: readonly string[]): Promise<RunningCommand> {
  await writeHome({
    home: home(i),
    genesis,
    config: {
      p2p: { listen: ['/ip4/127.0.0.1/tcp/0'], persistentPeers: peers },
      rpc: { port: 0 },
      log: { blocks: true },
    },
    validator: keys[i]!,
  })
  return sandbox.start(['start', '--json', '--home', home(i)])
}

type Line = { readonly event: string; readonly height?: number; readonly hash?: string } & Record<string, unknown>

const linesOf = (stdout: string): Line[] =>
  stdout
    .split('\n')
    // The last one may be cut by the kill.
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

const blocksOf = (lines: readonly Line[]): Line[] => lines.filter(({ event }) => event === 'block')

const isBlockFrom = (height: number) => (line: string) =>
  line.startsWith('{"event":"block"') && (JSON.parse(line) as { height: number }).height >= height

/** When a life ends. */
type Moment =
  /** So long after the process was begun: it may not even have opened its store. */
  | { readonly afterMs: number }
  | { readonly readyAndMs: number }
  | { readonly blocks: number }
  /** Once it takes part, so many others are stopped that what it signs becomes final nowhere. */
  | { readonly holding: readonly RunningCommand[]; readonly forMs: number }

/** One life of the victim. @returns what it told */
async function live(peers: readonly string[], moment: Moment, height: number): Promise<Line[]> {
  const node = await start(VICTIM, peers)
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  if ('afterMs' in moment) await pause(moment.afterMs)
  else if ('blocks' in moment) await node.line(isBlockFrom(height + moment.blocks))
  else if ('readyAndMs' in moment) await node.ready().then(() => pause(moment.readyAndMs))
  else {
    await node.line(isBlockFrom(height + 1))
    for (const other of moment.holding) other.signal('SIGSTOP')
    await pause(moment.forMs)
  }
  const { code, stdout, stderr } = await node.stop('SIGKILL')
  if ('holding' in moment) for (const other of moment.holding) other.signal('SIGCONT')
  expect({ code, stderr }, JSON.stringify(moment)).toEqual({ code: null, stderr: '' })
  return linesOf(stdout)
}

/** Hash of each final block in the victim's store. Adds what its journal promises. */
async function inspect(book: StatementBook): Promise<readonly string[]> {
  const kv = await LevelStore.open(homePaths(home(VICTIM)).data)
  try {
    const store = await ChainStore.open(kv, genesisEntry(genesis))
    const { records } = await Journal.open(kv)
    for (const statement of records.flatMap((record) => statementOf('victim', record) ?? [])) book.add(statement)
    const { height } = store.head.header
    return Array.from({ length: height + 1 }, (_, h) => toHex(store.blockAt(h)!.block.hash))
  } finally {
    await kv.close()
  }
}

it(`a validator killed ${LIVES} times keeps every promise (seed ${SEED})`, async () => {
  const random = randomStream(SEED, 'faults').below
  const others: RunningCommand[] = []
  const peers: string[] = []
  for (let i = 0; i < VALIDATORS; i++) {
    if (i === VICTIM) continue
    const node = await start(i, peers)
    others.push(node)
    const { multiaddrs } = (await node.ready()) as unknown as { readonly multiaddrs: readonly string[] }
    peers.push(...multiaddrs)
  }

  const book = new StatementBook()
  /** What the victim told, in any life. */
  const told = new Map<number, string>()
  let chain: readonly string[] = []
  const check = async (lines: readonly Line[]): Promise<void> => {
    chain = await inspect(book)
    for (const { height, hash } of blocksOf(lines)) told.set(height!, hash!)
    for (const [height, hash] of told) expect(chain[height], `block ${height}`).toBe(hash)
    expect(book.violations).toEqual([])
  }

  await check(await live(peers, { blocks: 2 }, 0))
  for (let life = 0; life < LIVES; life++) {
    const moments: readonly Moment[] = [
      { blocks: 1 + random(PARAMS.epochBlocks) },
      { afterMs: random(1_500) },
      { readyAndMs: random(300) },
    ]
    await check(await live(peers, moments[life % moments.length]!, chain.length - 1))
  }
  await check(await live(peers, { blocks: LAST_BLOCKS }, chain.length - 1))
  // What it signed stays in its journal until the view is final, so most lives end without a trace of it: one must not.
  for (let life = 0; life < HELD_LIVES && book.size === 0; life++) {
    await check(await live(peers, { holding: others.slice(1), forMs: HELD_MS * 2 ** life }, chain.length - 1))
  }
  expect(told.size).toBeGreaterThan(LAST_BLOCKS)
  expect(book.size).toBeGreaterThan(0)

  for (const node of others) {
    await node.line(isBlockFrom(chain.length - 1))
    const { code, stdout, stderr } = await node.stop()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = linesOf(stdout)
    for (const { height, hash } of blocksOf(lines)) expect(hash, `block ${height}`).toBe(chain[height!] ?? hash)
    expect(lines.filter(({ event }) => event === 'equivocation')).toEqual([])
  }
}, 240_000)
