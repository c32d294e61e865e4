/**
 * A node on the network: its libp2p host and all that listens to it. Whoever runs the chain sees a `Transport`.
 *
 *          transport: broadcast, send, request                     handlers: message, request
 *              |                |             \                          ^            ^
 *          direct.ts        gossip.ts      requests.ts               inbox.ts         |       limits, queue by type
 *          a stream to      topics,        one question,               ^   ^          |
 *          each validator   relay          one answer            direct    gossip   requests
 *              |                |               |
 *          membership.ts: who is in   <---   handshake.ts: the hello          discovery.ts: whom to dial
 *              |
 *          host.ts: libp2p with TCP, Noise, Yamux, gossipsub          gate.ts: who may connect
 *
 * What it promises
 * - Nobody is listed, asked or listened to before a good hello: same genesis, same protocol version.
 * - A validator's name is believed only with its signature, and only while it is in the set given by `setValidators`.
 * - What a validator or a persistent peer says and asks is limited for itself alone: no crowd of strangers uses up its room.
 * - Whoever hands a message over first does not decide for the copies of others; what is said while nobody listens waits.
 * - What counts against a peer, and how much, stands in one table (penalties.ts); at -20 it is disconnected, at -50 banned.
 * - Whatever arrives is bounded by size before it is read, by rate before it is queued, and by queue before it is handled.
 * - Stopping the transport ends the chain's part alone: the host goes on, says hello, and loses all other messages.
 *
 * Sources: libp2p specs (gossipsub v1.1, yamux, identify), PROTOCOL 9.
 */
import './polyfill.ts'
import type { Connection } from '@libp2p/interface'
import { messageOf, QuernError } from '../core/errors.ts'
import { assemble, type Modules } from './assembly.ts'
import { startHost } from './host.ts'
import { parseListen, parsePeerAddress } from './multiaddrs.ts'
import type { P2pCounters, P2pOptions, PeerInfo } from './options.ts'
import type { PeerId, Transport } from './transport.ts'

const CONNECT_TIMEOUT_MS = 10_000

export class P2pNode {
  readonly id: PeerId
  readonly #modules: Modules

  private constructor(modules: Modules) {
    this.id = modules.host.peerId.toString()
    this.#modules = modules
  }

  /**
   * A node that listens and looks for peers. Its transport delivers once it is started.
   * @throws QuernError `P2P_LISTEN_FAILED`, `P2P_ADDRESS_INVALID`, `P2P_IDENTITY_INVALID`
   */
  static async start(options: P2pOptions): Promise<P2pNode> {
    for (const text of [...options.listen, ...(options.announce ?? [])]) parseListen(text)
    for (const text of options.bootstrap ?? []) parsePeerAddress(text)
    const modules = await assemble(options, (options.persistentPeers ?? []).map(parsePeerAddress))
    const { host, handshake, direct, requests, gossip, gossipLines, exchange, discovery, pauses } = modules
    await handshake.start()
    await direct.start()
    await requests.start()
    await exchange.start()
    await startHost(host, options.listen)
    gossip.start()
    gossipLines.start()
    pauses.start()
    discovery.start()
    return new P2pNode(modules)
  }

  /** Where others reach this node, each with its peer id. */
  get multiaddrs(): readonly string[] {
    return this.#modules.host.getMultiaddrs().map(String)
  }

  get transport(): Transport {
    return this.#modules.transport
  }

  peers(): readonly PeerInfo[] {
    return this.#modules.membership.infos()
  }

  counters(): P2pCounters {
    return this.#modules.tally.counters()
  }

  /**
   * Resolves when the peer at this address said a good hello.
   * @throws QuernError `P2P_ADDRESS_INVALID`, `P2P_DIAL_FAILED`
   */
  async connect(address: string): Promise<void> {
    const { host, handshake, membership } = this.#modules
    const known = parsePeerAddress(address)
    const failed = (why: string, cause?: unknown) =>
      new QuernError('P2P_DIAL_FAILED', `no connection to ${address}: ${why}`, { peer: known.peer }, { cause })
    let connection: Connection
    try {
      connection = await host.dial(known.address, { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) })
    } catch (error) {
      throw failed(messageOf(error), error)
    }
    const isGood = (await handshake.greeted(connection)) || membership.table.get(known.peer) !== undefined
    if (!isGood) throw failed('the peer is on another chain, or one of us does not want the other')
  }

  /**
   * Who stands here is cut off, refused and not dialled until it does not stand here any more; whoever is let off the list is
   * dialled again at once. A partition, when both sides do it.
   */
  async setBlocked(peers: readonly PeerId[]): Promise<void> {
    const { membership, discovery } = this.#modules
    discovery.retry(membership.setBlocked(peers))
  }

  /** Resolves when nothing of it is left: no socket, no timer. */
  async stop(): Promise<void> {
    const { host, membership, handshake, direct, discovery, transport, gossipLines, pauses } = this.#modules
    discovery.stop()
    gossipLines.stop()
    pauses.stop()
    handshake.stop()
    await transport.stop()
    direct.clear()
    for (const connection of host.getConnections()) connection.abort(new Error('this node stops'))
    await host.stop()
    membership.stop()
  }
}
