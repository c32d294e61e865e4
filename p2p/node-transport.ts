/** The chain's side of the network node: may start and stop repeatedly while the host goes on. */
import { setMaxListeners } from 'node:events'
import type { Address } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import type { DirectStreams } from './direct.ts'
import type { Gossip } from './gossip.ts'
import type { Handshake } from './handshake.ts'
import type { Inbox } from './inbox.ts'
import { messageTypeOf } from './message-types.ts'
import type { PeerTable } from './peer-table.ts'
import type { Question, Requests } from './requests.ts'
import type { Tally } from './tally.ts'
import type {
  KnownValidator,
  NetworkMessage,
  PeerId,
  PeerRequest,
  PeerResponse,
  ResponseTo,
  Transport,
  TransportErrorCode,
  TransportHandlers,
} from './transport.ts'
import { encodeNetworkMessage } from './wire.ts'

export interface NodeTransportModules {
  readonly table: PeerTable
  readonly handshake: Handshake
  readonly direct: DirectStreams
  readonly gossip: Gossip
  readonly requests: Requests
  readonly inbox: Inbox
  readonly tally: Tally
  readonly ownAddress: Address | undefined
  penalize(peer: PeerId, code: string): void
}

const failure = (code: TransportErrorCode, message: string, peer: PeerId, cause?: unknown) =>
  new QuernError(code, message, { peer }, { cause })

const notRunning = (peer: PeerId) => failure('PEER_UNKNOWN', 'this node is not running', peer)

export class NodeTransport implements Transport {
  readonly #modules: NodeTransportModules
  #handlers: TransportHandlers | undefined
  #stopped = new AbortController()

  constructor(modules: NodeTransportModules) {
    this.#modules = modules
  }

  get handlers(): TransportHandlers | undefined {
    return this.#handlers
  }

  start(handlers: TransportHandlers): void {
    this.#handlers = handlers
    this.#stopped = new AbortController()
    // One for each request under way; requests.ts bounds these.
    setMaxListeners(0, this.#stopped.signal)
    this.#modules.inbox.start(handlers)
  }

  async stop(): Promise<void> {
    const { inbox, gossip, direct } = this.#modules
    this.#handlers = undefined
    this.#stopped.abort()
    inbox.stop()
    gossip.clear()
    direct.clear()
  }

  blame(peer: PeerId, code: string): void {
    this.#modules.penalize(peer, code)
  }

  peers(): readonly PeerId[] {
    return this.#modules.table.ids()
  }

  setValidators(validators: readonly KnownValidator[]): void {
    this.#modules.table.setValidators(validators)
  }

  peerOf(validator: Address): PeerId | undefined {
    return this.#modules.table.peerOf(validator)
  }

  broadcast(message: NetworkMessage): void {
    if (this.#handlers === undefined) return
    const { table, gossip, ownAddress } = this.#modules
    const payload = encodeNetworkMessage(message)
    // Streams to validators are for validators; a crowd of observers that all pass on what they hear would drown them.
    if (message.type === 'consensus' && ownAddress !== undefined && table.isValidator(ownAddress)) {
      for (const { id, validator } of table.all()) {
        if (validator !== undefined) this.#sendTo(id, message, payload)
      }
    }
    gossip.publish(message, payload)
  }

  send(to: PeerId, message: NetworkMessage): void {
    if (this.#handlers !== undefined) this.#sendTo(to, message, encodeNetworkMessage(message))
  }

  /** @throws QuernError `TransportErrorCode` */
  async request<Request extends PeerRequest>(to: PeerId, request: Request): Promise<ResponseTo<Request>> {
    const { requests } = this.#modules
    if (this.#handlers === undefined) throw notRunning(to)
    const asked: Promise<PeerResponse> =
      request.type === 'status' ? this.#status(to) : requests.ask(to, request as Question)
    return (await this.#unlessStopped(asked, to)) as ResponseTo<Request>
  }

  /** Whoever stops the chain waits for all that it asked: not for a peer that takes its time. */
  async #unlessStopped<T>(asked: Promise<T>, to: PeerId): Promise<T> {
    const { signal } = this.#stopped
    let onStop = (): void => {}
    const stopped = new Promise<never>((_, reject) => {
      onStop = () => reject(notRunning(to))
      signal.addEventListener('abort', onStop)
    })
    try {
      return await Promise.race([asked, stopped])
    } finally {
      signal.removeEventListener('abort', onStop)
      // It may still fail, with nobody to hear it.
      asked.catch(() => {})
    }
  }

  async #status(to: PeerId): Promise<PeerResponse> {
    const { table, handshake } = this.#modules
    const connection = table.get(to)?.connections[0]
    if (connection === undefined) throw failure('PEER_UNKNOWN', 'the peer is gone; ask another', to)
    try {
      const { genesisHash, height, hash, blocksFrom, statesFrom } = await handshake.ask(connection)
      return { type: 'status', status: { genesisHash, height, hash, blocksFrom, statesFrom } }
    } catch (error) {
      throw failure('PEER_TIMEOUT', 'the peer did not answer; ask another', to, error)
    }
  }

  #sendTo(to: PeerId, message: NetworkMessage, payload: Uint8Array): void {
    const { direct, tally } = this.#modules
    if (direct.send(to, payload)) tally.sent(`direct/${messageTypeOf(message)}`, payload.length)
  }
}
