/**
 * One WebSocket connection: requests as over HTTP, and subscriptions. A client that does not read what it asked for is
 * cut off; one that asks faster than it is answered is read more slowly.
 */
import type { WebSocket } from '@fastify/websocket'
import type { Dispatcher } from './dispatch.ts'
import { RPC_CODE, RpcError } from './errors.ts'
import type { Connection, Notify, RpcContext } from './method.ts'
import { randomId } from './random-id.ts'

/** viem and ethers open a handful each. */
export const MAX_SUBSCRIPTIONS = 128
/** A client that has let this much pile up has stopped reading. */
export const MAX_BACKLOG_BYTES = 16 << 20
/** Replays wait for less than this before they go on. */
const READY_BACKLOG_BYTES = 1 << 20
/** Requests of one connection in progress; beyond that its next ones stay in the socket. */
const MAX_IN_PROGRESS = 256
/** How often a waiting replay looks at the backlog: the socket has no event for "less than". */
const READY_POLL_MS = 10

interface Subscription {
  readonly stop: () => void
}

export class WebSocketConnection {
  readonly #socket: WebSocket
  readonly #dispatcher: Dispatcher
  readonly #base: RpcContext
  readonly #subscriptions = new Map<string, Subscription>()
  #inProgress = 0
  #closed = false

  constructor(socket: WebSocket, dispatcher: Dispatcher, base: RpcContext) {
    this.#socket = socket
    this.#dispatcher = dispatcher
    this.#base = base
    socket.on('message', (message: Buffer, isBinary: boolean) => {
      // A subscription that cannot start must cost its client the connection, not everybody the node.
      this.#onMessage(message, isBinary).catch(() => socket.terminate())
    })
    socket.on('close', () => this.#onClose())
    // 'close' follows; without a listener an error would end the process.
    socket.on('error', () => socket.terminate())
  }

  #unsubscribe(id: string): boolean {
    const subscription = this.#subscriptions.get(id)
    this.#subscriptions.delete(id)
    subscription?.stop()
    return subscription !== undefined
  }

  async #ready(): Promise<void> {
    while (!this.#closed && this.#socket.bufferedAmount > READY_BACKLOG_BYTES) {
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS))
    }
  }

  async #onMessage(message: Buffer, isBinary: boolean): Promise<void> {
    if (isBinary) {
      this.#socket.close(1003, 'send JSON text')
      return
    }
    if (++this.#inProgress === MAX_IN_PROGRESS) this.#socket.pause()
    const opened: (() => void)[] = []
    const connection: Connection = {
      subscribe: (method, start) => this.#open(method, start, opened),
      unsubscribe: (id) => this.#unsubscribe(id),
      ready: () => this.#ready(),
    }
    const answer = await this.#dispatcher.answer({ ...this.#base, connection }, message.toString())
    if (this.#inProgress-- === MAX_IN_PROGRESS) this.#socket.resume()
    if (answer !== undefined) this.#send(answer)
    for (const start of opened) start()
  }

  #open(method: string, start: (notify: Notify) => () => void, opened: (() => void)[]): string {
    // Nobody would end it.
    if (this.#closed) throw new RpcError(RPC_CODE.resourceUnavailable, 'CONNECTION_CLOSED', 'the client is gone')
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      const message = `at most ${MAX_SUBSCRIPTIONS} subscriptions on a connection: end some or open another`
      throw new RpcError(RPC_CODE.limitExceeded, 'SUBSCRIPTION_LIMIT', message)
    }
    const id = randomId()
    this.#subscriptions.set(id, { stop: () => {} })
    const notify: Notify = (payload) => {
      if (!this.#subscriptions.has(id)) return
      this.#send(JSON.stringify({ jsonrpc: '2.0', method, params: { subscription: id, ...payload } }))
    }
    opened.push(() => {
      // Gone already when the connection closed or the same batch ended it.
      if (!this.#subscriptions.has(id)) return
      const stop = start(notify)
      if (this.#subscriptions.has(id)) this.#subscriptions.set(id, { stop })
      else stop()
    })
    return id
  }

  #send(text: string): void {
    if (this.#closed) return
    this.#socket.send(text)
    if (this.#socket.bufferedAmount > MAX_BACKLOG_BYTES) this.#socket.terminate()
  }

  #onClose(): void {
    this.#closed = true
    for (const id of [...this.#subscriptions.keys()]) this.#unsubscribe(id)
  }
}
