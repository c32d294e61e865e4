/**
 * The header's `computeRoot`: what a block's verified results commit to.
 *
 * One leaf for each successful SUBMIT_RESULT in block order, leaf = sha256(UTF-8 compact JSON of the ComputeResult with
 * exactly these keys in this order: task_id, worker_address, result_hash, proof, nonce, signature). The tree is RFC 6962's:
 * inner nodes are tagged 0x01 and no leaf is repeated. JSON begins with `{`, so no leaf can pass for a node. A block
 * without results has empty bytes as its root. Source: PROTOCOL 4.3; the leaf is that of pydantic's compact JSON, which other tools make.
 */
import { formatAddress } from '../core/address.ts'
import { EMPTY_BYTES, type Hash, hexKey, utf8 } from '../core/bytes.ts'
import { assert } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import { merklePath, merkleRoot } from '../core/merkle.ts'
import type { ComputeResult } from './transaction/types.ts'

/** The hashed keys and values, in the hashed order: `JSON.stringify` of this object is the leaf's text. */
export interface ComputeResultJson {
  /** RFC 9562 text. */
  readonly task_id: string
  /** bech32. */
  readonly worker_address: string
  /** Hex without 0x, here and in `proof` and `signature`; absent is null. */
  readonly result_hash: string
  readonly proof: string | null
  readonly nonce: number
  readonly signature: string | null
}

/** Text form of 16 bytes: 8-4-4-4-12 lower-case hex digits. RFC 9562, section 4. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = hexKey(bytes)
  const part = (from: number, to: number): string => hex.slice(from, to)
  return [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join('-')
}

const optionalHex = (bytes: Uint8Array | undefined): string | null => (bytes === undefined ? null : hexKey(bytes))

export const computeResultJson = (result: ComputeResult): ComputeResultJson => ({
  task_id: formatUuid(result.taskId),
  worker_address: formatAddress(result.workerAddress),
  result_hash: hexKey(result.resultHash),
  proof: optionalHex(result.proof),
  nonce: result.nonce,
  signature: optionalHex(result.signature),
})

/** The text a leaf is the hash of. Nonces are below 2^53, so `JSON.stringify` writes them as plain decimals. */
export const resultJson = (result: ComputeResult): string => JSON.stringify(computeResultJson(result))

/** @param json as `resultJson` gives it */
export const computeLeaf = (json: string): Hash => sha256(utf8(json))

/** Empty bytes when there is no leaf, 32 bytes otherwise. */
export const computeRootOfLeaves = (leaves: readonly Hash[]): Uint8Array =>
  leaves.length === 0 ? EMPTY_BYTES : merkleRoot(leaves)

const leavesOf = (results: readonly ComputeResult[]): Hash[] => results.map((result) => computeLeaf(resultJson(result)))

/** @param results the block's successful ones, in block order */
export const computeRoot = (results: readonly ComputeResult[]): Uint8Array => computeRootOfLeaves(leavesOf(results))

/** Checks with core's `verifyMerklePath(computeLeaf(leafJson), index, count, path, root)`. */
export interface ComputeProof {
  readonly leafJson: string
  readonly index: number
  readonly count: number
  /** Sibling hashes from leaf to root. */
  readonly path: readonly Hash[]
  readonly root: Hash
}

/** @throws QuernError `ASSERTION_FAILED` unless index < results.length */
export function computeProof(results: readonly ComputeResult[], index: number): ComputeProof {
  const result = results[index]
  assert(result !== undefined, 'the block has no result at this index', { index })
  const leaves = leavesOf(results)
  return {
    leafJson: resultJson(result),
    index,
    count: leaves.length,
    path: merklePath(leaves, index),
    root: merkleRoot(leaves),
  }
}
