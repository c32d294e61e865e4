/**
 * Nodes in one process. Everything goes through the wire codec and arrives later, on another turn of the event loop, so
 * nodes share no object and nobody can tell this from a fast network. Full queues lose messages, as sockets do.
 */
import { QuernError } from '../core/errors.ts'
import type {
  NetworkMessage,
  PeerId,
  PeerRequest,
  ResponseTo,
  Transport,
  TransportErrorCode,
  TransportHandlers,
} from './transport.ts'
import {
  decodeNetworkMessage,
  decodeRequest,
  decodeResponse,
  encodeNetworkMessage,
  encodeRequest,
  encodeResponse,
  MAX_WIRE_BYTES,
} from './wire.ts'

/** Messages a node may have waiting; a burst of votes of 100 validators over some views fits. */
const MAX_QUEUED_MESSAGES = 8_192
/** Bytes a node may have waiting: some full blocks and all gossip between them. */
const MAX_QUEUED_BYTES = 64 << 20
/** Messages handled before timers and other nodes get their turn. */
const MESSAGES_PER_TURN = 64

interface Queued {
  readonly from: PeerId
  readonly bytes: Uint8Array
}

/** Whether a message on its way is delivered; tests cut and heal the network with it. */
export type LinkFilter = (from: PeerId, to: PeerId) => boolean

export class MemoryHub {
  readonly #ports = new Map<PeerId, MemoryTransport>()
  #filter: LinkFilter = () => true

  /** A transport for a node called `id`; one that stopped may connect again under its name. */
  connect(id: PeerId): Transport {
    const port = new MemoryTransport(this, id)
    this.#ports.set(id, port)
    return port
  }

  setFilter(filter: LinkFilter): void {
    this.#filter = filter
  }

  /** For the ports: who can be reached from `id` now. */
  reachable(id: PeerId): PeerId[] {
    return [...this.#ports.keys()].filter((other) => this.port(id, other) !== undefined)
  }

  /** For the ports: the running port at the other end of a link. */
  port(from: PeerId, to: PeerId): MemoryTransport | undefined {
    const port = this.#ports.get(to)
    return from !== to && port?.isRunning && this.#filter(from, to) ? port : undefined
  }
}

class MemoryTransport implements Transport {
  readonly #hub: MemoryHub
  readonly #id: PeerId
  #handlers: TransportHandlers | undefined
  #queue: Queued[] = []
  #queuedBytes = 0
  #scheduled = false

  constructor(hub: MemoryHub, id: PeerId) {
    this.#hub = hub
    this.#id = id
  }

  get isRunning(): boolean {
    return this.#handlers !== undefined
  }

  start(handlers: TransportHandlers): void {
    this.#handlers = handlers
  }

  async stop(): Promise<void> {
    this.#handlers = undefined
    this.#queue = []
    this.#queuedBytes = 0
  }

  /** Nodes of one process have one owner; there is nobody to keep out. */
  blame(): void {}

  peers(): readonly PeerId[] {
    return this.#hub.reachable(this.#id)
  }

  /** Everybody hears everything here. */
  setValidators(): void {}

  peerOf(): undefined {}

  broadcast(message: NetworkMessage): void {
    if (!this.isRunning) return
    const bytes = encodeNetworkMessage(message)
    for (const peer of this.peers()) this.#hub.port(this.#id, peer)?.receive(this.#id, bytes)
  }

  send(to: PeerId, message: NetworkMessage): void {
    if (this.isRunning) this.#hub.port(this.#id, to)?.receive(this.#id, encodeNetworkMessage(message))
  }

  async request<Request extends PeerRequest>(to: PeerId, request: Request): Promise<ResponseTo<Request>> {
    await new Promise((resolve) => setImmediate(resolve))
    const port = this.isRunning ? this.#hub.port(this.#id, to) : undefined
    if (port === undefined) throw failure('PEER_UNKNOWN', 'the peer is gone; ask another', to)
    const bytes = await port.answer(this.#id, encodeRequest(request)).catch(() => {
      // As over a network, what goes wrong there shows here as silence.
      throw failure('PEER_TIMEOUT', 'the peer did not answer', to)
    })
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#hub.port(this.#id, to) === undefined) throw failure('PEER_TIMEOUT', 'the peer did not answer', to)
    const response = decodeResponse(bytes)
    if (response.type !== request.type) throw failure('PEER_ANSWER_INVALID', 'the answer is to another question', to)
    return response as ResponseTo<Request>
  }

  /** The other end of `broadcast` and `send`. The bytes are copied: no memory is shared between nodes. */
  receive(from: PeerId, bytes: Uint8Array): void {
    const full = this.#queue.length >= MAX_QUEUED_MESSAGES || this.#queuedBytes + bytes.length > MAX_QUEUED_BYTES
    if (full || bytes.length > MAX_WIRE_BYTES) return
    this.#queue.push({ from, bytes: bytes.slice() })
    this.#queuedBytes += bytes.length
    this.#schedule()
  }

  /** The other end of `request`. */
  async answer(from: PeerId, bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#handlers === undefined) throw failure('PEER_UNKNOWN', 'the peer is gone; ask another', this.#id)
    return encodeResponse(await this.#handlers.request(from, decodeRequest(bytes.slice())))
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#deliver())
  }

  #deliver(): void {
    this.#scheduled = false
    const turn = this.#queue.splice(0, MESSAGES_PER_TURN)
    for (const { from, bytes } of turn) {
      this.#queuedBytes -= bytes.length
      if (this.#handlers === undefined) return
      const message = decodeOrDrop(bytes)
      if (message !== undefined) void this.#handlers.message(from, message, 'direct')
    }
    if (this.#queue.length > 0) this.#schedule()
  }
}

/** Undefined for a malformed message: the sender's fault, which a real network would count against it. */
function decodeOrDrop(bytes: Uint8Array): NetworkMessage | undefined {
  try {
    return decodeNetworkMessage(bytes)
  } catch (error) {
    if (error instanceof QuernError) return undefined
    throw error
  }
}

const failure = (code: TransportErrorCode, message: string, peer: PeerId) => new QuernError(code, message, { peer })
