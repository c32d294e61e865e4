/**
 * What crosses the thread: 97 bytes for each signature one way, 21 the other, one buffer for a whole batch.
 *
 * The envelope itself stays: decoding it is a small part of the work, tells its hash before any curve arithmetic, and its
 * pieces would cost more to send back than to decode.
 */
import { type Address, bigIntToBytes, bytesToBigInt } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import { recoverAddress } from '../../core/secp256k1.ts'
import type { Envelope } from '../../vm/transaction/types.ts'

/** signing hash || r || s || yParity */
const REQUEST_BYTES = 32 + 32 + 32 + 1
/** 1 and the address, or zeros where no key fits. */
const ANSWER_BYTES = 1 + 20

export function packRequests(envelopes: readonly Pick<Envelope, 'signingHash' | 'signature'>[]): Uint8Array {
  const packed = new Uint8Array(envelopes.length * REQUEST_BYTES)
  for (const [index, { signingHash, signature }] of envelopes.entries()) {
    const at = index * REQUEST_BYTES
    packed.set(signingHash, at)
    packed.set(bigIntToBytes(signature.r, 32), at + 32)
    packed.set(bigIntToBytes(signature.s, 32), at + 64)
    packed[at + 96] = signature.yParity
  }
  return packed
}

export const requestCount = (packed: Uint8Array): number => packed.length / REQUEST_BYTES

export const sliceRequests = (packed: Uint8Array, from: number, to: number): Uint8Array =>
  packed.subarray(from * REQUEST_BYTES, to * REQUEST_BYTES)

/** The work itself, wherever it runs. */
export function recoverPacked(packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const count = requestCount(packed)
  const answers = new Uint8Array(count * ANSWER_BYTES)
  for (let index = 0; index < count; index++) {
    const request = sliceRequests(packed, index, index + 1)
    const address = addressOf(request)
    if (address === undefined) continue
    answers[index * ANSWER_BYTES] = 1
    answers.set(address, index * ANSWER_BYTES + 1)
  }
  return answers
}

function addressOf(request: Uint8Array): Address | undefined {
  const r = bytesToBigInt(request.subarray(32, 64))
  const s = bytesToBigInt(request.subarray(64, 96))
  try {
    return recoverAddress(request.subarray(0, 32), { r, s, yParity: request[96] === 1 ? 1 : 0 })
  } catch (error) {
    if (error instanceof QuernError && error.code === 'SIGNATURE_INVALID') return undefined
    throw error
  }
}

/** One per request, in order; undefined where no public key fits the signature. */
export function unpackAnswers(answers: Uint8Array, count: number): (Address | undefined)[] {
  assert(answers.length === count * ANSWER_BYTES, 'a signature worker answered in the wrong length')
  return Array.from({ length: count }, (_, index) => {
    const at = index * ANSWER_BYTES
    return answers[at] === 1 ? answers.slice(at + 1, at + ANSWER_BYTES) : undefined
  })
}
