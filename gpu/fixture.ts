/** A chain for the worker's tests: it answers like a node, and judges results with the real rules. */
import { hexKey } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { actionContext, chainAt, EASY_PARAMS, type MapState, testBlockHash } from '../vm/compute/fixture.ts'
import { submitResult } from '../vm/kinds/submit-result.ts'
import { DIFFICULTY_FLOOR_MACS, epochOf } from '../vm/params.ts'
import { decodeTransaction } from '../vm/transaction/envelope.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import type { ChainClient, SubmissionStatus, Work } from './chain-client.ts'

const TEST_CHAIN_ID = 26_180

export class TestChain implements ChainClient {
  readonly #state: MapState
  /** What arrived, in order; `code` is the handler's verdict at inclusion. */
  readonly received: { readonly transaction: Transaction; readonly code: string }[] = []
  /** Final height; results are judged as if included two blocks above it. */
  height: number
  /** Thrown by the next `send`s, first to last, before (or, if `arrives`, after) the bytes are taken. */
  readonly refuseSends: { readonly tag: string; readonly arrives?: boolean }[] = []
  /** Calls to getWork that fail before it answers again. */
  silentWork = 0
  /** Statuses stay pending while this is set. */
  withholdReceipts = false
  hang = false
  /** Calls to `status` so far. */
  statusAsked = 0

  constructor(height = 30) {
    this.height = height
    this.#state = chainAt(200, { ...EASY_PARAMS, laneWindowBlocks: 200 }, 5)
  }

  async #answer<T>(value: T, signal: AbortSignal | undefined): Promise<T> {
    if (this.hang) await new Promise(() => undefined)
    signal?.throwIfAborted()
    return value
  }

  chainId = (signal?: AbortSignal): Promise<number> => this.#answer(TEST_CHAIN_ID, signal)

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

  pendingNonce = (_: unknown, signal?: AbortSignal): Promise<number> => this.#answer(this.received.length, signal)

  fees = (signal?: AbortSignal) => this.#answer({ maxFeePerGas: 2_000n, maxPriorityFeePerGas: 1n }, signal)

  #include(raw: Uint8Array): void {
    const transaction = decodeTransaction(raw, TEST_CHAIN_ID)
    if (this.received.some((other) => hexKey(other.transaction.hash) === hexKey(transaction.hash))) return
    if (transaction.nonce < this.received.length) throw new QuernError('TX_NONCE_TOO_LOW', 'nonce too low')
    const { action } = transaction
    const code = this.#state.block((state) => {
      if (action.kind !== 'SUBMIT_RESULT') return 'NOT_A_RESULT'
      const height = this.height + 2
      const failure = submitResult(action, actionContext(state, height, transaction.from))
      return failure?.code ?? 'accepted'
    })
    this.received.push({ transaction, code })
  }

  async send(raw: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#answer(undefined, signal)
    const refusal = this.refuseSends.shift()
    if (refusal === undefined || refusal.arrives) this.#include(raw)
    if (refusal !== undefined) throw new QuernError(refusal.tag, 'refused by the test')
  }

  status(transaction: Uint8Array, signal?: AbortSignal): Promise<SubmissionStatus> {
    this.statusAsked++
    const entry = this.received.find((other) => hexKey(other.transaction.hash) === hexKey(transaction))
    if (entry === undefined || this.withholdReceipts) return this.#answer({ status: 'pending' }, signal)
    const answer: SubmissionStatus =
      entry.code === 'accepted' ? { status: 'accepted' } : { status: 'failed', tag: entry.code }
    return this.#answer(answer, signal)
  }
}
