/** Receipts as bytes, and the header's `receiptRoot`. PROTOCOL 4.3. */
import { fromUtf8, type Hash, utf8 } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { leafHash, merkleRoot } from '../../core/merkle.ts'
import {
  decodeRlp,
  encodeRlp,
  encodeUint,
  rlpBoolean,
  rlpBytesMax,
  rlpList,
  rlpNumber,
  rlpUint,
} from '../../core/rlp.ts'
import type { ActionErrorCode, Receipt } from './types.ts'

/** The longest code has 26 letters. */
const MAX_CODE_BYTES = 64

/** A record, so that the compiler misses none. */
const ACTION_ERRORS: Readonly<Record<ActionErrorCode, true>> = {
  INSUFFICIENT_BALANCE: true,
  AMOUNT_ZERO: true,
  VALIDATOR_UNKNOWN: true,
  VALIDATOR_EXISTS: true,
  VALIDATOR_TOMBSTONED: true,
  VALIDATOR_WIPED_OUT: true,
  VALIDATOR_NOT_JAILED: true,
  VALIDATOR_STILL_JAILED: true,
  BLS_KEY_IN_USE: true,
  BLS_KEY_MISSING: true,
  PROOF_OF_POSSESSION_INVALID: true,
  STAKE_TOO_SMALL: true,
  STAKE_INSUFFICIENT: true,
  DELEGATION_TOO_SMALL: true,
  DELEGATION_UNKNOWN: true,
  SHARES_INSUFFICIENT: true,
  COMMISSION_OVER_CAP: true,
  COMMISSION_STEP: true,
  WORKERS_NOT_ACCEPTED: true,
  CLAIM_NOTHING: true,
  CLAIM_NOT_MATURED: true,
  EVIDENCE_TOO_OLD: true,
  EVIDENCE_NOT_CONFLICTING: true,
  EVIDENCE_SIGNATURE_INVALID: true,
  EVIDENCE_NOT_IN_SET: true,
  EVIDENCE_ALREADY_PUNISHED: true,
  RESULT_CHALLENGE_UNKNOWN: true,
  RESULT_WORKER_NOT_SENDER: true,
  RESULT_FIELDS_UNEXPECTED: true,
  RESULT_MATRIX_SIZE: true,
  RESULT_TILE_RANGE: true,
  RESULT_SEED_STALE: true,
  RESULT_SEED_TOO_NEW: true,
  RESULT_ALREADY_CLAIMED: true,
  RESULT_ABOVE_TARGET: true,
  RESULT_TASK_ID: true,
  RESULT_HASH_MISMATCH: true,
  DEV_NOT_AUTHORISED: true,
  OUTPUT_UNKNOWN: true,
  OUTPUT_SPENT_TWICE: true,
  OUTPUT_LOCKED: true,
  TRANSACTION_LOCKED: true,
  GRAINS_OVERFLOW: true,
  COVENANT_GENESIS_ID: true,
  COVENANT_AUTHORIZING_INPUT: true,
  SCRIPT_FAILED: true,
  GRAM_EXCEEDED: true,
}

const isActionError = (code: string): code is ActionErrorCode => Object.hasOwn(ACTION_ERRORS, code)

/** [status, error code or empty, gasUsed, gramUsed, cumulativeGasUsed, effectiveGasPrice] */
export const encodeReceipt = (receipt: Receipt): Uint8Array =>
  encodeRlp([
    encodeUint(receipt.status),
    utf8(receipt.error ?? ''),
    encodeUint(receipt.gasUsed),
    encodeUint(receipt.gramUsed),
    encodeUint(receipt.cumulativeGasUsed),
    encodeUint(receipt.effectiveGasPrice),
  ])

/**
 * Strict inverse of `encodeReceipt`.
 * @throws QuernError an RLP code, or `RECEIPT_INVALID` when the error code is unknown or does not fit the status
 */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  const [status, error, gasUsed, gramUsed, cumulativeGasUsed, effectiveGasPrice] = rlpList(decodeRlp(bytes), 6)
  const code = fromUtf8(rlpBytesMax(error, MAX_CODE_BYTES))
  const amounts = {
    gasUsed: rlpNumber(gasUsed),
    gramUsed: rlpNumber(gramUsed),
    cumulativeGasUsed: rlpNumber(cumulativeGasUsed),
    effectiveGasPrice: rlpUint(effectiveGasPrice),
  }
  if (rlpBoolean(status)) {
    if (code === '') return { status: 1, ...amounts }
  } else if (isActionError(code)) {
    return { status: 0, error: code, ...amounts }
  }
  throw new QuernError('RECEIPT_INVALID', 'receipt has an error code that is unknown or does not fit its status', {
    code,
  })
}

/** @param receipts in block order */
export const receiptRoot = (receipts: readonly Receipt[]): Hash =>
  merkleRoot(receipts.map((receipt) => leafHash(encodeReceipt(receipt))))
