/**
 * A node under every flood we know (attacks.ts), from a process of its own: memory and event-loop delay stay bounded, the
 * attacker is banned where it did what only an attacker does, and traffic between two honest nodes through the attacked one
 * goes on throughout.
 */
import { emptyAnswer } from '../../p2p/empty-answer.ts'
import '../../p2p/polyfill.ts'
import { type ChildProcess, spawn } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'
import vm from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bls } from '../../core/bls.ts'
import { concatBytes, equalBytes, type Hash, toHex, u32be, utf8, ZERO_HASH } from '../../core/bytes.ts'
import type { P2pEvent, P2pOptions } from '../../p2p/options.ts'
import { P2pNode } from '../../p2p/p2p-node.ts'
import type { NetworkMessage, TransportHandlers } from '../../p2p/transport.ts'
import type { Command } from './attacker-process.ts'
import type { AttackName, Outcome } from './attacks.ts'

const MIB = 1 << 20
/** What an attack may add at its worst moment, garbage and all: the queues (90 MB), answers under way, and room. */
const MAX_GROWTH_BYTES = 256 * MIB
/** And what may be left of all attacks together. */
const MAX_LEFT_BYTES = 100 * MIB
/**
 * Not how fast, but that it stays bounded: the longest time that timers, and so consensus, had to wait. With nothing to stop
 * the floods it grows as long as they last.
 */
const MAX_DELAY_MS = 5_000
const HONEST_EVERY_MS = 50
const MAX_PEERS_PER_ADDRESS = 40

const genesisHash: Hash = new Uint8Array(32).fill(0xf1)
const MARK = utf8('honest')
const isHonest = (message: NetworkMessage): boolean =>
  message.type === 'transactions' && message.transactions.every((raw) => equalBytes(raw.subarray(0, MARK.length), MARK))

/** Passes on what is marked, and takes the rest for old: nobody is punished for what it says here, only for how much. */
const handlers = (heard: (message: NetworkMessage) => void): TransportHandlers => ({
  message: (_, message) => {
    if (!isHonest(message)) return 'ignore'
    heard(message)
    return 'accept'
  },
  request: async (_, request) =>
    emptyAnswer(request, { genesisHash, height: 1, hash: ZERO_HASH, blocksFrom: 0, statesFrom: 0 }),
})

const nodes: P2pNode[] = []
const events: P2pEvent[] = []
let attackers: ChildProcess | undefined
let outcomes: AsyncIterator<string> | undefined

async function start(seed: number, options: Partial<P2pOptions> = {}): Promise<P2pNode> {
  const node = await P2pNode.start({
    genesisHash,
    identity: new Uint8Array(32).fill(seed),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    networkDelayMs: 400,
    agent: 'quern/test',
    bls,
    ...options,
  })
  nodes.push(node)
  return node
}

