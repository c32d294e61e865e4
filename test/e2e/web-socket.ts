/** JSON-RPC over a WebSocket, with nothing between the test and the wire. */
import { expect } from 'vitest'
import WebSocket from 'ws'
import { PATIENCE } from './devnet-fixture.ts'

export interface Notification<T> {
  readonly method: string
  readonly params: { readonly subscription: string; readonly cursor?: string; readonly event?: T; readonly result?: T }
}

export class RpcSocket {
  readonly #socket: WebSocket
  readonly #answers = new Map<number, unknown>()
  readonly #notifications: unknown[] = []
  #nextId = 1

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { id?: number }
      if (message.id === undefined) this.#notifications.push(message)
      else this.#answers.set(message.id, message)
    })
  }

  static async open(url: string): Promise<RpcSocket> {
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    return new RpcSocket(socket)
  }

  async call<T>(method: string, params: unknown = []): Promise<T> {
    const id = this.#nextId++
    this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    await expect.poll(() => this.#answers.has(id), PATIENCE).toBe(true)
    const answer = this.#answers.get(id) as { result?: T; error?: { message: string } }
    if (answer.error !== undefined) throw new Error(answer.error.message)
    return answer.result as T
  }

  /** So far, of one subscription, in the order of arrival. */
  notifications<T>(subscription: string): Notification<T>[] {
    const all = this.#notifications as Notification<T>[]
    return all.filter(({ params }) => params.subscription === subscription)
  }

  close(): void {
    this.#socket.close()
  }
}
