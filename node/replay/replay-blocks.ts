/**
 * Blocks executed again. Everything that validity asks is asked: headers, leaders, reveals, certificates, bodies, senders,
 * every compute result, every root; and every finalization that comes with them.
 *
 *     window of blocks of one epoch ──> senders           any thread, one window ahead
 *                                   ──> header signatures any thread, in batches of one equation
 *                                   ──> execution         this thread, block by block
 *
 * Execution costs a tenth of the rest, so the threads decide how fast it goes. Memory is bounded by two windows and by the
 * state's own bound (replay-state.ts).
 */
import { certificateFailure } from '../../consensus/certificate.ts'
import { blockContext, epochSetup } from '../../consensus/context.ts'
import type { Block, Certificate } from '../../consensus/types.ts'
import {
  type AppliedBlock,
  type BlockErrorCode,
  checkBody,
  checkHeader,
  checkOutcome,
  type ParentBlock,
  type ValidationRules,
} from '../../consensus/validate.ts'
import type { SignatureCheck } from '../../core/bls.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import { type Failure, fail, QuernError } from '../../core/errors.ts'
import { executeBlock } from '../../vm/execution/execution.ts'
import { epochOf } from '../../vm/params.ts'
import { StateLayer, type TreeState } from '../../vm/state/layers.ts'
import type { StateWrite } from '../../vm/state/view.ts'
import { decodeEnvelope, decodeOptions, withSender } from '../../vm/transaction/envelope.ts'
import type { Envelope, Transaction } from '../../vm/transaction/types.ts'
import { packRequests, unpackAnswers } from '../ingest/packed.ts'
import type { CheckPool } from './check-pool.ts'
import { deferring } from './checks.ts'

/** `RECORDED_STATE`: the block is valid; what the source says that it changed in the state is not what it changes. */
export type ReplayErrorCode = BlockErrorCode | 'FINALIZATION_INVALID' | 'RECORDED_STATE'

/** A block with what is known of it. */
export interface SourceBlock {
  readonly block: Block
  readonly notarization: Certificate | undefined
  readonly finalization: Certificate | undefined
}

/** A block that is not what it says, and what execution made of it as far as it came. */
export interface Divergence {
  readonly height: number
  readonly failure: Failure<ReplayErrorCode>
  readonly source: SourceBlock
  readonly root?: Hash
  readonly writes?: readonly StateWrite[]
  readonly transactions?: readonly Transaction[]
}

/** Where replayed blocks go. Its state is that of the newest one it took. */
export interface ReplayTarget {
  readonly state: TreeState
  /** Before the tree is updated with what a block writes. */
  load(writes: readonly StateWrite[]): Promise<void>
  /**
   * Takes the block in, and settles its layer.
   * @returns what ends the replay although the block is valid
   */
  commit(applied: AppliedBlock, source: SourceBlock): Promise<Divergence | undefined>
  /**
   * What the block should have written, where that is known: the replay then goes on with it.
   * @returns whether it is known, and has the header's root
   */
  adopt?(divergence: Divergence): Promise<boolean>
}

export interface ReplayModules {
  readonly target: ReplayTarget
  readonly rules: ValidationRules
  readonly pool: CheckPool
  /** Whether a window may end behind this block. Default: behind any. */
  readonly endsWindow?: (source: SourceBlock) => boolean
  readonly onDivergence?: (divergence: Divergence) => Promise<void> | void
}

export interface ReplayEnd {
  readonly last: Block
  readonly blocks: number
  readonly transactions: number
  readonly results: number
  readonly certificates: number
  /** Where it stopped; undefined when every block was reached. */
  readonly stoppedBy: Divergence | undefined
}

/** One batch of signatures costs about 20 ms, so that the threads end together. */
const CHECKS_PER_JOB = 24
const SENDERS_PER_JOB = 256
/** Of a window; a full block has 2 MiB. */
const WINDOW_BLOCKS = 64
const WINDOW_BYTES = 1 << 20

interface Prepared {
  readonly source: SourceBlock
  /** Undefined: one cannot be decoded. */
  readonly envelopes: readonly Envelope[] | undefined
  readonly refusal: Failure | undefined
  readonly senders: readonly Promise<Uint8Array>[]
}

/**
 * @param parent with the state that `modules.target` begins with
 * @param blocks from the next height on, in order
 * @throws QuernError whatever `blocks` throws, and `ASSERTION_FAILED` when execution finds the state impossible
 */
