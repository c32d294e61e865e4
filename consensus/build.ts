/**
 * Building a block on a parent: takes transactions in the order offered until a limit is reached, leaves out what a block
 * may not hold, and fills the header from what execution gave. The answer passes validate.ts by construction, and comes
 * with its execution, so the leader does not execute twice.
 */
import { type Address, EMPTY_BYTES, ZERO_HASH } from '../core/bytes.ts'
import { computeRoot } from '../vm/compute-root.ts'
import { type ApplyResult, BlockExecution } from '../vm/execution/execution.ts'
import { receiptRoot } from '../vm/execution/receipt.ts'
import type { ExecutionRules } from '../vm/execution/types.ts'
import { nextBaseFee } from '../vm/fees.ts'
import { epochOf } from '../vm/params.ts'
import { StateLayer } from '../vm/state/layers.ts'
import { txRoot } from '../vm/transaction/tx-root.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import { validatorsHash } from '../vm/validator-set.ts'
import { emptyBlockSize, envelopeSize, MAX_BLOCK_BYTES, makeBlock } from './block.ts'
import { certificateHash } from './certificate.ts'
import { blockContext, epochSetup } from './context.ts'
import { HEADER_VERSION } from './header.ts'
import type { Certificate, Header } from './types.ts'
import type { AppliedBlock, ParentBlock } from './validate.ts'

/** What waits for a block, best first. */
export interface Candidates {
  next(): Transaction | undefined
  /** The last transaction was left out: none of the same sender can follow. */
  skipSender(): void
}

export interface BuildInput {
  readonly parent: ParentBlock
  /** Notarization of the parent; undefined only on genesis. */
  readonly parentCertificate: Certificate | undefined
  readonly view: number
  /** Raised to one block interval after the parent where it is earlier. */
  readonly timestampMs: number
  readonly proposer: Address
  /** The proposer's reveal for this epoch and view. */
  readonly randomnessReveal: Uint8Array
  readonly candidates: Candidates
  readonly extraData?: Uint8Array
}

/**
 * Candidates that may be left out before the leader stops looking. A full block sees some that just do not fit; a mempool
 * full of transactions that state no longer accepts must not keep a leader from proposing in time. Not counted are those
 * of a kind whose places in the block are taken (16 registrations, for instance): passing one over reads nothing, the
 * mempool bounds them, and counted they would let a thousand of them, well paying but never charged, keep all others out.
 */
export const MAX_LEFT_OUT = 1_024

/** Stands in the header for what execution decides, to know its size; an honest upper bound for every integer. */
const WIDEST = {
  hash: ZERO_HASH,
  integer: Number.MAX_SAFE_INTEGER,
  difficulty: (1n << 256n) - 1n,
} as const

export const buildBlock = (input: BuildInput, rules: ExecutionRules): AppliedBlock => fillBlock(input, rules)()

/**
 * The first half of `buildBlock`: chooses the transactions and executes them. The answer is the second half, which
 * computes the roots. Each takes some tens of milliseconds for a full block, and a node may see to others in between; the
 * parent must still be there then.
 */
export function fillBlock(input: BuildInput, rules: ExecutionRules): () => AppliedBlock {
  const { parent, parentCertificate } = input
  const { params } = rules
  const above = parent.block.header
  const height = above.height + 1
  const epoch = epochOf(height, params)
  const fields = {
    version: HEADER_VERSION,
    chainId: params.chainId,
    height,
    epoch,
    view: input.view,
    parentHash: parent.block.hash,
    timestampMs: Math.max(input.timestampMs, above.timestampMs + params.blockIntervalMs),
    proposer: input.proposer,
    validatorsHash: validatorsHash(epochSetup(parent.state, epoch).set),
    parentCertificateHash: certificateHash(parentCertificate),
    gasLimit: params.gasLimit,
    baseFeePerGas: nextBaseFee(above, params.baseFeeFloorWei),
    randomnessReveal: input.randomnessReveal,
    zkStateProof: EMPTY_BYTES,
    zkComputeProof: EMPTY_BYTES,
    extraData: input.extraData ?? EMPTY_BYTES,
  }
  const widest: Header = {
    ...fields,
    txRoot: WIDEST.hash,
    receiptRoot: WIDEST.hash,
    stateRoot: WIDEST.hash,
    computeRoot: WIDEST.hash,
    seqCommit: WIDEST.hash,
    gasUsed: WIDEST.integer,
    gramUsed: WIDEST.integer,
    resultCount: WIDEST.integer,
    difficulty: WIDEST.difficulty,
  }
  const execution = new BlockExecution(parent.state, blockContext(fields, parent.block, parentCertificate), rules)
  const room = MAX_BLOCK_BYTES - emptyBlockSize(widest, parentCertificate)
  const transactions = fill(execution, input.candidates, room)
  const outcome = execution.finish()
  return () => {
    const state = new StateLayer(parent.state, outcome.writes)
    const envelopes = transactions.map((transaction) => transaction.raw)
    const header: Header = {
      ...fields,
      txRoot: txRoot(envelopes),
      receiptRoot: receiptRoot(outcome.receipts),
      stateRoot: state.root,
      computeRoot: computeRoot(outcome.results.map(({ result }) => result)),
      seqCommit: outcome.seqCommit,
      gasUsed: outcome.gasUsed,
      gramUsed: outcome.gramUsed,
      resultCount: outcome.results.length,
      difficulty: outcome.difficulty,
    }
    const block = makeBlock({ header, transactions: envelopes, parentCertificate })
    return { block, transactions, outcome, state }
  }
}

/** Applies candidates until nothing more fits; returns those that are in. */
function fill(execution: BlockExecution, candidates: Candidates, room: number): Transaction[] {
  const included: Transaction[] = []
  let left = room
  let leftOut = 0
  while (leftOut < MAX_LEFT_OUT) {
    const candidate = candidates.next()
    if (candidate === undefined) break
    const size = envelopeSize(candidate.raw)
    const applied: ApplyResult | undefined = size > left ? undefined : execution.apply(candidate)
    if (applied !== undefined && 'receipt' in applied) {
      included.push(candidate)
      left -= size
    } else {
      const hasNoPlace = applied !== undefined && 'full' in applied && applied.full !== 'gas'
      if (!hasNoPlace) leftOut++
      candidates.skipSender()
    }
  }
  return included
}
