/** Why a proof was refused. Each code is one way in which operands, encodings or proofs fail; none of them is an accident of ours. */
import { QuernError, type Result } from '../../core/errors.ts'

export type ZkErrorCode =
  // Operands.
  | 'ZK_TAG_UNKNOWN'
  | 'ZK_TAG_FORBIDDEN'
  | 'ZK_CIRCUIT_MISSING'
  | 'ZK_OPERANDS_MISSING'
  | 'ZK_OPERANDS_TOO_LONG'
  | 'ZK_INPUT_COUNT'
  | 'ZK_INPUT_LENGTH'
  | 'ZK_INPUT_RANGE'
  // Groth16.
  | 'ZK_KEY_TRUNCATED'
  | 'ZK_KEY_TRAILING'
  | 'ZK_KEY_EMPTY'
  | 'ZK_ARITY'
  | 'ZK_PROOF_TRUNCATED'
  | 'ZK_PROOF_TRAILING'
  | 'ZK_POINT_RANGE'
  | 'ZK_POINT_FLAGS'
  | 'ZK_POINT_INFINITY'
  | 'ZK_POINT_CURVE'
  | 'ZK_POINT_SUBGROUP'
  // RISC Zero receipts.
  | 'ZK_DIGEST_LENGTH'
  | 'ZK_HASH_LENGTH'
  | 'ZK_HASH_UNKNOWN'
  | 'ZK_HASH_UNSUPPORTED'
  | 'ZK_SEAL_LENGTH'
  | 'ZK_CONTROL_INDEX_LENGTH'
  | 'ZK_CONTROL_PATH_LENGTH'
  | 'ZK_CONTROL_PATH_TOO_LONG'
  | 'ZK_RECEIPT_FORMAT'
  | 'ZK_CONTROL_MISMATCH'
  | 'ZK_OUTPUT_MISMATCH'
  | 'ZK_CLAIM_MISMATCH'
  // Development.
  | 'ZK_SIGNATURE_LENGTH'
  // The proof itself.
  | 'ZK_PROOF_FALSE'

/**
 * Whether a refusal says something about the one who was asked, and nothing about the proof. `ZK_TAG_FORBIDDEN` does not: the
 * development key is the genesis's, so every node of the chain says it.
 */
export const isOfNode = (code: string): boolean => code === ('ZK_CIRCUIT_MISSING' satisfies ZkErrorCode)

export class ZkError extends QuernError<ZkErrorCode> {}

export type ZkVerdict = Result<true, ZkErrorCode>

/** A refusal is a value; anything else that is thrown is a fault of ours and goes on. */
export function verdictOf(check: () => void): ZkVerdict {
  try {
    check()
  } catch (error) {
    if (!(error instanceof ZkError)) throw error
    const { code, message, meta } = error
    return { ok: false, error: { code, message, meta } }
  }
  return { ok: true, value: true }
}
