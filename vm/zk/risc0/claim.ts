/**
 * What a RISC Zero receipt says, as digests: that the program `imageId` ran to its end, without input, and wrote a journal.
 * A tagged struct is SHA-256 of (SHA-256 of its name || digests || words u32 LE || count of digests u16 LE).
 */
import { concatBytes, fromHex, type Hash, utf8, ZERO_HASH } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'

/** RISC Zero's hash of a structure: its name, the digests of its parts, its numbers. */
export function taggedStruct(name: string, digests: readonly Hash[], words: readonly number[]): Hash {
  const tail = new Uint8Array(4 * words.length + 2)
  const view = new DataView(tail.buffer)
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true)
  view.setUint16(4 * words.length, digests.length, true)
  return sha256(sha256(utf8(name)), ...digests, tail)
}

/** `risc0.SystemState` after a halt: no memory, program counter 0. */
export const HALTED = fromHex('a3acc27117418996340b84e5a90f3ef4c49d22c79e44aad822ec9c313e1eb8e2')

/** The digest of the claim "`imageId` halted with exit code 0 and this journal", all of 32 bytes. */
export function claimDigest(imageId: Hash, journalDigest: Hash): Hash {
  const output = taggedStruct('risc0.Output', [journalDigest, ZERO_HASH], [])
  return taggedStruct('risc0.ReceiptClaim', [ZERO_HASH, imageId, HALTED, output], [0, 0])
}

/** A digest as two field elements of 32 bytes, little endian: its first 16 bytes, then its last. */
const halves = (digest: Hash): [Uint8Array, Uint8Array] => [
  concatBytes(digest.subarray(0, 16), new Uint8Array(16)),
  concatBytes(digest.subarray(16), new Uint8Array(16)),
]

/**
 * The five public inputs of RISC Zero's Groth16 receipts.
 * @param identityControlId of the release, 32 bytes little endian
 */
export const claimInputs = (controlRoot: Hash, claim: Hash, identityControlId: Uint8Array): Uint8Array[] => [
  ...halves(controlRoot),
  ...halves(claim),
  identityControlId,
]
