/**
 * RFC 6962-shaped Merkle trees over SHA-256: inner node = sha256(0x01 || left || right), an odd node is promoted to the
 * next level, never repeated (CVE-2012-2459). The caller hashes the leaves, so one tree serves `txRoot` and
 * `receiptRoot` (leaf = sha256(0x00 || bytes)) and `computeRoot` (leaf = sha256(JSON)). PROTOCOL 4.3.
 */
import type { Hash } from './bytes.ts'
import { equalBytes } from './bytes.ts'
import { assert } from './errors.ts'
import { sha256 } from './hash.ts'

const NODE_TAG = Uint8Array.of(1)
const LEAF_TAG = Uint8Array.of(0)

/** RFC 6962's MTH of the empty list. */
export const EMPTY_MERKLE_ROOT: Hash = sha256(new Uint8Array(0))

export const leafHash = (data: Uint8Array): Hash => sha256(LEAF_TAG, data)
const nodeHash = (left: Hash, right: Hash): Hash => sha256(NODE_TAG, left, right)

function nextLevel(level: readonly Hash[]): Hash[] {
  const next: Hash[] = []
  for (let i = 0; i + 1 < level.length; i += 2) next.push(nodeHash(level[i]!, level[i + 1]!))
  // Promotion of the odd node gives RFC 6962's split at the largest power of two.
  if (level.length % 2 === 1) next.push(level[level.length - 1]!)
  return next
}

/** Root over leaf hashes; sha256("") when there are none. */
export function merkleRoot(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return EMPTY_MERKLE_ROOT
  let level = leaves
  while (level.length > 1) level = nextLevel(level)
  return level[0]!
}

/** Sibling hashes from leaf to root; levels where the node is promoted contribute nothing. */
export function merklePath(leaves: readonly Hash[], index: number): Hash[] {
  assert(Number.isInteger(index) && index >= 0 && index < leaves.length, 'leaf index out of range', { index })
  const path: Hash[] = []
  let level = leaves
  let at = index
  while (level.length > 1) {
    const sibling = level[at ^ 1]
    if (sibling !== undefined) path.push(sibling)
    level = nextLevel(level)
    at >>= 1
  }
  return path
}

/** Whether `leaf` stands at `index` of the `count` leaves under `root`. False on any malformed input. */
export function verifyMerklePath(leaf: Hash, index: number, count: number, path: readonly Hash[], root: Hash): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count) || index < 0 || index >= count) return false
  if (leaf.length !== 32) return false
  let hash = leaf
  let at = index
  let width = count
  let used = 0
  while (width > 1) {
    if ((at ^ 1) < width) {
      const sibling = path[used++]
      if (sibling === undefined || sibling.length !== 32) return false
      hash = at % 2 === 0 ? nodeHash(hash, sibling) : nodeHash(sibling, hash)
    }
    at = Math.floor(at / 2)
    width = Math.ceil(width / 2)
  }
  return used === path.length && equalBytes(hash, root)
}
