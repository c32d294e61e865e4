/**
 * Whether a block is valid: PROTOCOL 4.4, check by check, cheapest first, each with its own code. Validity depends on the
 * block and its ancestors alone; the clock is the business of the voter (node/validator), not of these rules.
 *
 *     checkHeader       against the parent's header and state: place, time, proposer, reveal, certificate, constants
 *     checkBody         size, and that the transactions are those the header names
 *     executeChecked    every transaction includable, within limits, and the header's results are those of execution
 */

import type { BlsScheme } from '../core/bls.ts'
import { equalBytes, ZERO_HASH } from '../core/bytes.ts'
import { type ErrorMeta, type Failure, fail, ok, type Result } from '../core/errors.ts'
import { computeRoot } from '../vm/compute-root.ts'
import { type ExecutionErrorCode, executeBlock } from '../vm/execution/execution.ts'
import { receiptRoot } from '../vm/execution/receipt.ts'
import type { BlockOutcome, ExecutionRules, RefusalCode } from '../vm/execution/types.ts'
import { nextBaseFee } from '../vm/fees.ts'
import { leaderOf } from '../vm/leader.ts'
import { epochOf } from '../vm/params.ts'
import { StateLayer, type TreeState } from '../vm/state/layers.ts'
import { statementBytes } from '../vm/statement.ts'
import { txRoot } from '../vm/transaction/tx-root.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import { validatorsHash } from '../vm/validator-set.ts'
import { blockSize, MAX_BLOCK_BYTES } from './block.ts'
import { certificateHash, verifyCertificate } from './certificate.ts'
import { blockContext, epochSetup } from './context.ts'
import { HEADER_VERSION, MAX_EXTRA_DATA_BYTES } from './header.ts'
import type { Block } from './types.ts'

export type BlockErrorCode =
  | 'BLOCK_VERSION'
  | 'BLOCK_CHAIN_ID'
  | 'BLOCK_PARENT'
  | 'BLOCK_HEIGHT'
  | 'BLOCK_EPOCH'
  | 'BLOCK_VIEW'
  | 'BLOCK_TIMESTAMP'
  | 'BLOCK_VALIDATORS_HASH'
  | 'BLOCK_PROPOSER'
  | 'BLOCK_REVEAL'
  | 'BLOCK_CERTIFICATE_HASH'
  | 'BLOCK_CERTIFICATE'
  | 'BLOCK_SEQ_COMMIT'
  | 'BLOCK_RESERVED'
  | 'BLOCK_EXTRA_DATA'
  | 'BLOCK_GAS_LIMIT'
  | 'BLOCK_BASE_FEE'
  | 'BLOCK_SIZE'
  | 'BLOCK_TX_ROOT'
  | ExecutionErrorCode
  | 'BLOCK_GAS_USED'
  | 'BLOCK_GRAM_USED'
  | 'BLOCK_DIFFICULTY'
  | 'BLOCK_RESULT_COUNT'
  | 'BLOCK_COMPUTE_ROOT'
  | 'BLOCK_RECEIPT_ROOT'
  | 'BLOCK_STATE_ROOT'

/** A block and the state after it. */
export interface ParentBlock {
  readonly block: Block
  readonly state: TreeState
}

/** A block with all that executing it gave. */
export interface AppliedBlock extends ParentBlock {
  readonly state: StateLayer
  readonly transactions: readonly Transaction[]
  readonly outcome: BlockOutcome
}

export interface ValidationRules extends ExecutionRules {
  readonly bls: BlsScheme
}

/** Turns envelopes into transactions with senders; the first one that cannot be is the answer. */
export type Recover = (envelopes: readonly Uint8Array[]) => Result<readonly Transaction[], RefusalCode>

type Verdict = Failure<BlockErrorCode> | undefined

const no = (code: BlockErrorCode, message: string, meta?: ErrorMeta): Failure<BlockErrorCode> =>
  meta === undefined ? { code, message } : { code, message, meta }

