/**
 * Messages to one peer alone, over one long-lived stream each way. A slow peer is waited for; what piles up for it
 * meanwhile is bounded, and the oldest is dropped first: consensus repeats what still matters (S8), and of two messages the
 * newer is the likelier to matter.
 */
import { setTimeout } from 'node:timers/promises'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { MAX_MESSAGE_BYTES } from '../consensus/wire.ts'
import type { PeerTable } from './peer-table.ts'
import { isFrameError, readFrames, writeWhole } from './streams.ts'
import type { PeerId } from './transport.ts'

/** The largest proposal, with its tag. */
export const MAX_DIRECT_BYTES = MAX_MESSAGE_BYTES + 1
/** What waits for one peer: some views of 100 validators. */
const MAX_WAITING_MESSAGES = 2_048
/** And some proposals of 2 MiB. */
const MAX_WAITING_BYTES = 16 << 20
/** A peer that takes nothing for this long gets a new stream; a process that was stopped for half a minute gets all. */
const STALLED_MS = 60_000
const OPEN_TIMEOUT_MS = 10_000
/** Between attempts to open a stream to a peer that is connected and does not take one. */
const REOPEN_MS = 500
/** One in use, and one that its other end has not seen ending. */
const MAX_INBOUND_STREAMS = 2

export interface DirectOptions {
  readonly libp2p: Libp2p
  readonly protocol: string
  readonly table: PeerTable
  /** Whether a new connection's hello was good. */
  greeted(connection: Connection): Promise<boolean>
  onMessage(from: PeerId, bytes: Uint8Array): void
  /** The peer sent a frame that is none; why, as `FrameErrorCode`. */
  onInvalid(from: PeerId, code: string): void
  onDropped(to: PeerId): void
}

export class DirectStreams {
  readonly #options: DirectOptions
  readonly #outboxes = new Map<PeerId, Outbox>()

  constructor(options: DirectOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { libp2p, protocol } = this.#options
    await libp2p.handle(protocol, (stream, connection) => this.#receive(stream, connection), {
      maxInboundStreams: MAX_INBOUND_STREAMS,
      maxOutboundStreams: MAX_INBOUND_STREAMS,
    })
  }

  /** Returns false when the peer is not connected. */
  send(to: PeerId, bytes: Uint8Array): boolean {
    if (this.#options.table.get(to) === undefined) return false
    let outbox = this.#outboxes.get(to)
    if (outbox === undefined) {
      outbox = new Outbox(to, this.#options)
      this.#outboxes.set(to, outbox)
    }
    outbox.push(bytes)
    return true
  }

  forget(peer: PeerId): void {
    this.#outboxes.get(peer)?.close()
    this.#outboxes.delete(peer)
  }

  /** Drops what waits; streams end with their connections. */
  clear(): void {
    for (const peer of [...this.#outboxes.keys()]) this.forget(peer)
  }

  async #receive(stream: Stream, connection: Connection): Promise<void> {
    const { greeted, onMessage, onInvalid } = this.#options
    const from = connection.remotePeer.toString()
    try {
      if (!(await greeted(connection))) return stream.abort(new Error('no handshake'))
      await readFrames(stream, MAX_DIRECT_BYTES, (frame) => onMessage(from, frame))
      await stream.close()
    } catch (error) {
      stream.abort(error as Error)
      if (isFrameError(error)) onInvalid(from, error.code)
    }
  }
}

class Outbox {
  readonly #to: PeerId
  readonly #options: DirectOptions
  readonly #closed = new AbortController()
  #waiting: Uint8Array[] = []
  #bytes = 0
  #stream: Stream | undefined
  #isSending = false

  constructor(to: PeerId, options: DirectOptions) {
    this.#to = to
    this.#options = options
  }

  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#bytes += bytes.length
    while (this.#waiting.length > MAX_WAITING_MESSAGES || this.#bytes > MAX_WAITING_BYTES) {
      this.#take()
      this.#options.onDropped(this.#to)
    }
    if (!this.#isSending) void this.#send()
  }

  close(): void {
    this.#closed.abort()
    this.#waiting = []
    this.#bytes = 0
    this.#stream?.abort(new Error('not wanted any more'))
  }

  async #send(): Promise<void> {
    this.#isSending = true
    while (this.#waiting.length > 0 && !this.#closed.signal.aborted) {
      try {
        if (this.#stream?.status !== 'open') this.#stream = await this.#open()
        const bytes = this.#take()
        if (bytes === undefined) break
        await writeWhole(this.#stream, bytes, STALLED_MS)
      } catch (error) {
        this.#stream?.abort(error as Error)
        this.#stream = undefined
        await setTimeout(REOPEN_MS, undefined, { signal: this.#closed.signal }).catch(() => {})
      }
    }
    this.#isSending = false
  }

  async #open(): Promise<Stream> {
    const { table, protocol } = this.#options
    const connection = table.get(this.#to)?.connections[0]
    if (connection === undefined) throw new Error('not connected')
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
    return connection.newStream(protocol, { signal })
  }

  #take(): Uint8Array | undefined {
    const bytes = this.#waiting.shift()
    this.#bytes -= bytes?.length ?? 0
    return bytes
  }
}
