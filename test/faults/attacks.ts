/** What a peer can do to a node, each as one function of a connected attacker. */
import net from 'node:net'
import type { Stream } from '@libp2p/interface'
import { MAX_BLOCK_BYTES, makeBlock } from '../../consensus/block.ts'
import { SAMPLE_BLOCK, SAMPLE_CERTIFICATE } from '../../consensus/testing/arbitraries.ts'
import { concatBytes, type Hash, u32be, ZERO_HASH } from '../../core/bytes.ts'
import { encodeRlp, type RlpItem } from '../../core/rlp.ts'
import { ROOT_POSITION } from '../../core/smt/index.ts'
import { wholeEnvelope } from '../../p2p/envelope.ts'
import { encodeFrame } from '../../p2p/frames.ts'
import type { Topic } from '../../p2p/protocols.ts'
import type { NetworkMessage, PeerRequest } from '../../p2p/transport.ts'
import { encodeNetworkMessage, encodeRequest } from '../../p2p/wire.ts'
import type { LightRequest } from '../../p2p/wire-light.ts'
import { Attacker } from './attacker.ts'

export interface Target {
  readonly address: string
  readonly genesisHash: Hash
}

export interface Outcome {
  /** Identities that were used. */
  readonly peers: readonly string[]
  /** Messages, frames, requests or connections that were sent off. */
  readonly sent: number
  /** The target ended the connection. */
  readonly isShut: boolean
  /** And lets the same identity in again, as often as that tried. */
  readonly isBack: boolean
}

/** Time for an attack that the target does not end. */
const LIMIT_MS = 8_000

async function attack(target: Target, run: (attacker: Attacker) => Promise<number>): Promise<Outcome> {
  const attacker = await Attacker.connect(target.address, target.genesisHash)
  const until = setTimeout(() => attacker.connection.abort(new Error('out of time')), LIMIT_MS)
  try {
    const sent = await run(attacker)
    const isShut = await attacker.shut(1_000)
    return { peers: [attacker.id], sent, isShut, isBack: isShut && (await attacker.comeBack()) }
  } finally {
    clearTimeout(until)
    await attacker.stop()
  }
}

// ------------------------------------------------------------------------------------------------------ by stream

const signature = new Uint8Array(96).fill(7)
/** As large as a block may be. */
const largeBlock = makeBlock({ ...SAMPLE_BLOCK, transactions: [new Uint8Array(MAX_BLOCK_BYTES - 2_048)] })

const MESSAGES: Readonly<
  Record<'vote' | 'certificate' | 'proposal' | 'evidence' | 'transactions', (i: number) => NetworkMessage>
> = {
  vote: (i) => ({
    type: 'consensus',
    message: {
      type: 'vote',
      vote: { kind: 'nullify', epoch: 0, view: i, blockHash: ZERO_HASH, validator: i % 100, signature },
    },
  }),
  certificate: (i) => ({
    type: 'consensus',
    message: { type: 'certificate', certificate: { ...SAMPLE_CERTIFICATE, view: i } },
  }),
  proposal: (i) => ({
    type: 'consensus',
    message: { type: 'proposal', proposal: { epoch: 0, view: i, block: SAMPLE_BLOCK, signature } },
  }),
  evidence: (i) => ({
    type: 'evidence',
    evidence: {
      validator: new Uint8Array(20),
      epoch: 0,
      view: i,
      first: { type: 'notarize', blockHash: new Uint8Array(32).fill(1), signature },
      second: { type: 'notarize', blockHash: new Uint8Array(32).fill(2), signature },
    },
  }),
  transactions: (i) => ({ type: 'transactions', transactions: [concatBytes(u32be(i), new Uint8Array(100))] }),
}

type MessageName = keyof typeof MESSAGES

/** A hundred times the largest bucket; no type's limit lets that through in the time there is. */
const FLOOD: Readonly<Record<MessageName, number>> = {
  vote: 100 * 8_192,
  certificate: 100 * 1_024,
  proposal: 100 * 128,
  evidence: 100 * 64,
  transactions: 100 * 4_000,
}

const flood = (name: MessageName) => (target: Target) =>
  attack(target, async (attacker) => {
    const stream = await attacker.open(attacker.names.consensus)
    return attacker.pour(stream, (i) =>
      i >= FLOOD[name] ? undefined : encodeFrame(encodeNetworkMessage(MESSAGES[name](i))),
    )
  })

/** 256 MiB of them. */
const largeProposals = (target: Target) =>
  attack(target, async (attacker) => {
    const proposal = { epoch: 0, view: 1, block: largeBlock, signature }
    const frame = encodeFrame(encodeNetworkMessage({ type: 'consensus', message: { type: 'proposal', proposal } }))
    return attacker.pour(await attacker.open(attacker.names.consensus), (i) => (i >= 128 ? undefined : frame))
  })

// ------------------------------------------------------------------------------------------------------ by gossip

const TOPIC_OF: Readonly<Record<MessageName, Topic>> = {
  vote: 'vote',
  certificate: 'certificate',
  proposal: 'block',
  evidence: 'evidence',
  transactions: 'tx',
}

