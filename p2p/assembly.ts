/** The parts of a node on the network, and what each tells the others. The picture is in p2p-node.ts. */
import './polyfill.ts'
import type { Connection } from '@libp2p/interface'
import { QuernError } from '../core/errors.ts'
import type { Room } from './admission.ts'
import { DirectStreams } from './direct.ts'
import { Discovery } from './discovery.ts'
import { Exchange } from './exchange.ts'
import { Gate } from './gate.ts'
import { Gossip } from './gossip.ts'
import { GossipLines } from './gossip-lines.ts'
import { Handshake } from './handshake.ts'
import { claimBytes, type Hello, type SignedClaim } from './hello.ts'
import { createHost, type Host } from './host.ts'
import { peerIdOf } from './identity.ts'
import { Inbox } from './inbox.ts'
import { Membership } from './membership.ts'
import { messageTypeIn, messageTypeOf } from './message-types.ts'
import { type PeerAddress, parsePeerAddress } from './multiaddrs.ts'
import { NodeTransport } from './node-transport.ts'
import type { P2pEvent, P2pOptions } from './options.ts'
import { PauseWatch } from './pause.ts'
import { PROTOCOL_VERSION, protocolNames } from './protocols.ts'
import { Requests } from './requests.ts'
import { DIAL_SCORE } from './score-law.ts'
import { Tally } from './tally.ts'
import type { PeerId } from './transport.ts'
import { decodeNetworkMessage } from './wire.ts'

/** What a home machine keeps up with; gossip needs a dozen. */
const DEFAULT_MAX_PEERS = 64
/** The nodes of one household or company, not a crowd. */
const DEFAULT_MAX_PEERS_PER_ADDRESS = 8
/** From the connection to the end of the hello. */
const HANDSHAKE_TIMEOUT_MS = 5_000
/** How long a hello waits for the node above to say how far it is. */
const STATUS_TIMEOUT_MS = 1_000

export interface Modules {
  readonly host: Host
  readonly membership: Membership
  readonly handshake: Handshake
  readonly direct: DirectStreams
  readonly requests: Requests
  readonly gossip: Gossip
  readonly gossipLines: GossipLines
  readonly exchange: Exchange
  readonly discovery: Discovery
  readonly transport: NodeTransport
  readonly tally: Tally
  readonly pauses: PauseWatch
}

