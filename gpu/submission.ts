/** From a winning tile to a SUBMIT_RESULT in a node's pool, and on until it is in a block or too late. */
import { type Address, type Hash, hexKey } from '../core/bytes.ts'
import { messageOf, QuernError } from '../core/errors.ts'
import { keccak256 } from '../core/hash.ts'
import { computeSeed } from '../vm/compute/seed.ts'
import { packNonce, taskIdOf } from '../vm/compute/ticket.ts'
import { signNative } from '../vm/transaction/sign.ts'
import type { Action } from '../vm/transaction/types.ts'
import { backoffMs, orAborted, pause } from './backoff.ts'
import type { ChainClient, SubmissionStatus, Work } from './chain-client.ts'
import type { Found, WorkerEvent } from './worker-events.ts'

/** With the growing pauses about 20 seconds; by then most results are stale, and the search should go on. */
const MAX_TRIES = 8
/** Several windows of the densest chain (64 results a block) would fit; older ones are forgotten uncounted. */
const MAX_TRACKED = 4_096
/** Receipts asked for in one poll, oldest result first: a burst must not become a burst of requests. */
const STATUS_CHECKS = 32

export interface SubmitterOptions {
  readonly client: ChainClient
  readonly chainId: number
  readonly address: Address
  readonly privateKey: Uint8Array
  readonly signal: AbortSignal
  readonly emit: (event: WorkerEvent) => void
}

interface Tracked {
  readonly found: Found
  readonly transaction: Hash
  readonly expiresHeight: number
}

const tagOf = (error: unknown): string => (error instanceof QuernError ? error.code : 'UNKNOWN')

/** Answers after which the bytes may yet be in the node's pool. */
const AMBIGUOUS: ReadonlySet<string> = new Set([
  'RPC_UNREACHABLE',
  'RPC_ANSWER_INVALID',
  'RPC_ERROR',
  'INTERNAL',
  'UNKNOWN',
])

/** A verdict on the result itself. Everything else (nonces, fees, a full pool, a node behind) may pass. */
const isFinalVerdict = (tag: string): boolean => tag.startsWith('RESULT_') && tag !== 'RESULT_SEED_TOO_NEW'

export class Submitter {
  readonly #options: SubmitterOptions
  /** By transaction hash, in order of submission. */
  readonly #tracked = new Map<string, Tracked>()

  constructor(options: SubmitterOptions) {
    this.#options = options
  }

  /** Signed with the sender's next nonce. */
  async #sign(work: Work, found: Found, resultHash: Hash): Promise<Uint8Array> {
    const { client, chainId, address, privateKey, signal } = this.#options
    const [nonce, fees] = await Promise.all([client.pendingNonce(address, signal), client.fees(signal)])
    const seed = computeSeed(work.blockHash, address)
    const action: Action = {
      kind: 'SUBMIT_RESULT',
      challengeType: 'synthetic',
      seedHeight: found.seedHeight,
      matrixSize: found.matrixSize,
      result: {
        taskId: taskIdOf(seed, found.matrixSize, found.attempt),
        workerAddress: address,
        resultHash,
        proof: undefined,
        nonce: packNonce(found),
        signature: undefined,
      },
    }
    return signNative({ chainId, nonce, ...fees, action }, privateKey)
  }

  /** Whether the transaction is in a block, although the node refused to take it (again). */
  async #isIncluded(raw: Uint8Array): Promise<boolean> {
    const { client, signal } = this.#options
    return (await client.status(keccak256(raw), signal)).status !== 'pending'
  }

  #track(work: Work, found: Found, raw: Uint8Array): void {
    const transaction = keccak256(raw)
    this.#tracked.set(hexKey(transaction), { found, transaction, expiresHeight: work.expiresHeight })
    const oldest = this.#tracked.keys().next().value
    if (this.#tracked.size > MAX_TRACKED && oldest !== undefined) this.#tracked.delete(oldest)
    this.#options.emit({ type: 'submitted', found, transaction })
  }

  /**
   * Sends the result. Bytes that may have arrived are sent again as they are; only bytes that the node refused are
   * signed anew, so one result never stands in two transactions that can both be included.
   * @throws the signal's reason
   */
  async submit(work: Work, found: Found, resultHash: Hash): Promise<void> {
    const { client, signal, emit } = this.#options
    let raw: Uint8Array | undefined
    let tag = 'UNKNOWN'
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      try {
        raw ??= await orAborted(this.#sign(work, found, resultHash), signal)
        await orAborted(client.send(raw, signal), signal)
        this.#track(work, found, raw)
        return
      } catch (error) {
        signal.throwIfAborted()
        tag = tagOf(error)
        if (isFinalVerdict(tag)) break
        if (raw !== undefined && tag === 'TX_NONCE_TOO_LOW' && (await orAborted(this.#isIncluded(raw), signal))) {
          this.#track(work, found, raw)
          return
        }
        if (!AMBIGUOUS.has(tag)) raw = undefined
        const retryMs = backoffMs(tries)
        emit({ type: 'trouble', tag, message: messageOf(error), retryMs })
        await pause(retryMs, signal)
      }
    }
    emit({ type: 'rejected', found, tag })
  }

  /**
   * Asks what became of the oldest open submissions.
   * @param finalHeight height of the newest final block
   */
  async poll(finalHeight: number): Promise<void> {
    for (const [id, tracked] of [...this.#tracked].slice(0, STATUS_CHECKS)) {
      const { client, signal } = this.#options
      const status = await orAborted(client.status(tracked.transaction, signal), signal)
      if (status.status === 'pending' && finalHeight <= tracked.expiresHeight) {
        // To the end of the line: one that waits long must not hide those behind it.
        this.#tracked.delete(id)
        this.#tracked.set(id, tracked)
        continue
      }
      this.#tracked.delete(id)
      this.#report(tracked, status)
    }
  }

  #report({ found, transaction }: Tracked, status: SubmissionStatus): void {
    const { emit } = this.#options
    if (status.status === 'accepted') emit({ type: 'accepted', found, transaction })
    else if (status.status === 'failed') emit({ type: 'rejected', found, tag: status.tag })
    else emit({ type: 'late', found })
  }
}
