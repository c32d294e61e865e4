/** Bodies of the compute kinds. PROTOCOL 6.1. */
import { EMPTY_BYTES } from '../../../core/bytes.ts'
import { encodeUint, type RlpItem, rlpBytes, rlpBytesMax, rlpList, rlpNumber } from '../../../core/rlp.ts'
import type { ComputeResult } from '../types.ts'
import { type BodyCodec, decodeText, encodeText } from './codec.ts'

/** 'synthetic', 'matrix_mul', 'inference': names, not prose. */
export const MAX_CHALLENGE_TYPE_BYTES = 32
/**
 * Synthetic results carry no proof and fail with one, for a flat 80,000 gas; more room here would be the cheapest bytes of
 * a block. Kinds that prove something will bring their own bound and a price per byte.
 */
export const MAX_PROOF_BYTES = 1_024
/** Room for any signature scheme in use, hash-based ones excepted. */
export const MAX_RESULT_SIGNATURE_BYTES = 256
export const MAX_PROFILE_BYTES = 256

const optional = (bytes: Uint8Array | undefined): Uint8Array => bytes ?? EMPTY_BYTES

function decodeOptional(item: RlpItem | undefined, maxBytes: number): Uint8Array | undefined {
  const bytes = rlpBytesMax(item, maxBytes)
  return bytes.length === 0 ? undefined : bytes
}

/** [taskId, workerAddress, resultHash, proof, nonce, signature]; absent = empty string */
const encodeResult = (result: ComputeResult): RlpItem => [
  result.taskId,
  result.workerAddress,
  result.resultHash,
  optional(result.proof),
  encodeUint(result.nonce),
  optional(result.signature),
]

function decodeResult(item: RlpItem | undefined): ComputeResult {
  const [taskId, workerAddress, resultHash, proof, nonce, signature] = rlpList(item, 6)
  return {
    taskId: rlpBytes(taskId, 16),
    workerAddress: rlpBytes(workerAddress, 20),
    resultHash: rlpBytes(resultHash, 32),
    proof: decodeOptional(proof, MAX_PROOF_BYTES),
    nonce: rlpNumber(nonce),
    signature: decodeOptional(signature, MAX_RESULT_SIGNATURE_BYTES),
  }
}

/** [challengeType, [seedHeight, matrixSize], result] */
export const submitResultBody: BodyCodec<'SUBMIT_RESULT'> = {
  encode: ({ challengeType, seedHeight, matrixSize, result }) => [
    encodeText(challengeType),
    [encodeUint(seedHeight), encodeUint(matrixSize)],
    encodeResult(result),
  ],
  decode: (item) => {
    const [challengeType, params, result] = rlpList(item, 3)
    const [seedHeight, matrixSize] = rlpList(params, 2)
    return {
      kind: 'SUBMIT_RESULT',
      challengeType: decodeText(challengeType, MAX_CHALLENGE_TYPE_BYTES),
      seedHeight: rlpNumber(seedHeight),
      matrixSize: rlpNumber(matrixSize),
      result: decodeResult(result),
    }
  },
}

/** [validator | empty, profile] */
export const registerWorkerBody: BodyCodec<'REGISTER_WORKER'> = {
  encode: ({ validator, profile }) => [optional(validator), encodeText(profile)],
  decode: (item) => {
    const [validator, profile] = rlpList(item, 2)
    return {
      kind: 'REGISTER_WORKER',
      validator: rlpBytes(validator).length === 0 ? undefined : rlpBytes(validator, 20),
      profile: decodeText(profile, MAX_PROFILE_BYTES),
    }
  },
}