/** Everything that parent and header decide between them. Signature checks come last. */
export function checkHeader(block: Block, parent: ParentBlock, rules: ValidationRules): Verdict {
  const { header } = block
  const above = parent.block.header
  const { params } = rules
  if (header.version !== HEADER_VERSION) return no('BLOCK_VERSION', 'block of an unknown version: upgrade this node')
  if (header.chainId !== params.chainId) return no('BLOCK_CHAIN_ID', 'block of another chain')
  if (!equalBytes(header.parentHash, parent.block.hash)) return no('BLOCK_PARENT', 'block extends another parent')
  if (header.height !== above.height + 1) {
    return no('BLOCK_HEIGHT', 'height must be one above the parent', { height: header.height, parent: above.height })
  }
  if (header.epoch !== epochOf(header.height, params)) {
    return no('BLOCK_EPOCH', 'epoch does not follow from the height', { height: header.height, epoch: header.epoch })
  }
  // Genesis stands before view 0 of epoch 0, and a new epoch starts at view 0.
  const followsInEpoch = above.height > 0 && above.epoch === header.epoch
  if (followsInEpoch && header.view <= above.view) {
    return no('BLOCK_VIEW', 'view must be after the parent', { view: header.view, parent: above.view })
  }
  if (header.timestampMs < above.timestampMs + params.blockIntervalMs) {
    return no('BLOCK_TIMESTAMP', 'timestamp is less than one block interval after the parent', {
      timestampMs: header.timestampMs,
      earliestMs: above.timestampMs + params.blockIntervalMs,
    })
  }
  return (
    checkConstants(block, parent, rules) ?? checkLeader(block, parent, rules) ?? checkCertificate(block, parent, rules)
  )
}

function checkConstants({ header }: Block, parent: ParentBlock, { params }: ValidationRules): Verdict {
  if (header.gasLimit !== params.gasLimit) return no('BLOCK_GAS_LIMIT', 'gas limit is a parameter of the network')
  if (header.baseFeePerGas !== nextBaseFee(parent.block.header, params.baseFeeFloorWei)) {
    return no('BLOCK_BASE_FEE', 'base fee does not follow from the parent', { baseFeePerGas: header.baseFeePerGas })
  }
  if (header.zkStateProof.length > 0 || header.zkComputeProof.length > 0) {
    return no('BLOCK_RESERVED', 'zkStateProof and zkComputeProof are empty in version 1')
  }
  if (header.extraData.length > MAX_EXTRA_DATA_BYTES) return no('BLOCK_EXTRA_DATA', 'extraData is at most 32 bytes')
  return undefined
}

function checkLeader({ header }: Block, parent: ParentBlock, { genesisHash, bls }: ValidationRules): Verdict {
  const { set, randomness } = epochSetup(parent.state, header.epoch)
  if (!equalBytes(header.validatorsHash, validatorsHash(set))) {
    return no('BLOCK_VALIDATORS_HASH', 'validatorsHash is not that of the epoch')
  }
  const leader = set.members[leaderOf(set, randomness, header.view)]!
  if (!equalBytes(header.proposer, leader.address)) {
    return no('BLOCK_PROPOSER', 'the proposer does not lead this view', { epoch: header.epoch, view: header.view })
  }
  const message = statementBytes('reveal', genesisHash, header.epoch, header.view, ZERO_HASH)
  if (!bls.verify(leader.blsPublicKey, message, header.randomnessReveal)) {
    return no('BLOCK_REVEAL', "randomnessReveal is not the leader's signature")
  }
  return undefined
}

/**
 * The parent's notarization: any one with a quorum. It may be of a later view than the parent's header when the parent is
 * the last block of its epoch and was proposed again (S9). Genesis has none.
 */
function checkCertificate(block: Block, parent: ParentBlock, { params, genesisHash, bls }: ValidationRules): Verdict {
  const certificate = block.parentCertificate
  if (!equalBytes(block.header.parentCertificateHash, certificateHash(certificate))) {
    return no('BLOCK_CERTIFICATE_HASH', 'the certificate is not the one the header commits to')
  }
  const above = parent.block.header
  if (above.height === 0 || certificate === undefined) {
    if (above.height === 0 && certificate === undefined) return undefined
    return no(
      'BLOCK_CERTIFICATE',
      'every block but the first carries the notarization of its parent, and the first none',
    )
  }
  const isParents =
    certificate.kind === 'notarize' &&
    certificate.epoch === above.epoch &&
    equalBytes(certificate.blockHash, parent.block.hash) &&
    (certificate.view === above.view || (certificate.view > above.view && above.height % params.epochBlocks === 0))
  if (!isParents) return no('BLOCK_CERTIFICATE', "the certificate is not a notarization of the parent's")
  const { set } = epochSetup(parent.state, above.epoch)
  if (!verifyCertificate(certificate, set, genesisHash, bls)) {
    return no('BLOCK_CERTIFICATE', "the parent's notarization does not verify")
  }
  return undefined
}