export async function replayBlocks(
  parent: Block,
  blocks: AsyncIterable<SourceBlock>,
  modules: ReplayModules,
): Promise<ReplayEnd> {
  const run = new Run(parent, modules)
  const windows = windowsOf(blocks, modules)
  let next = windows.next()
  for (;;) {
    const { value: window, done } = await next
    if (done === true || window === undefined) return run.end(undefined)
    // Read ahead: its senders are looked for while this one is executed.
    next = windows.next()
    next.catch(() => undefined)
    const stoppedBy = await run.window(window)
    if (stoppedBy !== undefined) {
      await windows.return(undefined).catch(() => undefined)
      return run.end(stoppedBy)
    }
  }
}

async function* windowsOf(
  blocks: AsyncIterable<SourceBlock>,
  { rules: { params }, pool, endsWindow = () => true }: ReplayModules,
): AsyncGenerator<Prepared[]> {
  let window: Prepared[] = []
  let bytes = 0
  for await (const source of blocks) {
    const { header, transactions } = source.block
    const before = window.at(-1)?.source
    const isNewEpoch =
      before !== undefined && epochOf(before.block.header.height, params) !== epochOf(header.height, params)
    const isFull = window.length >= WINDOW_BLOCKS || bytes >= WINDOW_BYTES
    if (before !== undefined && (isNewEpoch || (isFull && endsWindow(before)))) {
      yield window
      window = []
      bytes = 0
    }
    window.push(prepare(source, params, pool))
    bytes += transactions.reduce((sum, { length }) => sum + length, 0)
  }
  if (window.length > 0) yield window
}

function prepare(source: SourceBlock, params: ValidationRules['params'], pool: CheckPool): Prepared {
  let envelopes: Envelope[]
  try {
    const options = decodeOptions(params)
    envelopes = source.block.transactions.map((raw) => decodeEnvelope(raw, params.chainId, options))
  } catch (error) {
    if (!(error instanceof QuernError)) throw error
    return { source, envelopes: undefined, refusal: error, senders: [] }
  }
  const senders: Promise<Uint8Array>[] = []
  for (let at = 0; at < envelopes.length; at += SENDERS_PER_JOB) {
    const answer = pool.submit({ type: 'senders', packed: packRequests(envelopes.slice(at, at + SENDERS_PER_JOB)) })
    // Heard where it is awaited; a replay that ends before must not end the process.
    answer.catch(() => undefined)
    senders.push(answer)
  }
  return { source, envelopes, refusal: undefined, senders }
}

class Run {
  readonly #modules: ReplayModules
  #parent: Block
  #blocks = 0
  #transactions = 0
  #results = 0
  #certificates = 0

  constructor(parent: Block, modules: ReplayModules) {
    this.#parent = parent
    this.#modules = modules
  }

  end(stoppedBy: Divergence | undefined): ReplayEnd {
    return {
      last: this.#parent,
      blocks: this.#blocks,
      transactions: this.#transactions,
      results: this.#results,
      certificates: this.#certificates,
      stoppedBy,
    }
  }

  /** @returns what it cannot go on from */
  async window(window: readonly Prepared[]): Promise<Divergence | undefined> {
    const headers = await this.#checkHeaders(window)
    for (const [i, prepared] of window.entries()) {
      const bad = headers.get(i)
      const stoppedBy = await this.#block(prepared, bad)
      if (stoppedBy !== undefined) return stoppedBy
    }
    return undefined
  }

  /** Of each block, what is wrong with its header and certificates: all before the first of them is executed. */
  async #checkHeaders(window: readonly Prepared[]): Promise<Map<number, Failure<ReplayErrorCode>>> {
    const { rules, pool, target } = this.#modules
    const failures = new Map<number, Failure<ReplayErrorCode>>()
    const checks: SignatureCheck[] = []
    /** Whose each check is. */
    const owners: { readonly index: number; readonly code: ReplayErrorCode }[] = []
    let parent: ParentBlock = { block: this.#parent, state: target.state }
    for (const [index, { source }] of window.entries()) {
      const { block, finalization } = source
      const found: SignatureCheck[] = []
      const verdict = checkHeader(block, parent, { ...rules, bls: deferring(found) })
      for (const [i, check] of found.entries()) {
        checks.push(check)
        owners.push({ index, code: i === 0 ? 'BLOCK_REVEAL' : 'BLOCK_CERTIFICATE' })
      }
      if (verdict !== undefined) {
        failures.set(index, verdict)
        break
      }
      const final = finalization === undefined ? [] : this.#finalCheck(block, finalization)
      if ('code' in final) {
        failures.set(index, final)
        break
      }
      for (const check of final) {
        checks.push(check)
        owners.push({ index, code: 'FINALIZATION_INVALID' })
      }
      parent = { block, state: target.state }
    }
    const jobs: Promise<Uint8Array>[] = []
    for (let at = 0; at < checks.length; at += CHECKS_PER_JOB) {
      jobs.push(pool.submit({ type: 'signatures', checks: checks.slice(at, at + CHECKS_PER_JOB) }))
    }
    const answers = (await pool.settle(jobs)).flatMap((answer) => [...answer])
    for (const [i, { index, code }] of owners.entries()) {
      if (answers[i] === 1 || failures.has(index)) continue
      failures.set(index, {
        code,
        message: `a signature of block ${window[index]!.source.block.header.height} does not verify`,
      })
    }
    this.#certificates += owners.filter(({ code }) => code !== 'BLOCK_REVEAL').length
    return failures
  }

