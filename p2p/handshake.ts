/**
 * The hello on every new connection: who dialled speaks first, the other answers, then both judge. Until then the peer
 * is nobody: it is not listed, asked or listened to. The same exchange, repeated, tells how far a peer is by now, and
 * whether it is still there.
 */
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { equalBytes, type Hash } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { decodeHello, encodeHello, type Hello, MAX_HELLO_BYTES } from './hello.ts'
import type { ProtocolNames } from './protocols.ts'
import { readFrame, writeFrame } from './streams.ts'

/** Hellos that one connection may have under way: its own, ours, and one that was slow. */
const MAX_HELLO_STREAMS = 3

export type HandshakeFailure = 'OTHER_CHAIN' | 'OTHER_VERSION' | 'HANDSHAKE_INVALID' | 'HANDSHAKE_TIMEOUT'

export interface HandshakeOptions {
  readonly libp2p: Libp2p
  readonly names: ProtocolNames
  readonly genesisHash: Hash
  readonly timeoutMs: number
  /** What we say now. */
  ownHello(): Promise<Hello>
  /** Whether this connection may ask for a hello now. `isFirst`: it did not before. */
  mayAsk(connection: Connection, isFirst: boolean): boolean
  /** A good hello: the first of a connection, or a newer one. Returns false to refuse the connection. */
  welcome(connection: Connection, hello: Hello): boolean
  /** Closes the connection. */
  refuse(connection: Connection, code: HandshakeFailure): void
}

interface Greeting {
  readonly done: Promise<boolean>
  settle(isGood: boolean): void
}

export class Handshake {
  readonly #options: HandshakeOptions
  readonly #greetings = new WeakMap<Connection, Greeting>()
  readonly #greeted = new WeakSet<Connection>()
  readonly #asked = new WeakSet<Connection>()
  readonly #timers = new Map<Connection, NodeJS.Timeout>()

  constructor(options: HandshakeOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { libp2p, names } = this.#options
    await libp2p.handle(names.status, (stream, connection) => this.#answer(stream, connection), {
      maxInboundStreams: MAX_HELLO_STREAMS,
      maxOutboundStreams: MAX_HELLO_STREAMS,
    })
    libp2p.addEventListener('connection:open', ({ detail }) => void this.#greet(detail))
    libp2p.addEventListener('connection:close', ({ detail }) => this.#settle(detail, false))
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  /** Whether the connection got a good hello; waits until that is known. */
  greeted(connection: Connection): Promise<boolean> {
    return this.#greeting(connection).done
  }

  /**
   * Asks a known peer how far it is.
   * @throws QuernError and errors of libp2p; the caller decides what silence means
   */
  async ask(connection: Connection): Promise<Hello> {
    const hello = await this.#exchange(connection)
    if (!this.#judge(connection, hello)) throw new QuernError('PEER_ANSWER_INVALID', 'the peer is on another chain now')
    return hello
  }

  /** Ours to begin when we dialled; otherwise the peer has some time to begin. */
  async #greet(connection: Connection): Promise<void> {
    this.#greeting(connection)
    if (connection.direction === 'inbound') {
      const timer = setTimeout(() => this.#fail(connection, 'HANDSHAKE_TIMEOUT'), this.#options.timeoutMs).unref()
      this.#timers.set(connection, timer)
      return
    }
    try {
      this.#judge(connection, await this.#exchange(connection))
    } catch (error) {
      this.#fail(connection, failureOf(error))
    }
  }

  async #exchange(connection: Connection): Promise<Hello> {
    const { names, timeoutMs, ownHello } = this.#options
    const signal = AbortSignal.timeout(timeoutMs)
    const own = encodeHello(await ownHello())
    const stream = await connection.newStream(names.status, { signal })
    try {
      await writeFrame(stream, own, signal)
      const hello = decodeHello(await readFrame(stream, MAX_HELLO_BYTES, signal))
      await stream.close({ signal })
      return hello
    } catch (error) {
      stream.abort(error as Error)
      throw error
    }
  }

  async #answer(stream: Stream, connection: Connection): Promise<void> {
    const { timeoutMs, ownHello, mayAsk } = this.#options
    const isFirst = !this.#asked.has(connection)
    this.#asked.add(connection)
    if (!mayAsk(connection, isFirst)) return stream.abort(new Error('too many hellos'))
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const hello = decodeHello(await readFrame(stream, MAX_HELLO_BYTES, signal))
      await writeFrame(stream, encodeHello(await ownHello()), signal)
      this.#judge(connection, hello)
      await stream.close({ signal })
    } catch (error) {
      stream.abort(error as Error)
      const code = failureOf(error)
      // A peer that is known may be slow to repeat itself.
      if (!this.#greeted.has(connection) || code === 'HANDSHAKE_INVALID') this.#fail(connection, code)
    }
  }

  #judge(connection: Connection, hello: Hello): boolean {
    const { genesisHash, welcome } = this.#options
    if (!equalBytes(hello.genesisHash, genesisHash)) return this.#fail(connection, 'OTHER_CHAIN')
    const isWelcome = connection.status === 'open' && welcome(connection, hello)
    if (isWelcome) this.#greeted.add(connection)
    this.#settle(connection, isWelcome)
    return isWelcome
  }

  #fail(connection: Connection, code: HandshakeFailure): false {
    if (connection.status === 'open') this.#options.refuse(connection, code)
    this.#settle(connection, false)
    return false
  }

  #settle(connection: Connection, isGood: boolean): void {
    clearTimeout(this.#timers.get(connection))
    this.#timers.delete(connection)
    this.#greeting(connection).settle(isGood)
  }

  #greeting(connection: Connection): Greeting {
    const known = this.#greetings.get(connection)
    if (known !== undefined) return known
    let settle: Greeting['settle'] = () => {}
    const done = new Promise<boolean>((resolve) => {
      settle = resolve
    })
    const greeting = { done, settle }
    this.#greetings.set(connection, greeting)
    return greeting
  }
}

/** Names of streams hold the genesis: who does not know ours is on another chain, or no node of ours at all. */
function failureOf(error: unknown): HandshakeFailure {
  if (error instanceof Error && error.name === 'UnsupportedProtocolError') return 'OTHER_CHAIN'
  if (!(error instanceof QuernError)) return 'HANDSHAKE_TIMEOUT'
  if (error.code === 'OTHER_VERSION') return 'OTHER_VERSION'
  return error.code === 'STREAM_TIMEOUT' || error.code === 'STREAM_ENDED' ? 'HANDSHAKE_TIMEOUT' : 'HANDSHAKE_INVALID'
}