const gossipFlood = (name: MessageName) => (target: Target) =>
  attack(target, async (attacker) => {
    const topic = attacker.names.topic(TOPIC_OF[name])
    // As the node counts it: consensus stands in the slot of its time, the rest in slot 0. With D = 400 ms it is 1.6 s long.
    const slot = name === 'transactions' || name === 'evidence' ? 0 : Math.floor(Date.now() / 1_600)
    return attacker.pour(await attacker.openGossip(), (i) => {
      if (i >= FLOOD[name]) return undefined
      const data = wholeEnvelope(slot, encodeNetworkMessage(MESSAGES[name](i)))
      return attacker.gossip({ messages: [{ topic, data }] })
    })
  })

const undecodableGossip = (target: Target) =>
  attack(target, async (attacker) => {
    const topics = Object.values(TOPIC_OF)
    return attacker.pour(await attacker.openGossip(), (i) => {
      const topic = attacker.names.topic(topics[i % topics.length]!)
      return i >= 10_000 ? undefined : attacker.gossip({ messages: [{ topic, data: concatBytes(u32be(0), u32be(i)) }] })
    })
  })

const subscriptionFlood = (target: Target) =>
  attack(target, async (attacker) => {
    const stream = await attacker.openGossip()
    const perFrame = 60
    return attacker.pour(stream, (i) => {
      const name = (j: number) => `/quern/${i * perFrame + j}/${'x'.repeat(500)}`
      const subscriptions = Array.from({ length: perFrame }, (_, j) => ({ subscribe: true, topic: name(j) }))
      return i >= 500 ? undefined : attacker.gossip({ subscriptions })
    })
  })

const gossipLists = (target: Target) =>
  attack(target, async (attacker) => {
    const stream = await attacker.openGossip()
    const ids = Array.from({ length: 50_000 }, (_, i) => u32be(i))
    const topicID = attacker.names.topic('tx')
    const ihave = Array.from({ length: 10 }, () => ({ topicID, messageIDs: ids }))
    const iwant = Array.from({ length: 10 }, () => ({ messageIDs: ids }))
    const frame = attacker.gossip({ control: { ihave, iwant, graft: [], prune: [], idontwant: [] } })
    return attacker.pour(stream, (i) => (i >= 8 ? undefined : frame))
  })

// ----------------------------------------------------------------------------------------------------- bad frames

/** The same bytes on one new stream after the other. */
const onStreams = (attacker: Attacker, protocol: string, times: number, bytes: Uint8Array, ends = false) =>
  repeat(attacker, times, async () => {
    const stream = await attacker.open(protocol)
    stream.send(bytes)
    if (ends) await stream.close({ signal: AbortSignal.timeout(500) }).catch(() => {})
    // Time to answer, before the next.
    await new Promise((resolve) => setTimeout(resolve, 5))
  })

