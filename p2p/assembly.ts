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
import { Handshake } from './handshake.ts'
import { claimBytes, type Hello, type SignedClaim } from './hello.ts'
import { createHost, type Host } from './host.ts'
import { peerIdOf } from './identity.ts'
import { Inbox } from './inbox.ts'
import { Membership } from './membership.ts'
import { messageTypeIn, messageTypeOf } from './message-types.ts'
import type { PeerAddress } from './multiaddrs.ts'
import { NodeTransport } from './node-transport.ts'
import type { P2pEvent, P2pOptions } from './options.ts'
import type { Peer } from './peer-table.ts'
import { PROTOCOL_VERSION, protocolNames } from './protocols.ts'
import { Requests } from './requests.ts'
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
const REOPEN_GOSSIP_MS = 100

/** What of libp2p's gossip is used beyond its declared interface; the version is pinned, and a test looks. */
interface GossipInternals {
  readonly streamsOutbound: ReadonlyMap<string, unknown>
  onPeerConnected(peer: Connection['remotePeer'], connection: Connection): void
}

export interface Modules {
  readonly host: Host
  readonly membership: Membership
  readonly handshake: Handshake
  readonly direct: DirectStreams
  readonly requests: Requests
  readonly gossip: Gossip
  readonly exchange: Exchange
  readonly discovery: Discovery
  readonly transport: NodeTransport
  readonly tally: Tally
}

/** Puts the parts together; nothing runs yet. */
export async function assemble(options: P2pOptions, persistent: readonly PeerAddress[]): Promise<Modules> {
  const { genesisHash, networkDelayMs, bls } = options
  const nowMs = () => Date.now()
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
    onReduced: ({ id }) => {
      // The stream under gossip ends with its connection, a moment later.
      setTimeout(() => reopenGossip(host, table.get(id)), REOPEN_GOSSIP_MS).unref()
    },
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
    mayAsk: ({ remotePeer }) => requests.allow(remotePeer.toString(), 'status', 1),
    welcome: (connection, hello) => {
      gate.settled(connection)
      return membership.welcome(connection, hello)
    },
    refuse: (connection, code) => membership.refuse(connection, code),
  })
  const greeted = (connection: Connection) => handshake.greeted(connection)
  const inbox = new Inbox({
    networkDelayMs,
    nowMs,
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
    bls,
    table,
    ownAddress,
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
    nowMs,
    open: () => membership.open(),
    isUnwelcome: (peer) => membership.isUnwelcome(peer),
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
        if (verdict === 'accept' && message.type === 'consensus') gossip.accepted(message.message, bytes)
      })
    } catch (error) {
      penalize(from, error instanceof QuernError ? error.code : 'FRAME_INVALID')
    }
  }

  host.addEventListener('connection:close', ({ detail: connection }) => {
    gate.settled(connection)
    membership.closed(connection)
  })
  return { host, membership, handshake, direct, requests, gossip, exchange, discovery, transport, tally }
}

/**
 * Gossipsub opens its stream when a peer connects, and not again when the connection under it ends while another one stays:
 * the peer would be deaf to us from then on.
 */
function reopenGossip(host: Host, peer: Peer | undefined): void {
  const [connection] = peer?.connections ?? []
  if (connection === undefined || host.status !== 'started') return
  const pubsub = host.services.pubsub as unknown as GossipInternals
  const isOpen = pubsub.streamsOutbound.has(connection.remotePeer.toString())
  if (!isOpen) pubsub.onPeerConnected(connection.remotePeer, connection)
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
  if (answer?.type !== 'status') return { ...base, height: 0, hash: genesisHash }
  return { ...base, height: answer.status.height, hash: answer.status.hash }
}
