/**
 * Questions and answers: one stream each, one frame each way. Asking is bounded in number, time and size of the answer;
 * answering in number and by rate, for each peer and for all together.
 */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { MAX_BLOCK_BYTES } from '../consensus/block.ts'
import type { Block } from '../consensus/types.ts'
import { equalBytes, type Hash } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { type Refused, RequestLimiter, type RequestType } from './limits.ts'
import type { PeerTable } from './peer-table.ts'
import type { ProtocolNames } from './protocols.ts'
import { readFrame, writeFrame } from './streams.ts'
import type {
  PeerId,
  PeerRequest,
  PeerResponse,
  ResponseTo,
  TransportErrorCode,
  TransportHandlers,
} from './transport.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse, MAX_WIRE_BYTES } from './wire.ts'
import { LIGHT_REQUESTS, MAX_LIGHT_BYTES, MAX_STATE_REQUEST_BYTES } from './wire-light.ts'
import { MAX_CHUNK_BYTES } from './wire-snapshot.ts'

/** Questions to one peer at a time, and its to us. Catching up asks one after the other; the engine a few at once. */
const MAX_PER_PEER = 8
/** Under way at once: second and further ones of a peer while there are fewer in all, first ones up to twice or three times that. */
interface Room {
  readonly forMore: number
  readonly forFirst: number
}

/** A few peers that take their time must not use up all that we may ask; questions are small, and few get 8 MiB. */
const ASKING: Room = { forMore: 32, forFirst: 64 }
/** For strangers, and as much again for reserved peers. An answer takes 6 MiB at most until it is written, and most some kilobytes. */
const ANSWERING: Room = { forMore: 16, forFirst: 48 }
/** Whoever let several questions go unanswered lately gets one at a time, or a few such peers would hold all of ours. */
const SLOW_SCORE = -5
/** A few integers, or a hash; but some keys of the state where those are asked for. */
const MAX_REQUEST_BYTES = 64
const maxRequestBytes = (types: readonly Question['type'][]): number =>
  types.includes('state') ? MAX_STATE_REQUEST_BYTES + 1 : MAX_REQUEST_BYTES
/** A few round trips on a busy machine; D of fast networks is shorter than a pause of the event loop. */
const MIN_TIMEOUT_MS = 2_000
const TIMEOUT_DELAYS = 4
/** The slowest line that a node is expected to have: 1 MiB/s. */
const BYTES_PER_MS = 1_048

/** Asked by stream here; `status` is the hello (handshake.ts). */
export type Question = Exclude<PeerRequest, { readonly type: 'status' }>

const MAX_ANSWER_BYTES: Readonly<Record<Question['type'], number>> = {
  block: MAX_BLOCK_BYTES + 1,
  range: MAX_WIRE_BYTES,
  certificates: (128 << 10) + 1,
  chunk: MAX_CHUNK_BYTES + 1,
  receipts: MAX_WIRE_BYTES,
  edges: MAX_LIGHT_BYTES + 1,
  headers: MAX_LIGHT_BYTES + 1,
  state: MAX_LIGHT_BYTES + 1,
  result: MAX_LIGHT_BYTES + 1,
}

const PROTOCOL_OF: Readonly<Record<Question['type'], 'blocks' | 'certificates' | 'snapshot' | 'light'>> = {
  block: 'blocks',
  range: 'blocks',
  certificates: 'certificates',
  chunk: 'snapshot',
  receipts: 'snapshot',
  edges: 'light',
  headers: 'light',
  state: 'light',
  result: 'light',
}

export interface RequestsOptions {
  readonly libp2p: Libp2p
  readonly names: ProtocolNames
  readonly networkDelayMs: number
  readonly nowMs: () => number
  readonly table: PeerTable
  greeted(connection: Connection): Promise<boolean>
  handlers(): TransportHandlers | undefined
  /** A validator of the set, or a persistent peer: strangers take no room from it. */
  isReserved(peer: PeerId): boolean
  scoreOf(peer: PeerId): number
  /** This process was stopped, or hung, a moment ago: what comes in now piled up meanwhile. */
  wasPaused(): boolean
  /** One that the chain does not have yet. */
  recentBlock(hash: Hash): Block | undefined
  penalize(peer: PeerId, code: string): void
  /** `name`: `request` or `answer`, and its type. */
  onReceived(name: string, bytes: number): void
  onSent(name: string, bytes: number): void
}

const failure = (code: TransportErrorCode, message: string, peer: PeerId, cause?: unknown) =>
  new QuernError(code, message, { peer }, { cause })