async function repeat(attacker: Attacker, times: number, act: (i: number) => Promise<void>): Promise<number> {
  let done = 0
  for (; done < times && attacker.isConnected; done++) {
    await act(done).catch(() => {})
    // Or what is refused at once would keep this process from seeing that the connection was shut.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return done
}

/** Announces 256 MiB, the most a length can say. */
const HUGE_LENGTH = Uint8Array.of(0xff, 0xff, 0xff, 0x7f)
/** Announces 2 MiB, which a message may have, and brings 16 bytes of it. */
const HALF_TOLD = concatBytes(Uint8Array.of(0x80, 0x80, 0x80, 0x01), new Uint8Array(16))

const lyingFrames = (target: Target) =>
  attack(target, (attacker) =>
    onStreams(attacker, attacker.names.consensus, 20, concatBytes(HUGE_LENGTH, new Uint8Array(1_000))),
  )

const lyingRequests = (target: Target) =>
  attack(target, (attacker) =>
    onStreams(attacker, attacker.names.blocks, 20, concatBytes(HUGE_LENGTH, new Uint8Array(1_000))),
  )

const halfTold = (target: Target) =>
  attack(target, (attacker) => onStreams(attacker, attacker.names.consensus, 100, HALF_TOLD))

const nested = (depth: number): RlpItem => (depth === 0 ? [] : [nested(depth - 1)])

const oversizedLists = (target: Target) =>
  attack(target, async (attacker) => {
    const stream = await attacker.open(attacker.names.consensus)
    const many = encodeRlp(Array.from({ length: 100_000 }, () => Uint8Array.of(1)))
    const shapes = [
      concatBytes(Uint8Array.of(2), many),
      concatBytes(Uint8Array.of(2), encodeRlp(nested(1_000))),
      concatBytes(Uint8Array.of(1, 1), many),
      concatBytes(Uint8Array.of(1, 2), many),
      concatBytes(Uint8Array.of(3), many),
      Uint8Array.of(1, 1),
    ]
    return attacker.pour(stream, (i) => (i >= 500 ? undefined : encodeFrame(shapes[i % shapes.length]!)))
  })

// ------------------------------------------------------------------------------------------------------- requests

type RequestName = 'range' | 'certificates' | 'chunk' | 'receipts' | LightRequest['type']

const REQUESTS: Readonly<Record<RequestName, PeerRequest>> = {
  range: { type: 'range', fromHeight: 1, count: 64 },
  certificates: { type: 'certificates', epoch: 0, fromView: 0, toView: 1_000 },
  chunk: { type: 'chunk', height: 1, position: ROOT_POSITION },
  receipts: { type: 'receipts', fromHeight: 1, count: 64 },
  edges: { type: 'edges', fromEpoch: 0, count: 64 },
  headers: { type: 'headers', fromHeight: 1, count: 64 },
  state: { type: 'state', height: 1, keys: [ZERO_HASH] },
  result: { type: 'result', of: { height: 1, index: 0 } },
}

const REQUEST_PROTOCOLS = {
  range: 'blocks',
  certificates: 'certificates',
  chunk: 'snapshot',
  receipts: 'snapshot',
  edges: 'light',
  headers: 'light',
  state: 'light',
  result: 'light',
} as const

const requestFlood = (name: keyof typeof REQUESTS) => (target: Target) =>
  attack(target, async (attacker) => {
    const protocol = attacker.names[REQUEST_PROTOCOLS[name]]
    const ask = async () => {
      const stream = await attacker.open(protocol)
      stream.send(encodeFrame(encodeRequest(REQUESTS[name])))
      await ended(stream)
      stream.abort(new Error('read'))
    }
    const lanes = Array.from({ length: 8 }, () => repeat(attacker, 3_000, ask))
    return (await Promise.all(lanes)).reduce((sum, asked) => sum + asked, 0)
  })

/** Answered, or shut. */
const ended = (stream: Stream): Promise<unknown> =>
  new Promise((resolve) => {
    for (const event of ['message', 'close', 'remoteCloseWrite'] as const) stream.addEventListener(event, resolve)
    setTimeout(resolve, 1_000)
  })

// ------------------------------------------------------------------------------------------------------- silence

/** Streams of every protocol, opened and left. */
const slowLoris = (target: Target) =>
  attack(target, (attacker) => {
    const { blocks, certificates, consensus, status, peers } = attacker.names
    const protocols = [blocks, certificates, consensus, status, peers]
    return repeat(attacker, 100, async (i) => {
      const stream = await attacker.open(protocols[i % protocols.length]!)
      // The first byte of a length, so that it is not just an empty stream.
      stream.send(Uint8Array.of(0x80))
    })
  })

/** 100 peers that say a hello and 100 sockets that say nothing, all from one address. */
async function crowd(target: Target): Promise<Outcome> {
  const [, , host = '', , port] = target.address.split('/')
  const attackers: Attacker[] = []
  let refused = 0
  const join = () =>
    Attacker.connect(target.address, target.genesisHash).then(
      (attacker) => void attackers.push(attacker),
      () => void refused++,
    )
  for (let i = 0; i < 100; i += 10) await Promise.all(Array.from({ length: 10 }, join))
  const sockets = Array.from({ length: 100 }, () => net.connect({ host, port: Number(port) }))
  for (const socket of sockets) socket.on('error', () => {})
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const peers = attackers.filter(({ isConnected }) => isConnected).map(({ id }) => id)
  const isShut = sockets.some((socket) => socket.closed)
  for (const socket of sockets) socket.destroy()
  await Promise.all(attackers.map((attacker) => attacker.stop()))
  return { peers, sent: sockets.length + attackers.length + refused, isShut, isBack: false }
}

export const ATTACKS = {
  'votes by stream': flood('vote'),
  'certificates by stream': flood('certificate'),
  'proposals by stream': flood('proposal'),
  'evidence by stream': flood('evidence'),
  'transactions by stream': flood('transactions'),
  'votes by gossip': gossipFlood('vote'),
  'certificates by gossip': gossipFlood('certificate'),
  'proposals by gossip': gossipFlood('proposal'),
  'evidence by gossip': gossipFlood('evidence'),
  'transactions by gossip': gossipFlood('transactions'),
  'large proposals': largeProposals,
  'undecodable gossip': undecodableGossip,
  'requests for ranges': requestFlood('range'),
  'requests for certificates': requestFlood('certificates'),
  'requests for state': requestFlood('chunk'),
  'requests for receipts': requestFlood('receipts'),
  'requests for edges': requestFlood('edges'),
  'requests for headers': requestFlood('headers'),
  'requests for proofs': requestFlood('state'),
  'requests for results': requestFlood('result'),
  'lengths that lie': lyingFrames,
  'lengths that lie, in requests': lyingRequests,
  'lists that are too long': oversizedLists,
  'frames begun and never ended': halfTold,
  subscriptions: subscriptionFlood,
  'gossip control lists': gossipLists,
  'silent streams': slowLoris,
  crowd,
} satisfies Readonly<Record<string, (target: Target) => Promise<Outcome>>>

export type AttackName = keyof typeof ATTACKS