/** Puts the parts together; nothing runs yet. */
export async function assemble(options: P2pOptions, persistent: readonly PeerAddress[]): Promise<Modules> {
  const { genesisHash, networkDelayMs, bls } = options
  // Bans, limits and redials must not wait for an hour because the machine's clock was put back by one.
  const nowMs = () => Math.floor(performance.timeOrigin + performance.now())
  const names = protocolNames(genesisHash)
  const ownId = peerIdOf(options.identity)
  const ownAddress = options.claim?.address
  const tally = new Tally()
  const room: Room = {
    maxPeers: options.maxPeers ?? DEFAULT_MAX_PEERS,
    maxPeersPerAddress: options.maxPeersPerAddress ?? DEFAULT_MAX_PEERS_PER_ADDRESS,
  }
  const emit = (event: P2pEvent): void => options.onEvent?.(event)
  const dropped = (queue: string, peer: PeerId): void => {
    tally.dropped(queue)
    emit({ type: 'dropped', queue, peer })
  }

  const membership: Membership = new Membership({
    ownId,
    genesisHash,
    bls,
    room,
    persistent: new Set(persistent.map(({ peer }) => peer)),
    tally,
    nowMs,
    emit,
    connectionsOf: (peer) => host.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peer),
    onLost: (peer) => {
      direct.forget(peer)
      inbox.forget(peer)
      requests.forget(peer)
      discovery.lost(peer)
    },
    onReduced: (peer) => gossipLines.reduced(peer),
    onStranger: (peer) => discovery.refused(peer),
  })
  const { table } = membership
  const penalize = (peer: PeerId, code: string): void => membership.penalize(peer, code)
  const gate = new Gate({
    room,
    isUnwelcome: (peer) => membership.isUnwelcome(peer),
    openAt: (address) => membership.openAt(address),
    bansAt: (address) => membership.scores.bansAt(address),
  })
  const host: Host = await createHost({
    options,
    names,
    room,
    gater: gate,
    scoreOf: (peer) => membership.scores.scoreOf(peer),
  })

  const claim = signClaim(options, host)
  const handshake: Handshake = new Handshake({
    libp2p: host,
    names,
    genesisHash,
    timeoutMs: HANDSHAKE_TIMEOUT_MS,
    ownHello: () => ownHello(options, ownId, claim, transport),
    mayAsk: ({ remotePeer }, isFirst) => {
      const peer = remotePeer.toString()
      return isFirst ? requests.allowFirst(peer) : requests.allow(peer, 'status', 1)
    },
    welcome: (connection, hello) => {
      gate.settled(connection)
      return membership.welcome(connection, hello)
    },
    refuse: (connection, code) => membership.refuse(connection, code),
  })
  const greeted = (connection: Connection) => handshake.greeted(connection)
  const isPeerGreeted = async (peer: PeerId): Promise<boolean> => {
    const connections = host.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peer)
    for (const connection of connections) if (await greeted(connection)) break
    return table.get(peer) !== undefined
  }
  const isReserved = (peer: PeerId) => membership.isReserved(peer)
  const pauses = new PauseWatch(nowMs)
  const inbox = new Inbox({
    networkDelayMs,
    nowMs,
    isReserved,
    wasPaused: () => pauses.wasPaused(),
    penalize,
    onDropped: (type, peer) => dropped(type, peer),
  })
  const direct: DirectStreams = new DirectStreams({
    libp2p: host,
    protocol: names.consensus,
    table,
    greeted,
    onMessage: (from, bytes) => {
      if (transport.handlers !== undefined) receiveDirect(from, bytes)
    },
    onInvalid: penalize,
    onDropped: (to) => dropped('direct', to),
  })
  const requests: Requests = new Requests({
    libp2p: host,
    names,
    networkDelayMs,
    nowMs,
    table,
    greeted,
    handlers: () => transport.handlers,
    isReserved,
    scoreOf: (peer) => membership.scores.scoreOf(peer),
    wasPaused: () => pauses.wasPaused(),
    recentBlock: (hash) => gossip.recentBlock(hash),
    penalize,
    onReceived: (name, bytes) => tally.received(name, bytes),
    onSent: (name, bytes) => tally.sent(name, bytes),
  })
  const gossip: Gossip = new Gossip({
    pubsub: host.services.pubsub,
    names,
    genesisHash,
    networkDelayMs,
    nowMs,
    unixMs: () => Date.now(),
    bls,
    table,
    ownAddress,
    greeted: isPeerGreeted,
    listens: options.gossip ?? true,
    isStarted: () => transport.handlers !== undefined,
    isUnwelcome: (peer) => membership.isUnwelcome(peer),
    admits: (from, type, bytes) => inbox.admits(from, type, bytes, 'gossip'),
    deliver: (from, message, bytes) => inbox.receive(from, message, bytes, 'gossip'),
    fetchBlock: async (sources, hash) => {
      for (const from of sources) {
        const answer = await requests.ask(from, { type: 'block', hash }).catch(() => undefined)
        if (answer?.block !== undefined) return { block: answer.block, from }
      }
      return undefined
    },
    penalize,
    onReceived: (topic, bytes) => tally.received(`gossip/${topic}`, bytes),
    onSent: (topic, bytes) => tally.sent(`gossip/${topic}`, bytes),
    onDropped: (topic) => tally.dropped(`gossip/${topic}`),
  })
  const gossipLines: GossipLines = new GossipLines({ pubsub: host.services.pubsub, nowMs, peers: () => table.all() })
  const exchange = new Exchange({
    libp2p: host,
    protocol: names.peers,
    table,
    greeted,
    mayAsk: (peer) => requests.allow(peer, 'peers', 1),
    penalize,
  })
  const discovery: Discovery = new Discovery({
    libp2p: host,
    exchange,
    table,
    room,
    persistent,
    bootstrap: (options.bootstrap ?? []).map(parsePeerAddress),
    nowMs,
    open: () => membership.open(),
    isUnwelcome: (peer) => membership.isUnwelcome(peer),
    isWorthDialling: (peer) => membership.scores.scoreOf(peer) > DIAL_SCORE,
    greeted,
    sayHello: async ({ connections }) => {
      const [connection] = connections
      if (connection !== undefined) await handshake.ask(connection)
    },
    disconnect: (peer, reason) => membership.disconnect(peer, reason),
  })
  const transport: NodeTransport = new NodeTransport({
    table,
    handshake,
    direct,
    gossip,
    requests,
    inbox,
    tally,
    ownAddress,
    penalize,
  })

  const receiveDirect = (from: PeerId, bytes: Uint8Array): void => {
    const type = messageTypeIn(bytes)
    if (type !== undefined && !inbox.admits(from, type, bytes.length, 'direct')) return
    try {
      const message = decodeNetworkMessage(bytes)
      tally.received(`direct/${messageTypeOf(message)}`, bytes.length)
      void inbox.receive(from, message, bytes.length, 'direct').then((verdict) => {
        if (verdict !== 'accept') return
        if (message.type === 'consensus') gossip.accepted(message.message, bytes)
        // Known here from now on, so nobody's gossip would carry it past us.
        else gossip.publish(message, bytes)
      })
    } catch (error) {
      penalize(from, error instanceof QuernError ? error.code : 'FRAME_INVALID')
    }
  }

  host.addEventListener('connection:close', ({ detail: connection }) => {
    gate.settled(connection)
    membership.closed(connection)
    // The library keeps all that it ever met; discovery keeps the addresses that are of use.
    const { remotePeer } = connection
    const isGone = host.getConnections(remotePeer).every((other) => other === connection)
    if (isGone && options.dht !== true) void Promise.resolve(host.peerStore.delete(remotePeer)).catch(() => {})
  })
  return {
    host,
    membership,
    handshake,
    direct,
    requests,
    gossip,
    gossipLines,
    exchange,
    discovery,
    transport,
    tally,
    pauses,
  }
}

function signClaim({ claim, genesisHash }: P2pOptions, host: Host): SignedClaim | undefined {
  if (claim === undefined) return undefined
  const signature = claim.sign(claimBytes(genesisHash, host.peerId.toMultihash().bytes))
  return { address: claim.address, blsPublicKey: claim.blsPublicKey, signature }
}

/** While the chain does not run here, this node is at its genesis for all that others can see. */
async function ownHello(
  { genesisHash, agent }: P2pOptions,
  ownId: PeerId,
  claim: SignedClaim | undefined,
  transport: NodeTransport,
): Promise<Hello> {
  const base = { version: PROTOCOL_VERSION, genesisHash, agent, claim }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), STATUS_TIMEOUT_MS)
  })
  const asked = transport.handlers?.request(ownId, { type: 'status' }).catch(() => undefined)
  const answer = await Promise.race([asked, late])
  clearTimeout(timer)
  if (answer?.type !== 'status') return { ...base, height: 0, hash: genesisHash, blocksFrom: 0, statesFrom: 0 }
  return { ...base, ...answer.status }
}