/** What the block alone decides: its size, and that its body is the one under its hash. */
export function checkBody(block: Block): Verdict {
  if (blockSize(block) > MAX_BLOCK_BYTES) return no('BLOCK_SIZE', 'a block takes at most 2 MiB')
  if (!equalBytes(block.header.txRoot, txRoot(block.transactions))) {
    return no('BLOCK_TX_ROOT', 'the transactions are not those the header commits to')
  }
  return undefined
}

/**
 * Executes a block whose header and body were checked, and compares every result with the header.
 * @param transactions the block's envelopes, decoded, in order
 */
export function executeChecked(
  block: Block,
  transactions: readonly Transaction[],
  parent: ParentBlock,
  rules: ValidationRules,
): Result<AppliedBlock, BlockErrorCode> {
  const executed = executeBody(block, transactions, parent, rules)
  return executed.ok ? checkExecuted(block, transactions, parent, executed.value) : executed
}

/** The first half of `executeChecked`. Writes nothing. */
export const executeBody = (
  block: Block,
  transactions: readonly Transaction[],
  parent: ParentBlock,
  rules: ValidationRules,
): Result<BlockOutcome, ExecutionErrorCode> =>
  executeBlock(parent.state, blockContext(block.header, parent.block, block.parentCertificate), rules, transactions)

/** The second half. @param parent the very one that was executed on, with its state unchanged since */
export function checkExecuted(
  block: Block,
  transactions: readonly Transaction[],
  parent: ParentBlock,
  outcome: BlockOutcome,
): Result<AppliedBlock, BlockErrorCode> {
  const { header } = block
  const verdict = checkOutcome(block, outcome)
  if (verdict !== undefined) return { ok: false, error: verdict }
  const state = new StateLayer(parent.state, outcome.writes)
  if (!equalBytes(header.stateRoot, state.root)) {
    return fail('BLOCK_STATE_ROOT', 'execution gives another stateRoot', { height: header.height })
  }
  return ok({ block, transactions, outcome, state })
}

/** Everything of the header that execution decides but the stateRoot, which takes the tree. */
export function checkOutcome({ header }: Block, outcome: BlockOutcome): Verdict {
  if (header.gasUsed !== outcome.gasUsed) return no('BLOCK_GAS_USED', 'execution uses another amount of gas')
  if (header.gramUsed !== outcome.gramUsed) return no('BLOCK_GRAM_USED', 'execution uses another amount of gram')
  if (!equalBytes(header.seqCommit, outcome.seqCommit)) {
    return no('BLOCK_SEQ_COMMIT', 'the lanes have another commitment')
  }
  if (header.difficulty !== outcome.difficulty) return no('BLOCK_DIFFICULTY', "difficulty is not the epoch's")
  if (header.resultCount !== outcome.results.length) {
    return no('BLOCK_RESULT_COUNT', 'another number of results succeeds', { succeeded: outcome.results.length })
  }
  if (!equalBytes(header.computeRoot, computeRoot(outcome.results.map(({ result }) => result)))) {
    return no('BLOCK_COMPUTE_ROOT', 'the results have another computeRoot')
  }
  if (!equalBytes(header.receiptRoot, receiptRoot(outcome.receipts))) {
    return no('BLOCK_RECEIPT_ROOT', 'execution gives another receiptRoot')
  }
  return undefined
}

/** All checks in order. */
export function validateBlock(
  block: Block,
  parent: ParentBlock,
  rules: ValidationRules,
  recover: Recover,
): Result<AppliedBlock, BlockErrorCode> {
  const verdict = checkHeader(block, parent, rules) ?? checkBody(block)
  if (verdict !== undefined) return { ok: false, error: verdict }
  const transactions = recover(block.transactions)
  if (!transactions.ok) {
    return fail('BLOCK_TX_REFUSED', `a transaction cannot be in a block: ${transactions.error.code}`, {
      refusal: transactions.error.code,
    })
  }
  return executeChecked(block, transactions.value, parent, rules)
}
