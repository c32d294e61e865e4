/** A chain for the worker's tests: it answers like a node, and judges results with the real rules. */
import { type Hash, hexKey } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import { actionContext, chainAt, EASY_PARAMS, type MapState, testBlockHash } from '../vm/compute/fixture.ts'
import { submitResult } from '../vm/kinds/submit-result.ts'
import { DIFFICULTY_FLOOR_MACS, epochOf } from '../vm/params.ts'
import { decodeTransaction } from '../vm/transaction/envelope.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import type { ChainClient, ChainIdentity, Nonces, SubmissionStatus, Work } from './chain-client.ts'

export const TEST_CHAIN_ID = 26_180

interface Included {
  readonly transaction: Transaction
  /** The handler's verdict at inclusion. */
  readonly code: string
  readonly height: number
}

/** Blocks take what is sent at once, unless `heldBack`: then it waits in a pool until `release`. */
export class TestChain implements ChainClient {
  #state: MapState
  /** What was included, in order; index = nonce. */
  readonly received: Included[] = []
  /** By nonce. */
  readonly pool = new Map<number, Transaction>()
  /** Final height; results are judged as if included two blocks above it. */
  height: number
  /** Thrown by the next `send`s, first to last, before (or, if `arrives`, after) the bytes are taken. */
  readonly refuseSends: { readonly tag: string; readonly arrives?: boolean }[] = []
  /** Calls to getWork that fail before it answers again. */
  silentWork = 0
  /** No method answers while this is set. */
  down = false
  heldBack = false
  /** How far above the final height blocks include. */
  ahead = 0
  hang = false
  /** Wei per gas that the next block takes. */
  nextBlockPerGas = 1_000n
  chainId = TEST_CHAIN_ID
  genesisHash: Hash = sha256(new Uint8Array(1))
  /** Calls to `status` and to `nonces` so far. */
  statusAsked = 0
  noncesAsked = 0

  constructor(height = 30) {
    this.height = height
    this.#state = emptyState()
  }

  /** As when a devnet is started anew: another genesis, no accounts' past. */
  reset(height: number): void {
    this.#state = emptyState()
    this.received.length = 0
    this.pool.clear()
    this.height = height
    this.genesisHash = sha256(this.genesisHash)
  }

  /** Includes what waits, from the account's nonce on, and from then on whatever comes. */
  release(): void {
    this.heldBack = false
    this.#includeReady()
  }

  /** Includes as many of the ready ones, as a full block does. */
  includeOne(): void {
    const transaction = this.pool.get(this.received.length)
    if (transaction !== undefined) this.#include(transaction)
  }

  #includeReady(): void {
    while (this.pool.has(this.received.length)) this.includeOne()
  }

  #include(transaction: Transaction): void {
    this.pool.delete(transaction.nonce)
    const { action } = transaction
    const code = this.#state.block((state) => {
      if (action.kind !== 'SUBMIT_RESULT') return action.kind
      return submitResult(action, actionContext(state, this.height + 2, transaction.from))?.code ?? 'accepted'
    })
    this.received.push({ transaction, code, height: this.height + this.ahead })
  }

  async #answer<T>(value: T, signal: AbortSignal | undefined): Promise<T> {
    if (this.hang) await new Promise(() => undefined)
    signal?.throwIfAborted()
    if (this.down) throw new QuernError('RPC_UNREACHABLE', 'down')
    return value
  }

  identity(signal?: AbortSignal): Promise<ChainIdentity> {
    return this.#answer({ chainId: this.chainId, genesisHash: this.genesisHash }, signal)
  }

  async getWork(signal?: AbortSignal): Promise<Work> {
    if (this.silentWork > 0) {
      this.silentWork--
      throw new QuernError('RPC_UNREACHABLE', 'silent')
    }
    return this.#answer(
      {
        height: this.height,
        blockHash: testBlockHash(this.height),
        epoch: epochOf(this.height, EASY_PARAMS),
        difficultyMacs: DIFFICULTY_FLOOR_MACS,
        matrixSizes: [256, 512],
        expiresHeight: this.height + EASY_PARAMS.seedWindowBlocks,
      },
      signal,
    )
  }

  nonces(_: unknown, signal?: AbortSignal): Promise<Nonces> {
    this.noncesAsked++
    let pending = this.received.length
    while (this.pool.has(pending)) pending++
    return this.#answer({ included: this.received.length, pending }, signal)
  }

  fees = (signal?: AbortSignal) => {
    const { nextBlockPerGas } = this
    return this.#answer({ maxFeePerGas: 2n * nextBlockPerGas, maxPriorityFeePerGas: 100n, nextBlockPerGas }, signal)
  }

  #admit(raw: Uint8Array): void {
    const transaction = decodeTransaction(raw, this.chainId)
    const { nonce } = transaction
    const known = [...this.received.map((entry) => entry.transaction), ...this.pool.values()]
    if (known.some((other) => hexKey(other.hash) === hexKey(transaction.hash))) return
    if (nonce < this.received.length) throw new QuernError('TX_NONCE_TOO_LOW', 'nonce too low')
    const rival = this.pool.get(nonce)
    if (rival !== undefined && transaction.maxFeePerGas * 10n < rival.maxFeePerGas * 11n) {
      throw new QuernError('REPLACEMENT_UNDERPRICED', 'raise both fees by 10 %')
    }
    this.pool.set(nonce, transaction)
    if (!this.heldBack) this.#includeReady()
  }

  async send(raw: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#answer(undefined, signal)
    const refusal = this.refuseSends.shift()
    if (refusal === undefined || refusal.arrives) this.#admit(raw)
    if (refusal !== undefined) throw new QuernError(refusal.tag, 'refused by the test')
  }

  status(transaction: Uint8Array, signal?: AbortSignal): Promise<SubmissionStatus> {
    this.statusAsked++
    const entry = this.received.find((other) => hexKey(other.transaction.hash) === hexKey(transaction))
    if (entry === undefined) return this.#answer({ status: 'pending' }, signal)
    const { height } = entry
    const answer: SubmissionStatus =
      entry.code === 'accepted' ? { status: 'accepted', height } : { status: 'failed', height, tag: entry.code }
    return this.#answer(answer, signal)
  }
}

const emptyState = (): MapState => chainAt(200, { ...EASY_PARAMS, laneWindowBlocks: 200 }, 5)
