/**
 * A client that follows the chain by headers and certificates, executes nothing, and gets everything else from sources it
 * need not trust: each answer is proved under a header that a quorum finalised. Works over peers and over JSON-RPC alike
 * (source.ts); where its trust begins, trust.ts decides.
 *
 * Promises: nothing is returned that does not verify; a source that lies costs its own answer and no more; `newest` never
 * goes back.
 */

import { headerHash } from '../../consensus/header.ts'
import {
  type HeaderLine,
  linkHeaders,
  type ProvedResult,
  sortedKeys,
  verifyResult,
  verifyState,
} from '../../consensus/light/answers.ts'
import { finalFailure } from '../../consensus/light/edges.ts'
import { checkHorizon, type LightRules, type TrustedHeader } from '../../consensus/light/trust.ts'
import type { Header } from '../../consensus/types.ts'
import { type Address, equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { type Failure, QuernError, type Result } from '../../core/errors.ts'
import { MAX_HEADERS, type ResultRef } from '../../p2p/wire-light.ts'
import { type Account, accounts, recentBlocks } from '../../vm/state/tables.ts'
import { treeKeyOf } from '../../vm/state/view.ts'
import type { LightStore } from './light-store.ts'
import { askEach, LightLie, type LightSource } from './source.ts'
import { followEdges } from './trust.ts'

/** Headers that may follow one another without a finalization; in a network that works these are a few. */
const MAX_OPEN_HEADERS = 4 * MAX_HEADERS

export interface LightClientOptions {
  readonly rules: LightRules
  /** From `resolveTrust`. */
  readonly trusted: TrustedHeader
  readonly sources: () => readonly LightSource[]
  /** Unix time. */
  readonly nowMs: () => number
  /** Absent: nothing is kept, and older headers are asked for again. */
  readonly store?: LightStore
}

/** A record with the header under whose stateRoot it was proved. */
export interface Proved<T> {
  readonly header: Header
  readonly value: T
}

function honest<T, Code extends string>(result: Result<T, Code>): T {
  if (result.ok) return result.value
  throw new LightLie(result.error)
}

export class LightClient {
  readonly rules: LightRules
  readonly #sources: () => readonly LightSource[]
  readonly #store: LightStore | undefined
  readonly #nowMs: () => number
  #newest: TrustedHeader
  #turn = 0
  /** Ends with the last attempt to follow: each begins where the one before came to. */
  #following: Promise<unknown> = Promise.resolve()

  constructor({ rules, trusted, sources, nowMs, store }: LightClientOptions) {
    this.rules = rules
    this.#newest = trusted
    this.#sources = sources
    this.#store = store
    this.#nowMs = nowMs
  }

  /** The newest final header that was verified here. */
  get newest(): TrustedHeader {
    return this.#newest
  }

  /**
   * Follows the chain as far as one source leads; another one each time.
   * @throws QuernError `LIGHT_UNANSWERED`, or `CHECKPOINT_NEEDED` after a pause that was too long
   */
  async advance(): Promise<void> {
    this.#checkHorizon()
    await askEach(this.#inTurn(), 'newer blocks', async (source) => {
      await this.#follow(source)
      return true
    })
  }

  /**
   * A header of the final chain, by height: kept here, or shown by the newest state, which has the hashes of the last
   * `laneWindowBlocks` blocks.
   * @throws QuernError `LIGHT_UNANSWERED`, `BLOCK_UNKNOWN` above the newest, `BLOCK_PRUNED` below what can be shown
   */
  async header(height: number): Promise<Header> {
    const { header } = this.#newest
    if (height === header.height) return header
    if (height > header.height) {
      throw new QuernError('BLOCK_UNKNOWN', `block ${height} is not final yet; the newest is ${header.height}`)
    }
    const kept = this.#store?.header(height)
    if (kept !== undefined) return kept.header
    const oldest = Math.max(0, header.height - this.rules.params.laneWindowBlocks)
    if (height < oldest) {
      throw new QuernError(
        'BLOCK_PRUNED',
        `a light node can show blocks from ${oldest} on, not ${height}: ask a full node`,
        { height, oldest },
      )
    }
    const found = await this.record(recentBlocks, height)
    return askEach(this.#inTurn(), `block ${height}`, async (source) => {
      const [line] = (await source.ask({ type: 'headers', fromHeight: height, count: 1 })).headers
      if (line === undefined) return undefined
      if (found.value === undefined || !equalBytes(headerHash(line.header), found.value.hash)) {
        throw new LightLie({ code: 'HEADER_UNLINKED', message: 'the header is not the one the state names' })
      }
      await this.#store?.remember({ header: line.header, finalization: undefined })
      return line.header
    })
  }

  /** Records of the state after a trusted block, by tree key, in the order asked for. @throws QuernError `LIGHT_UNANSWERED` */
  async state(header: Header, keys: readonly Hash[]): Promise<(Uint8Array | undefined)[]> {
    const { values } = await this.stateProof(header, keys)
    return keys.map((key) => values.get(hexKey(key)))
  }

  /** As `state`, with the proof they came with, wire bytes. */
  async stateProof(
    header: Header,
    keys: readonly Hash[],
  ): Promise<{ readonly values: ReadonlyMap<string, Uint8Array | undefined>; readonly proof: Uint8Array }> {
    const { height } = header
    const sorted = sortedKeys(keys)
    return askEach(this.#inTurn(), `the state after block ${height}`, async (source) => {
      const { state } = await source.ask({ type: 'state', height, keys: sorted })
      if (state === undefined) return undefined
      const values = honest(verifyState(header, sorted, state))
      return { values: new Map(sorted.map((key, i) => [hexKey(key), values[i]])), proof: state.proof }
    })
  }

  /** One record of the newest state, undefined where the proof shows that there is none. */
  async record<Key, Value>(
    table: Parameters<typeof treeKeyOf<Key, Value>>[0],
    key: Key,
    header: Header = this.#newest.header,
  ): Promise<Proved<Value | undefined>> {
    const [bytes] = await this.state(header, [treeKeyOf(table, key)])
    return { header, value: bytes === undefined ? undefined : table.decode(bytes) }
  }

  /** Balance and nonce after the newest block. */
  async account(address: Address): Promise<Proved<Account>> {
    const { header, value } = await this.record(accounts, address)
    return { header, value: value ?? { nonce: 0, balance: 0n } }
  }

  /**
   * A result that the chain verified, under its block's computeRoot. That there is none cannot be shown.
   * @throws QuernError `LIGHT_UNANSWERED`
   */
  async result(of: ResultRef): Promise<Proved<ProvedResult>> {
    return askEach(this.#inTurn(), 'this result', async (source) => {
      const { result } = await source.ask({ type: 'result', of })
      if (result === undefined) return undefined
      // It may stand in a block that is newer than what was followed to.
      if (result.height > this.#newest.header.height) await this.#follow(source)
      const header = await this.header(result.height)
      const value = honest(verifyResult(header, result, this.rules.params))
      const isAsked =
        'transaction' in of
          ? equalBytes(value.transactionHash, of.transaction)
          : header.height === of.height && value.index === of.index
      if (!isAsked) throw new LightLie({ code: 'RESULT_UNPROVED', message: 'another result than the one asked for' })
      return { header, value }
    })
  }

  /** Others first each time, so that no source decides alone what this client sees. */
  #inTurn(): readonly LightSource[] {
    const sources = this.#sources()
    const start = sources.length === 0 ? 0 : this.#turn++ % sources.length
    return [...sources.slice(start), ...sources.slice(0, start)]
  }

  #follow(source: LightSource): Promise<void> {
    const attempt = this.#following.then(() => this.#followAlone(source))
    this.#following = attempt.catch(() => undefined)
    return attempt
  }

  async #followAlone(source: LightSource): Promise<void> {
    this.#checkHorizon()
    if (await this.#followHeaders(source)) return
    // Whole epochs by their edges alone.
    const { trusted, edges } = await followEdges(this.#newest, source, this.rules)
    if (edges.length === 0) return
    await this.#move(trusted, edges)
    await this.#followHeaders(source)
  }

  /** Within the epoch of the next height. @returns false where nothing came, or its end */
  async #followHeaders(source: LightSource): Promise<boolean> {
    const { epochBlocks } = this.rules.params
    const lines: HeaderLine[] = []
    let hasMoved = false
    for (;;) {
      const fromHeight = this.#newest.header.height + lines.length + 1
      const end = (this.#newest.set.epoch + 1) * epochBlocks
      if (fromHeight >= end) return false
      const { headers } = await source.ask({ type: 'headers', fromHeight, count: MAX_HEADERS })
      // The edge comes with the next set, by `followEdges`.
      lines.push(...headers.filter(({ header }) => header.height < end))
      const branch = honest(linkHeaders(this.#newest, lines))
      if (branch !== undefined) {
        const failure: Failure | undefined = finalFailure(branch.final, this.#newest, this.rules)
        if (failure !== undefined) throw new LightLie(failure)
        const newest = branch.headers.at(-1)!
        await this.#move(newest, lines.splice(0, branch.headers.length))
        hasMoved = true
      }
      if (headers.some(({ header }) => header.height >= end)) return false
      if (headers.length < MAX_HEADERS || lines.length > MAX_OPEN_HEADERS) return hasMoved
    }
  }

  #checkHorizon(): void {
    const failure = checkHorizon(this.#newest, this.#newest, this.#nowMs(), this.rules.params)
    if (failure !== undefined) throw new QuernError(failure.code, failure.message, failure.meta)
  }

  async #move(trusted: TrustedHeader, lines: readonly HeaderLine[]): Promise<void> {
    this.#newest = trusted
    await this.#store?.advance(trusted, lines)
  }
}
