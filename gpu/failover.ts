/**
 * Several nodes behind one ChainClient. One is asked; when it does not answer, or is behind, the next one of the list that
 * is on the same chain takes its place, and the same question is put to it. The first of the list is preferred: while
 * another serves, it is looked at again and again, and taken back once it answers well.
 */
import { equalBytes } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { pause } from './backoff.ts'
import type { ChainClient, ChainIdentity, HeadWatch } from './chain-client.ts'
import { tagOf } from './verdict.ts'

/** The preferred node is looked at this often while another serves; a restart takes some seconds. */
const LOOK_BACK_MS = 5_000

/** Faults of a node rather than of the question: another may do better. */
const NODE_FAULTS: ReadonlySet<string> = new Set([
  'RPC_UNREACHABLE',
  'RPC_ANSWER_INVALID',
  'RPC_ERROR',
  'INTERNAL',
  'WORK_UNAVAILABLE',
])

export interface Endpoint {
  readonly url: string
  readonly client: ChainClient
}

export interface FailoverOptions {
  /** At least one, the preferred one first. */
  readonly endpoints: readonly Endpoint[]
  /** Ends the looking back. */
  readonly signal: AbortSignal
  /** `tag`: what the node before was left for; `RPC_RECOVERED` when the preferred one is back. */
  readonly onSwitch?: (url: string, tag: string) => void
  readonly lookBackMs?: number
}

export interface FailoverClient extends ChainClient {
  /** Of the node that is asked now. */
  url(): string
}

class Failover {
  readonly #options: FailoverOptions
  #current = 0
  #identity: ChainIdentity | undefined
  /** One change of nodes at a time: several questions fail together. */
  #switching: Promise<boolean> | undefined
  #lookingBack = false
  readonly #listeners = new Set<() => void>()

  constructor(options: FailoverOptions) {
    if (options.endpoints.length === 0) throw new QuernError('ARGUMENT_INVALID', 'name at least one --rpc')
    this.#options = options
  }

  get endpoint(): Endpoint {
    return this.#options.endpoints[this.#current]!
  }

  /** Called after each change; returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async ask<T>(question: (client: ChainClient) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    for (let asked = 1; ; asked++) {
      const { endpoint } = this
      try {
        return await question(endpoint.client)
      } catch (error) {
        signal?.throwIfAborted()
        const isLast = asked >= this.#options.endpoints.length
        if (isLast || !NODE_FAULTS.has(tagOf(error))) throw error
        // Somebody else may have changed nodes meanwhile.
        const moved = this.endpoint !== endpoint || (await this.#leave(tagOf(error)))
        if (!moved) throw error
      }
    }
  }

  async identity(signal: AbortSignal | undefined): Promise<ChainIdentity> {
    const identity = await this.ask((client) => client.identity(signal), signal)
    this.#identity = identity
    return identity
  }

  #leave(tag: string): Promise<boolean> {
    this.#switching ??= this.#toAnother(tag).finally(() => {
      this.#switching = undefined
    })
    return this.#switching
  }

  /** To the next node that is on our chain; if none is, to the next that answers: they have all begun anew. */
  async #toAnother(tag: string): Promise<boolean> {
    const { endpoints } = this.#options
    let stranger: number | undefined
    for (let step = 1; step < endpoints.length; step++) {
      const index = (this.#current + step) % endpoints.length
      const fitness = await this.#fitness(index)
      if (fitness === 'ours') {
        this.#take(index, tag)
        return true
      }
      if (fitness === 'stranger') stranger ??= index
    }
    if (stranger === undefined) return false
    this.#take(stranger, tag)
    return true
  }

  async #fitness(index: number): Promise<'ours' | 'stranger' | 'silent'> {
    const { endpoints, signal } = this.#options
    try {
      const identity = await endpoints[index]!.client.identity(signal)
      if (this.#identity === undefined) return 'ours'
      const isOurs =
        identity.chainId === this.#identity.chainId && equalBytes(identity.genesisHash, this.#identity.genesisHash)
      return isOurs ? 'ours' : 'stranger'
    } catch {
      return 'silent'
    }
  }

  #take(index: number, tag: string): void {
    this.#current = index
    this.#options.onSwitch?.(this.endpoint.url, tag)
    for (const listener of this.#listeners) listener()
    if (index !== 0 && !this.#lookingBack) this.#lookBack().catch(() => undefined)
  }

  /** Until the preferred node is on our chain and has work again, which one that catches up has not. */
  async #lookBack(): Promise<void> {
    const { endpoints, signal, lookBackMs = LOOK_BACK_MS } = this.#options
    this.#lookingBack = true
    try {
      while (this.#current !== 0) {
        await pause(lookBackMs, signal)
        const works = await endpoints[0]!.client.getWork(signal).then(
          () => true,
          () => false,
        )
        if (!works || this.#current === 0) continue
        if ((await this.#fitness(0)) === 'ours') this.#take(0, 'RPC_RECOVERED')
      }
    } finally {
      this.#lookingBack = false
    }
  }
}

/** A watch that moves along with the node that is asked. */
function watchCurrent(failover: Failover, onHead: () => void, signal: AbortSignal): HeadWatch {
  let ending = new AbortController()
  const start = (): HeadWatch | undefined => {
    ending.abort()
    ending = new AbortController()
    return signal.aborted ? undefined : failover.endpoint.client.watchHeads?.(onHead, ending.signal)
  }
  let watch = start()
  const stop = failover.onChange(() => {
    watch = start()
    onHead()
  })
  signal.addEventListener(
    'abort',
    () => {
      stop()
      ending.abort()
    },
    { once: true },
  )
  return { isLive: () => watch?.isLive() ?? false }
}

/** @throws QuernError `ARGUMENT_INVALID` without an endpoint */
export function createFailoverClient(options: FailoverOptions): FailoverClient {
  const failover = new Failover(options)
  return {
    url: () => failover.endpoint.url,
    identity: (signal) => failover.identity(signal),
    getWork: (signal) => failover.ask((client) => client.getWork(signal), signal),
    nonces: (address, signal) => failover.ask((client) => client.nonces(address, signal), signal),
    fees: (signal) => failover.ask((client) => client.fees(signal), signal),
    send: (raw, signal) => failover.ask((client) => client.send(raw, signal), signal),
    status: (transaction, signal) => failover.ask((client) => client.status(transaction, signal), signal),
    watchHeads: (onHead, signal) => watchCurrent(failover, onHead, signal),
  }
}