async function until(what: string, isSo: () => boolean, withinMs = 10_000): Promise<void> {
  const end = Date.now() + withinMs
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** From `left` through the target to `right`, by gossip; from `left` to the target, by stream. */
const honest = { sent: 0, arrived: new Set<string>(), byStream: new Set<string>() }
let honestTimer: NodeJS.Timeout | undefined
let left: P2pNode
let right: P2pNode
let usedAtStart = 0
let target: P2pNode

beforeAll(async () => {
  left = await start(1)
  right = await start(2)
  target = await start(3, {
    // Dialled by the target: persistent peers have their places whoever else comes from this host.
    persistentPeers: [left.multiaddrs[0]!, right.multiaddrs[0]!],
    maxPeers: 40,
    maxPeersPerAddress: MAX_PEERS_PER_ADDRESS,
    onEvent: (event) => events.push(event),
  })
  left.transport.start(handlers(() => {}))
  right.transport.start(handlers((message) => honest.arrived.add(keyOf(message))))
  target.transport.start(handlers((message) => honest.byStream.add(keyOf(message))))
  const program = fileURLToPath(new URL('./attacker-process.ts', import.meta.url))
  attackers = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  outcomes = readline.createInterface({ input: attackers.stdout! })[Symbol.asyncIterator]()
  expect((await outcomes.next()).value).toBe('"ready"')
  await until('the three are connected', () => target.peers().length === 2)
  honestTimer = setInterval(sayHonestly, HONEST_EVERY_MS)
  await until('gossip goes through', () => honest.arrived.size >= 5)
  collectGarbage()
  usedAtStart = used()
})

afterAll(async () => {
  clearInterval(honestTimer)
  attackers?.kill('SIGKILL')
  await Promise.all(nodes.map((node) => node.stop()))
})

const keyOf = (message: NetworkMessage): string =>
  message.type === 'transactions' ? toHex(message.transactions[0]!) : message.type

function sayHonestly(): void {
  const raw = concatBytes(MARK, u32be(honest.sent++), new Uint8Array(100))
  left.transport.broadcast({ type: 'transactions', transactions: [raw] })
  const direct = concatBytes(MARK, utf8('direct'), u32be(honest.sent), new Uint8Array(100))
  left.transport.send(target.id, { type: 'transactions', transactions: [direct] })
}

const used = (): number => {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function suffer(attack: AttackName): Promise<Outcome> {
  const before = used()
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  let most = before
  const sampler = setInterval(() => {
    most = Math.max(most, used())
  }, 20)
  const command: Command = { attack, address: target.multiaddrs[0]!, genesis: toHex(genesisHash) }
  attackers!.stdin!.write(`${JSON.stringify(command)}\n`)
  const outcome = JSON.parse((await outcomes!.next()).value) as Outcome & { readonly failure?: string }
  clearInterval(sampler)
  delay.disable()
  expect(outcome.failure).toBeUndefined()
  expect(outcome.sent).toBeGreaterThan(0)
  expect((most - before) / MIB, 'memory, MiB').toBeLessThan(MAX_GROWTH_BYTES / MIB)
  expect(delay.max / 1e6, 'event-loop delay, ms').toBeLessThan(MAX_DELAY_MS)
  return outcome
}

/** Node.js takes the flag at run time; the function then is there in new contexts. */
function collectGarbage(): void {
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc') as () => void
  collect()
}

const bannedPeers = (): string[] => events.flatMap((event) => (event.type === 'banned' ? [event.peer] : []))

/** Everything said while the attack went on has arrived, or does soon. */
async function everythingHonestArrived(before: number): Promise<void> {
  const said = honest.sent - before
  expect(said).toBeGreaterThan(0)
  const wanted = honest.sent
  await until('honest gossip arrived', () => honest.arrived.size >= wanted)
  await until('honest messages by stream arrived', () => honest.byStream.size >= 2 * wanted)
  expect(target.peers().map(({ id }) => id)).toEqual(expect.arrayContaining([left.id, right.id]))
  const penalised = events.flatMap((event) => (event.type === 'penalty' ? [event.peer] : []))
  expect(penalised.filter((peer) => peer === left.id || peer === right.id)).toEqual([])
}

describe('floods', () => {
  const BANNED: readonly AttackName[] = [
    'votes by stream',
    'certificates by stream',
    'proposals by stream',
    'evidence by stream',
    'transactions by stream',
    'votes by gossip',
    'certificates by gossip',
    'proposals by gossip',
    'evidence by gossip',
    'transactions by gossip',
    'requests for ranges',
    'requests for certificates',
    'requests for state',
    'requests for receipts',
    'requests for edges',
    'requests for headers',
    'requests for proofs',
    'requests for results',
    'lengths that lie',
    'lengths that lie, in requests',
    'lists that are too long',
  ]

  it.each(BANNED)('%s: the attacker is banned, and nobody else notices', async (attack) => {
    const before = honest.sent
    const { peers, isShut, isBack } = await suffer(attack)
    expect(bannedPeers()).toEqual(expect.arrayContaining([...peers]))
    expect({ isShut, isBack }).toEqual({ isShut: true, isBack: false })
    await everythingHonestArrived(before)
  })

  it('undecodable gossip: the attacker is shut out', async () => {
    const before = honest.sent
    const { isShut, isBack } = await suffer('undecodable gossip')
    expect({ isShut, isBack }).toEqual({ isShut: true, isBack: false })
    await everythingHonestArrived(before)
  })

  const BORNE: readonly AttackName[] = [
    'large proposals',
    'frames begun and never ended',
    'subscriptions',
    'gossip control lists',
    'silent streams',
  ]

  it.each(BORNE)('%s: cost little, and nobody else notices', async (attack) => {
    const before = honest.sent
    await suffer(attack)
    await everythingHonestArrived(before)
  })

  it('200 connections from one address: no more come in than may', async () => {
    const before = honest.sent
    const bans = bannedPeers().length
    const { peers, isShut } = await suffer('crowd')
    expect(isShut).toBe(true)
    // Those banned above count against the address, and the two honest nodes are of it.
    expect(peers.length).toBeGreaterThan(0)
    expect(peers.length).toBeLessThanOrEqual(MAX_PEERS_PER_ADDRESS - bans - 2)
    await everythingHonestArrived(before)
  })

  it('leave nothing behind', async () => {
    await until('attackers are gone', () => target.peers().length === 2)
    collectGarbage()
    expect((used() - usedAtStart) / MIB, 'memory kept, MiB').toBeLessThan(MAX_LEFT_BYTES / MIB)
    expect(bannedPeers().filter((peer) => peer === left.id || peer === right.id)).toEqual([])
  })
})
