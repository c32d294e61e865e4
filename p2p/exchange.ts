/**
 * Addresses of further peers, asked for and told.
 *
 *     question = nothing; opening the stream asks          answer = rlp([multiaddr with /p2p/<peer id>, ...])
 */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { utf8 } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from '../core/rlp.ts'
import type { Peer, PeerTable } from './peer-table.ts'
import { readFrame, writeFrame } from './streams.ts'
import type { PeerId } from './transport.ts'

const TIMEOUT_MS = 5_000
/** Addresses in one answer, of at most so many characters. */
const MAX_TOLD = 32
const MAX_ADDRESS_CHARACTERS = 160
const MAX_ANSWER_BYTES = 8 << 10
const MAX_STREAMS = 2

export interface ExchangeOptions {
  readonly libp2p: Libp2p
  readonly protocol: string
  readonly table: PeerTable
  greeted(connection: Connection): Promise<boolean>
  /** Whether the peer may ask now. */
  mayAsk(peer: PeerId): boolean
  penalize(peer: PeerId, code: string): void
}

export class Exchange {
  readonly #options: ExchangeOptions

  constructor(options: ExchangeOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { libp2p, protocol } = this.#options
    await libp2p.handle(protocol, (stream, connection) => this.#tell(stream, connection), {
      maxInboundStreams: MAX_STREAMS,
      maxOutboundStreams: MAX_STREAMS,
    })
  }

  /** Multiaddrs, unchecked; none when the peer does not answer well. */
  async ask({ id, connections }: Peer): Promise<readonly string[]> {
    const { protocol, penalize } = this.#options
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    let stream: Stream | undefined
    try {
      stream = await connections[0]?.newStream(protocol, { signal })
      if (stream === undefined) return []
      await stream.close({ signal })
      return decodeAddresses(await readFrame(stream, MAX_ANSWER_BYTES, signal))
    } catch (error) {
      stream?.abort(error as Error)
      const isSilence = !(error instanceof QuernError) || error.code.startsWith('STREAM_')
      if (!isSilence) penalize(id, 'PEER_ANSWER_INVALID')
      return []
    }
  }

  /** Some of our peers, other ones each time. */
  async #tell(stream: Stream, connection: Connection): Promise<void> {
    const { greeted, mayAsk, table } = this.#options
    const asker = connection.remotePeer.toString()
    try {
      if (!(await greeted(connection)) || !mayAsk(asker)) throw new Error('not now')
      const isNear = isLoopback(connection.remoteAddr.toString())
      const told: string[] = []
      for (const peer of shuffled(table.all())) {
        const address = peer.id === asker ? undefined : await this.#addressOf(peer, isNear)
        if (address !== undefined && told.push(address) === MAX_TOLD) break
      }
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      await writeFrame(stream, encodeRlp(told.map(utf8)), signal)
      await stream.close({ signal })
    } catch (error) {
      stream.abort(error as Error)
    }
  }

  /** Where the peer listens, by what it says of itself; loopback only for those who are there as well. */
  async #addressOf({ id, connections }: Peer, isNear: boolean): Promise<string | undefined> {
    const [connection] = connections
    if (connection === undefined) return undefined
    const known = await this.#options.libp2p.peerStore.get(connection.remotePeer).catch(() => undefined)
    const listened = (known?.addresses ?? []).map(({ multiaddr }) => multiaddr.toString().split('/p2p/')[0] ?? '')
    const address = listened.find((text) => text.includes('/tcp/') && (isNear || !isLoopback(text)))
    const whole = `${address}/p2p/${id}`
    return address === undefined || whole.length > MAX_ADDRESS_CHARACTERS ? undefined : whole
  }
}

/** @throws QuernError `PEER_ANSWER_INVALID`, or from the RLP reader */
function decodeAddresses(bytes: Uint8Array): string[] {
  const item = decodeRlp(bytes, { maxBytes: MAX_ANSWER_BYTES, maxDepth: 1, maxItems: MAX_TOLD + 1 })
  return rlpList(item).map((entry) => {
    const text = rlpBytes(entry)
    if (text.length > MAX_ADDRESS_CHARACTERS) throw new QuernError('PEER_ANSWER_INVALID', 'an address is too long')
    return new TextDecoder().decode(text)
  })
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items]
  for (let i = left.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[left[i], left[j]] = [left[j]!, left[i]!]
  }
  return left
}

const isLoopback = (text: string): boolean => text.startsWith('/ip4/127.') || text.startsWith('/ip6/::1/')