export class Requests {
  readonly #options: RequestsOptions
  readonly #limiter: RequestLimiter
  readonly #asked = new InWork(ASKING)
  readonly #answering = { stranger: new InWork(ANSWERING), reserved: new InWork(ANSWERING) }

  constructor(options: RequestsOptions) {
    this.#options = options
    this.#limiter = new RequestLimiter(options)
  }

  async start(): Promise<void> {
    const { libp2p, names } = this.#options
    const limits = { maxInboundStreams: MAX_PER_PEER, maxOutboundStreams: MAX_PER_PEER }
    const answer = (types: readonly Question['type'][]) => (stream: Stream, connection: Connection) =>
      this.#answer(stream, connection, types)
    await libp2p.handle(names.blocks, answer(['block', 'range']), limits)
    await libp2p.handle(names.certificates, answer(['certificates']), limits)
    await libp2p.handle(names.snapshot, answer(['chunk', 'receipts']), limits)
    await libp2p.handle(names.light, answer(LIGHT_REQUESTS), limits)
  }

  forget(peer: PeerId): void {
    this.#limiter.forget(peer)
  }

  /** Whether the peer may ask this now; a penalty if not. `blocks`: of a range. */
  allow(peer: PeerId, type: RequestType, blocks?: number): boolean {
    return this.#refused(peer, type, blocks) === undefined
  }

  /** The hello of a new connection: whatever others ask, or a few of them could keep everybody else out. */
  allowFirst(peer: PeerId): boolean {
    const refused = this.#refused(peer, 'status', 1)
    return refused === undefined || refused === 'ignored'
  }

  #refused(peer: PeerId, type: RequestType, blocks?: number): Refused | undefined {
    const { isReserved, wasPaused, penalize } = this.#options
    const refused = this.#limiter.refuses(peer, type, blocks, isReserved(peer))
    if (refused !== undefined && refused !== 'ignored' && !wasPaused()) penalize(peer, refused.code)
    return refused
  }

  // ------------------------------------------------------------------------------------------------------- asking

  /** @throws QuernError `TransportErrorCode` */
  async ask<T extends Question>(to: PeerId, question: T): Promise<ResponseTo<T>> {
    const { names, networkDelayMs, onSent, onReceived } = this.#options
    const connection = this.#options.table.get(to)?.connections[0]
    if (connection === undefined) throw failure('PEER_UNKNOWN', 'the peer is gone; ask another', to)
    const isSlow = this.#options.scoreOf(to) <= SLOW_SCORE
    if (!this.#asked.begin(to, isSlow ? 1 : MAX_PER_PEER))
      throw failure('PEER_TIMEOUT', 'too many requests are under way; try again later', to)
    const maxBytes = MAX_ANSWER_BYTES[question.type]
    const timeoutMs = Math.max(MIN_TIMEOUT_MS, TIMEOUT_DELAYS * networkDelayMs) + maxBytes / BYTES_PER_MS
    const signal = AbortSignal.timeout(Math.ceil(timeoutMs))
    const protocol = names[PROTOCOL_OF[question.type]]
    let stream: Stream | undefined
    try {
      stream = await connection.newStream(protocol, { signal })
      const request = encodeRequest(question)
      await writeFrame(stream, request, signal)
      await stream.close({ signal })
      onSent(`request/${question.type}`, request.length)
      const bytes = await readFrame(stream, maxBytes, signal)
      onReceived(`answer/${question.type}`, bytes.length)
      return checkAnswer(question, bytes)
    } catch (error) {
      stream?.abort(error as Error)
      throw this.#failed(to, error)
    } finally {
      this.#asked.end(to)
    }
  }

  #failed(to: PeerId, error: unknown): QuernError<TransportErrorCode> {
    const { table, penalize } = this.#options
    const isSilence = !(error instanceof QuernError) || error.code === 'STREAM_TIMEOUT' || error.code === 'STREAM_ENDED'
    if (!isSilence) {
      penalize(to, error.code === 'HEADER_VERSION' ? error.code : 'PEER_ANSWER_INVALID')
      return failure('PEER_ANSWER_INVALID', 'the answer is not one to the question; ask another peer', to, error)
    }
    if (table.get(to) !== undefined) penalize(to, 'PEER_TIMEOUT')
    return failure('PEER_TIMEOUT', 'the peer did not answer; ask another', to, error)
  }

  // ---------------------------------------------------------------------------------------------------- answering

  async #answer(stream: Stream, connection: Connection, types: readonly Question['type'][]): Promise<void> {
    const { greeted, penalize } = this.#options
    const from = connection.remotePeer.toString()
    const { networkDelayMs } = this.#options
    const timeoutMs = Math.max(MIN_TIMEOUT_MS, TIMEOUT_DELAYS * networkDelayMs)
    let answering: InWork | undefined
    try {
      if (!(await greeted(connection))) throw new Error('no handshake')
      // Silent streams take no room here: the library bounds how many there are.
      const question = await this.#readQuestion(stream, from, types, AbortSignal.timeout(timeoutMs))
      const work = this.#answering[this.#options.isReserved(from) ? 'reserved' : 'stranger']
      if (!work.begin(from, MAX_PER_PEER)) {
        if (work.of(from) >= MAX_PER_PEER) penalize(from, 'STREAM_EXCESS')
        throw new Error('too many requests')
      }
      answering = work
      const response = await this.#respond(from, question)
      const signal = AbortSignal.timeout(Math.ceil(timeoutMs + response.length / BYTES_PER_MS))
      await writeFrame(stream, response, signal)
      this.#options.onSent(`answer/${question.type}`, response.length)
      await stream.close({ signal })
    } catch (error) {
      stream.abort(error as Error)
    } finally {
      answering?.end(from)
    }
  }

  async #readQuestion(
    stream: Stream,
    from: PeerId,
    types: readonly Question['type'][],
    signal: AbortSignal,
  ): Promise<Question> {
    const { penalize, onReceived } = this.#options
    let request: PeerRequest
    try {
      const bytes = await readFrame(stream, maxRequestBytes(types), signal)
      request = decodeRequest(bytes)
      onReceived(`request/${request.type}`, bytes.length)
    } catch (error) {
      const code = error instanceof QuernError ? error.code : 'STREAM_ENDED'
      if (code === 'STREAM_TIMEOUT') penalize(from, 'STREAM_SILENT')
      else if (code !== 'STREAM_ENDED') penalize(from, code)
      throw error
    }
    const question = types.includes(request.type as Question['type']) ? (request as Question) : undefined
    if (question === undefined) {
      penalize(from, 'FRAME_INVALID')
      throw new Error('not a question for this protocol')
    }
    const blocks = 'count' in question ? question.count : undefined
    if (!this.allow(from, question.type, blocks)) throw new Error('too many questions')
    return question
  }

  async #respond(from: PeerId, question: Question): Promise<Uint8Array> {
    const handlers = this.#options.handlers()
    if (handlers === undefined) throw new Error('not running')
    const response = await handlers.request(from, question)
    if (response.type !== 'block' || response.block !== undefined || question.type !== 'block') {
      return encodeResponse(response)
    }
    return encodeResponse({ type: 'block', block: this.#options.recentBlock(question.hash) })
  }
}