  #finalCheck(block: Block, certificate: Certificate): readonly SignatureCheck[] | Failure<ReplayErrorCode> {
    const { rules, target } = this.#modules
    const { header, hash } = block
    const { set } = epochSetup(target.state, header.epoch)
    const checks: SignatureCheck[] = []
    const isOf = certificate.kind === 'finalize' && equalBytes(certificate.blockHash, hash)
    const why = isOf
      ? certificateFailure(certificate, set, rules.genesisHash, deferring(checks))?.message
      : 'it is of another block'
    if (why === undefined) return checks
    return {
      code: 'FINALIZATION_INVALID',
      message: `the finalization of block ${header.height} proves nothing: ${why}`,
    }
  }

  async #block(prepared: Prepared, bad: Failure<ReplayErrorCode> | undefined): Promise<Divergence | undefined> {
    const { target, rules } = this.#modules
    const { source } = prepared
    const { block } = source
    const { height } = block.header
    // A header that lies about its place or its voters cannot be gone on from.
    if (bad !== undefined) return this.#diverge({ height, source, failure: bad })
    const bodyFailure = checkBody(block)
    if (bodyFailure !== undefined) return this.#diverge({ height, source, failure: bodyFailure })
    const transactions = await this.#recovered(prepared)
    if (!transactions.ok) return this.#diverge({ height, source, failure: transactions.error })
    const context = blockContext(block.header, this.#parent, block.parentCertificate)
    const executed = executeBlock(target.state, context, rules, transactions.value)
    if (!executed.ok) {
      return this.#adopted({ height, source, failure: executed.error, transactions: transactions.value })
    }
    const outcome = executed.value
    await target.load(outcome.writes)
    const state = new StateLayer(target.state, outcome.writes)
    const failure = checkOutcome(block, outcome) ?? rootFailure(block, state.root)
    if (failure !== undefined) {
      const { writes } = outcome
      return this.#adopted({ height, source, failure, writes, root: state.root, transactions: transactions.value })
    }
    const stoppedBy = await target.commit({ block, transactions: transactions.value, outcome, state }, source)
    this.#count(block)
    return stoppedBy
  }

  #count(block: Block): void {
    this.#parent = block
    this.#blocks++
    this.#transactions += block.transactions.length
    this.#results += block.header.resultCount
  }

  async #recovered({ source, envelopes, refusal, senders }: Prepared) {
    const { height } = source.block.header
    if (envelopes === undefined) {
      return fail('BLOCK_TX_REFUSED', `block ${height} holds what is no transaction: ${refusal?.message}`)
    }
    const answers = await this.#modules.pool.settle(senders)
    const addresses = answers.flatMap((answer, i) =>
      unpackAnswers(answer, Math.min(SENDERS_PER_JOB, envelopes.length - i * SENDERS_PER_JOB)),
    )
    const transactions: Transaction[] = []
    for (const [i, envelope] of envelopes.entries()) {
      const from = addresses[i]
      if (from === undefined) {
        return fail('BLOCK_TX_REFUSED', `transaction ${i} of block ${height} has no valid signature`, { index: i })
      }
      transactions.push(withSender(envelope, from))
    }
    return { ok: true, value: transactions } as const
  }

  async #diverge(divergence: Divergence): Promise<Divergence> {
    await this.#modules.onDivergence?.(divergence)
    return divergence
  }

  /** Goes on where it is known what should have come out. */
  async #adopted(divergence: Divergence): Promise<Divergence | undefined> {
    await this.#diverge(divergence)
    if ((await this.#modules.target.adopt?.(divergence)) !== true) return divergence
    this.#count(divergence.source.block)
    return undefined
  }
}

const rootFailure = ({ header }: Block, root: Hash): Failure<BlockErrorCode> | undefined =>
  equalBytes(header.stateRoot, root)
    ? undefined
    : { code: 'BLOCK_STATE_ROOT', message: 'execution gives another stateRoot', meta: { height: header.height } }
