/** The libp2p host: TCP, Noise, Yamux, identify, ping, gossipsub, and the ways to find peers. PROTOCOL 9. */
import './polyfill.ts'
import { bootstrap } from '@libp2p/bootstrap'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { ConnectionGater, Libp2p, PeerDiscovery } from '@libp2p/interface'
import { kadDHT } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { messageOf, QuernError } from '../core/errors.ts'
import { MAX_PENDING, MAX_RESERVED, type Room } from './admission.ts'
import { SLOT_WINDOW_MS, slotMsOf } from './envelope.ts'
import { messageId } from './gossip-internals.ts'
import { GOSSIP_THRESHOLDS, gossipScoreParams } from './gossip-scores.ts'
import type { P2pOptions } from './options.ts'
import type { ProtocolNames } from './protocols.ts'
import type { PeerId } from './transport.ts'

export type P2pErrorCode = 'P2P_LISTEN_FAILED' | 'P2P_ADDRESS_INVALID' | 'P2P_DIAL_FAILED'

/** Streams one peer may have open: gossip, consensus, hellos, and some requests, each way. */
const MAX_STREAMS = 64
/** Gossip waiting for one slow peer: some blocks' worth of everything. */
const MAX_GOSSIP_BACKLOG_BYTES = 16 << 20
/** The library's own limit for one frame of gossip. */
const MAX_GOSSIP_FRAME_BYTES = 4 << 20
/** Below this the notice that nobody need send a message again costs more than the message. */
const MIN_IDONTWANT_BYTES = 64 << 10
/** Five topics, and those of a newer version. */
const MAX_SUBSCRIPTIONS = 64
/** Closed connections are waited for no longer than this; all of them, at the end, together. */
const CLOSE_TIMEOUT_MS = 300

export type Host = Libp2p<{ pubsub: GossipSub }>

export interface HostOptions {
  readonly options: P2pOptions
  readonly names: ProtocolNames
  readonly room: Room
  readonly gater: ConnectionGater
  readonly scoreOf: (peer: PeerId) => number
}

/** A host that does not listen yet: handlers come first. */
export async function createHost({ options, names, room, gater, scoreOf }: HostOptions): Promise<Host> {
  const { listen, announce, bootstrap: bootstrapList = [], networkDelayMs } = options
  const peerDiscovery: ((components: never) => PeerDiscovery)[] = []
  if (bootstrapList.length > 0) peerDiscovery.push(bootstrap({ list: [...bootstrapList], timeout: 0 }))
  if (options.mdns === true) peerDiscovery.push(mdns({ serviceTag: names.mdnsTag }))
  const topics = {
    tx: names.topic('tx'),
    block: names.topic('block'),
    vote: names.topic('vote'),
    certificate: names.topic('certificate'),
    evidence: names.topic('evidence'),
  }
  const pubsub = gossipsub({
    // Payloads carry their own signatures; who passes them on is nobody's business.
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: ({ topic, data }) => messageId(topic, data),
    allowedTopics: Object.values(topics),
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    fallbackToFloodsub: false,
    doPX: false,
    heartbeatInterval: 700,
    // Longer than an envelope's slot is accepted, or an old one could go round again.
    seenTTL: 3 * SLOT_WINDOW_MS + 2 * slotMsOf(networkDelayMs),
    idontwantMinDataSize: MIN_IDONTWANT_BYTES,
    maxInboundDataLength: MAX_GOSSIP_FRAME_BYTES,
    maxOutboundBufferSize: MAX_GOSSIP_BACKLOG_BYTES,
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    decodeRpcLimits: {
      maxSubscriptions: MAX_SUBSCRIPTIONS,
      maxMessages: 1_000,
      maxIhaveMessageIDs: 5_000,
      maxIwantMessageIDs: 5_000,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 1_000,
      maxPeerInfos: 16,
    },
    maxTopicBytesPerPeer: MAX_SUBSCRIPTIONS << 10,
    scoreParams: gossipScoreParams({ topics, scoreOf, maxPeersPerAddress: room.maxPeersPerAddress }),
    scoreThresholds: GOSSIP_THRESHOLDS,
  })
  const services = { identify: identify(), ping: ping(), pubsub }
  const host = await createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', options.identity),
    nodeInfo: { name: 'quern', userAgent: options.agent },
    addresses: { listen: [...listen], ...(announce === undefined ? {} : { announce: [...announce] }) },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: MAX_STREAMS, maxOutboundStreams: MAX_STREAMS })],
    peerDiscovery: peerDiscovery as never,
    connectionGater: gater,
    // By default one late answer on a busy machine ends a connection. Silence is noticed by hellos instead (discovery.ts).
    connectionMonitor: { abortConnectionOnPingFailure: false, pingInterval: 30_000 },
    connectionManager: {
      // Who may come in is decided by admission.ts; these are beyond what it allows.
      maxConnections: 2 * (room.maxPeers + MAX_RESERVED),
      maxIncomingPendingConnections: 2 * MAX_PENDING,
      inboundConnectionThreshold: Math.max(MAX_PENDING, room.maxPeersPerAddress),
      connectionCloseTimeout: CLOSE_TIMEOUT_MS,
      // Redialling is ours as well.
      reconnectRetries: 0,
    },
    services: {
      ...services,
      ...(options.dht === true ? { dht: kadDHT({ protocol: names.kademlia, clientMode: false }) } : {}),
    },
  })
  return host as unknown as Host
}

/** @throws QuernError `P2P_LISTEN_FAILED` when an address cannot be listened on */
export async function startHost(host: Host, listen: readonly string[]): Promise<void> {
  try {
    await host.start()
  } catch (error) {
    await Promise.resolve(host.stop()).catch(() => {})
    throw new QuernError(
      'P2P_LISTEN_FAILED',
      `cannot listen on ${listen.join(', ')}: ${listenFault(messageOf(error))}; choose another with --p2p-listen (tcp/0 = any free port)`,
      {},
      { cause: error },
    )
  }
}

/** libp2p answers with every address, advice on its own options and stack traces; an operator needs one line. */
function listenFault(message: string): string {
  if (message.includes('EADDRINUSE')) return 'the port is taken'
  if (message.includes('EACCES')) return 'not allowed (ports below 1024 belong to the system)'
  if (message.includes('EADDRNOTAVAIL')) return 'this machine has no such address'
  return /Error: ([^\n]+)/.exec(message)?.[1] ?? message.split('\n', 1)[0] ?? message
}
