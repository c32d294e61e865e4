/**
 * RISC Zero's Groth16 receipts, as its Solidity verifier takes them: a selector of 4 bytes, which says whose verifier
 * parameters the proof fits, then A, B and C as numbers of 32 bytes big endian, G2 with the factor of u first.
 */
import { bytesToBigInt, type Hash } from '../../../core/bytes.ts'
import { ZkError } from '../errors.ts'
import { encodeProof } from '../groth16/compress.ts'
import { taggedStruct } from './claim.ts'

const SELECTOR_BYTES = 4
const NUMBER_BYTES = 32
const SEAL_BYTES = SELECTOR_BYTES + 8 * NUMBER_BYTES

export interface Groth16Seal {
  /** First 4 bytes of `groth16ParametersDigest`. */
  readonly selector: Uint8Array
  /** In arkworks' encoding, for tag 0x20. */
  readonly proof: Uint8Array
}

/** @throws ZkError `ZK_PROOF_TRUNCATED`, `ZK_PROOF_TRAILING`; the points are checked by whoever verifies the proof */
export function readGroth16Seal(seal: Uint8Array): Groth16Seal {
  if (seal.length !== SEAL_BYTES) {
    const code = seal.length < SEAL_BYTES ? 'ZK_PROOF_TRUNCATED' : 'ZK_PROOF_TRAILING'
    throw new ZkError(code, `a Groth16 seal has ${SEAL_BYTES} bytes, not ${seal.length}`)
  }
  const number = (i: number): bigint => {
    const at = SELECTOR_BYTES + i * NUMBER_BYTES
    return bytesToBigInt(seal.subarray(at, at + NUMBER_BYTES))
  }
  const b = [
    [number(3), number(2)],
    [number(5), number(4)],
  ] as const
  return {
    selector: seal.slice(0, SELECTOR_BYTES),
    proof: encodeProof([number(0), number(1)], b, [number(6), number(7)]),
  }
}

/**
 * What a release verifies by.
 * @param identityControlId 32 bytes little endian
 */
export const groth16ParametersDigest = (controlRoot: Hash, identityControlId: Uint8Array, keyDigest: Hash): Hash =>
  taggedStruct('risc0.Groth16ReceiptVerifierParameters', [controlRoot, identityControlId, keyDigest], [])
