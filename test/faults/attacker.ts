/**
 * A peer that knows the protocol and keeps none of its rules: a bare libp2p host that says a proper hello and then sends
 * whatever it is told, as fast as the line takes it.
 */
import '../../p2p/polyfill.ts'
import { RPC } from '@libp2p/gossipsub/message'
import { identify } from '@libp2p/identify'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { type Hash, ZERO_HASH } from '../../core/bytes.ts'
import { encodeFrame } from '../../p2p/frames.ts'
import { encodeHello } from '../../p2p/hello.ts'
import { PROTOCOL_VERSION, type ProtocolNames, protocolNames } from '../../p2p/protocols.ts'

const GOSSIPSUB = '/meshsub/1.1.0'
/** Given to the stream at once; the library cuts it into its own frames. */
const CHUNK_BYTES = 64 << 10
/** A line that takes nothing for this long is shut. */
const STALLED_MS = 5_000

export class Attacker {
  readonly names: ProtocolNames
  connection: Connection
  readonly #host: Libp2p
  readonly #target: string
  readonly #genesisHash: Hash

  private constructor(host: Libp2p, connection: Connection, target: string, genesisHash: Hash) {
    this.#host = host
    this.connection = connection
    this.#target = target
    this.#genesisHash = genesisHash
    this.names = protocolNames(genesisHash)
  }

  /** A new identity, connected, with its hello said. */
  static async connect(target: string, genesisHash: Hash): Promise<Attacker> {
    const names = protocolNames(genesisHash)
    const host = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux({ maxInboundStreams: 10_000, maxOutboundStreams: 10_000 })],
      connectionMonitor: { enabled: false },
      services: { identify: identify({ protocolPrefix: 'quern' }) },
    })
    // The target opens streams too, and looks at what a peer says it speaks before it does.
    for (const protocol of [names.status, names.consensus, names.blocks, GOSSIPSUB]) {
      await host.handle(protocol, () => {}, { maxInboundStreams: 1_000 })
    }
    const connection = await host.dial(multiaddr(target))
    const attacker = new Attacker(host, connection, target, genesisHash)
    if (await attacker.#sayHello()) return attacker
    await attacker.stop()
    throw new Error('turned away')
  }

  get id(): string {
    return this.#host.peerId.toString()
  }

  get isConnected(): boolean {
    return this.connection.status === 'open'
  }

  /** Whether the target keeps the connection. */
  async #sayHello(): Promise<boolean> {
    const stream = await this.open(this.names.status)
    const answered = new Promise((resolve) => {
      for (const event of ['message', 'close'] as const) stream.addEventListener(event, resolve)
    })
    const hello = {
      version: PROTOCOL_VERSION,
      genesisHash: this.#genesisHash,
      agent: 'attacker',
      height: 0,
      hash: ZERO_HASH,
      blocksFrom: 0,
      statesFrom: 0,
    }
    stream.send(encodeFrame(encodeHello({ ...hello, claim: undefined })))
    await answered
    return !(await this.shut(200))
  }

  /** Under the same identity, once it was shut out. */
  async comeBack(): Promise<boolean> {
    try {
      this.connection = await this.#host.dial(multiaddr(this.#target), { signal: AbortSignal.timeout(STALLED_MS) })
      return await this.#sayHello()
    } catch {
      return false
    }
  }

  open(protocol: string): Promise<Stream> {
    return this.connection.newStream(protocol, { maxOutboundStreams: 10_000, signal: AbortSignal.timeout(STALLED_MS) })
  }

  openGossip(): Promise<Stream> {
    return this.open(GOSSIPSUB)
  }

  /** Sends what `next` gives until it gives nothing or the target has had enough; returns how many there were. */
  async pour(stream: Stream, next: (sent: number) => Uint8Array | undefined): Promise<number> {
    let sent = 0
    try {
      while (this.isConnected && stream.status === 'open') {
        const chunk: Uint8Array[] = []
        for (let bytes = 0; bytes < CHUNK_BYTES; ) {
          const piece = next(sent)
          if (piece === undefined) break
          chunk.push(piece)
          bytes += piece.length
          sent++
        }
        if (chunk.length === 0) break
        if (!stream.send(Buffer.concat(chunk))) await stream.onDrain({ signal: AbortSignal.timeout(STALLED_MS) })
        // Otherwise a line that never fills would keep this process from seeing that it was shut.
        await new Promise((resolve) => setImmediate(resolve))
      }
    } catch {
      // Shut in the middle of a frame.
    }
    return sent
  }

  /** One gossip frame. */
  gossip(rpc: Partial<RPC>): Uint8Array {
    return encodeFrame(RPC.encode({ subscriptions: [], messages: [], ...rpc }))
  }

  /** Once the target shuts the connection, or after some time. */
  async shut(withinMs: number): Promise<boolean> {
    const until = Date.now() + withinMs
    while (this.isConnected && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20))
    return !this.isConnected
  }

  async stop(): Promise<void> {
    this.connection.abort(new Error('done'))
    await this.#host.stop()
  }
}