/** @throws QuernError of the decoders, or `PEER_ANSWER_INVALID` */
function checkAnswer<T extends Question>(question: T, bytes: Uint8Array): ResponseTo<T> {
  const response: PeerResponse = decodeResponse(bytes)
  if (!answers(question, response)) {
    throw new QuernError('PEER_ANSWER_INVALID', 'the answer is to another question; ask another peer')
  }
  return response as ResponseTo<T>
}

/** Of the type that was asked for, and of what was asked for. */
function answers(question: Question, response: PeerResponse): boolean {
  switch (question.type) {
    case 'block':
      return (
        response.type === 'block' && (response.block === undefined || equalBytes(response.block.hash, question.hash))
      )
    case 'range':
      return (
        response.type === 'range' &&
        response.blocks.length <= question.count &&
        response.blocks.every(({ block }, i) => block.header.height === question.fromHeight + i)
      )
    case 'certificates':
      return response.type === 'certificates'
    case 'chunk':
      return response.type === 'chunk'
    case 'receipts':
      return response.type === 'receipts' && response.blocks.length <= question.count
    case 'edges':
      return response.type === 'edges' && response.edges.length <= question.count
    case 'headers':
      return response.type === 'headers' && response.headers.length <= question.count
    case 'state':
    case 'result':
      return response.type === question.type
  }
}

/** Requests under way, by peer and in total. */
class InWork {
  readonly #room: Room
  readonly #byPeer = new Map<PeerId, number>()
  #total = 0

  constructor(room: Room) {
    this.#room = room
  }

  of(peer: PeerId): number {
    return this.#byPeer.get(peer) ?? 0
  }

  begin(peer: PeerId, max: number): boolean {
    const count = this.of(peer)
    const { forMore, forFirst } = this.#room
    if (count >= max || this.#total >= (count === 0 ? forFirst : forMore)) return false
    this.#byPeer.set(peer, count + 1)
    this.#total++
    return true
  }

  end(peer: PeerId): void {
    const count = (this.#byPeer.get(peer) ?? 1) - 1
    this.#total--
    if (count > 0) this.#byPeer.set(peer, count)
    else this.#byPeer.delete(peer)
  }
}
