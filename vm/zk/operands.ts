/**
 * What OpZkPrecompile takes from the stack, by tag (KIP-16). Below the tag, the topmost item first:
 *
 *     0x20  key, proof, count, input 0, input 1, ...
 *     0x21  hash function, control id, image id, journal digest, seal, control digests, control index, claim
 *     0xdf  image id, journal digest, signature                                       development networks alone
 */
import { concatBytes, type Hash, u32be } from '../../core/bytes.ts'
import { type Failure, fail, ok, type Result } from '../../core/errors.ts'
import { domainHash } from '../../core/hash.ts'
import type { ZkErrorCode } from './errors.ts'
import type { Groth16Statement } from './groth16/groth16.ts'
import type { SuccinctOperands } from './risc0/receipt.ts'

export const ZK_TAG = { groth16: 0x20, succinct: 0x21, development: 0xdf } as const

export interface DevelopmentOperands {
  readonly signature: Uint8Array
  readonly journalDigest: Uint8Array
  readonly imageId: Uint8Array
}

export type ZkOperands =
  | ({ readonly tag: typeof ZK_TAG.groth16 } & Groth16Statement)
  | ({ readonly tag: typeof ZK_TAG.succinct } & SuccinctOperands)
  | ({ readonly tag: typeof ZK_TAG.development } & DevelopmentOperands)

export interface ReadOperands {
  readonly operands: ZkOperands
  /** Items taken from the top of the stack, the tag not among them. */
  readonly taken: number
}

/** Kaspa reads an i32. */
const MAX_COUNT_BYTES = 4

/** A script number, not negative, and minimal: unlike elsewhere in scripts, so that a proof has one spelling (PROTOCOL 8). */
function readCount(item: Uint8Array): number | undefined {
  if (item.length === 0) return 0
  const last = item[item.length - 1]!
  const isNegative = (last & 0x80) !== 0
  const isPadded = (last & 0x7f) === 0 && (item.length === 1 || (item[item.length - 2]! & 0x80) === 0)
  if (item.length > MAX_COUNT_BYTES || isNegative || isPadded) return undefined
  let count = 0
  for (const [i, byte] of item.entries()) count += byte * 2 ** (8 * i)
  return count
}

const missing = (tag: number): { readonly ok: false; readonly error: Failure<ZkErrorCode> } =>
  fail('ZK_OPERANDS_MISSING', `the stack has fewer items than tag 0x${tag.toString(16)} takes`)

/**
 * No proof is longer: a key and inputs of a whole stack, a seal of the longest trace, two digests and a signature. What waits to
 * be verified holds its operands, and a script can make dozens of a megabyte.
 */
const MAX_OPERAND_BYTES: Readonly<Record<ZkOperands['tag'], number>> = {
  [ZK_TAG.groth16]: 16 << 10,
  [ZK_TAG.succinct]: 512 << 10,
  [ZK_TAG.development]: 1 << 10,
}

/** @param stack without the tag, the topmost item last */
export function readOperands(tag: number, stack: readonly Uint8Array[]): Result<ReadOperands, ZkErrorCode> {
  const read = topOperands(tag, stack)
  if (!read.ok) return read
  const { operands } = read.value
  const length = operandBytes(operands).reduce((sum, bytes) => sum + bytes.length, 0)
  const most = MAX_OPERAND_BYTES[operands.tag]
  return length <= most ? read : fail('ZK_OPERANDS_TOO_LONG', `operands of ${length} bytes: no proof has above ${most}`)
}

function topOperands(tag: number, stack: readonly Uint8Array[]): Result<ReadOperands, ZkErrorCode> {
  const top = (depth: number): Uint8Array => stack[stack.length - 1 - depth]!
  switch (tag) {
    case ZK_TAG.groth16: {
      if (stack.length < 3) return missing(tag)
      const count = readCount(top(2))
      if (count === undefined)
        return fail('ZK_INPUT_COUNT', 'the count of inputs is no minimal script number from 0 up')
      if (stack.length < 3 + count) return missing(tag)
      const inputs = Array.from({ length: count }, (_, i) => top(3 + i))
      return ok({ operands: { tag, key: top(0), proof: top(1), inputs }, taken: 3 + count })
    }
    case ZK_TAG.succinct: {
      if (stack.length < 8) return missing(tag)
      const operands = {
        tag,
        hashFunction: top(0),
        controlId: top(1),
        imageId: top(2),
        journalDigest: top(3),
        seal: top(4),
        controlDigests: top(5),
        controlIndex: top(6),
        claim: top(7),
      }
      return ok({ operands, taken: 8 })
    }
    case ZK_TAG.development: {
      if (stack.length < 3) return missing(tag)
      return ok({ operands: { tag, imageId: top(0), journalDigest: top(1), signature: top(2) }, taken: 3 })
    }
    default:
      return fail('ZK_TAG_UNKNOWN', `there is no proof system 0x${tag.toString(16)}`)
  }
}

/** All operand bytes in the order of their names below; lengths keep neighbours apart. */
function operandBytes(operands: ZkOperands): readonly Uint8Array[] {
  switch (operands.tag) {
    case ZK_TAG.groth16:
      return [operands.key, operands.proof, ...operands.inputs]
    case ZK_TAG.succinct: {
      const { claim, controlIndex, controlDigests, seal, journalDigest, imageId, controlId, hashFunction } = operands
      return [claim, controlIndex, controlDigests, seal, journalDigest, imageId, controlId, hashFunction]
    }
    case ZK_TAG.development:
      return [operands.signature, operands.journalDigest, operands.imageId]
  }
}

/** What a verdict is remembered under: the hash of the tag and of every operand. */
export const operandsHash = (operands: ZkOperands): Hash =>
  domainHash(
    'zkOperands',
    Uint8Array.of(operands.tag),
    concatBytes(...operandBytes(operands).map((bytes) => u32be(bytes.length))),
    ...operandBytes(operands),
  )
