/** Nodes of the tree: the three kinds, how two combine, and how one is stored. The rules stand in index.ts. */
import { type Hash, ZERO_HASH } from '../bytes.ts'
import { QuernError } from '../errors.ts'
import { hashInternal, hashLeaf } from './hash.ts'

export const NODE_EMPTY = 0
export const NODE_LEAF = 1
export const NODE_INTERNAL = 2
export type NodeKind = typeof NODE_EMPTY | typeof NODE_LEAF | typeof NODE_INTERNAL

export interface EmptyNode {
  readonly kind: typeof NODE_EMPTY
  readonly hash: Hash
}

export interface LeafNode {
  readonly kind: typeof NODE_LEAF
  readonly hash: Hash
  readonly key: Hash
  readonly valueHash: Hash
}

export interface InternalNode {
  readonly kind: typeof NODE_INTERNAL
  readonly hash: Hash
}

export type TreeNode = EmptyNode | LeafNode | InternalNode

/**
 * The node at a 34-byte position; undefined or an empty node where there is none. The caller may reuse the position's
 * bytes afterwards, so a reader keeps a copy or nothing.
 */
export type NodeReader = (position: Uint8Array) => TreeNode | undefined

export const EMPTY_NODE: EmptyNode = { kind: NODE_EMPTY, hash: ZERO_HASH }

/** `valueHash` must not be zero: a key without a value has no leaf. */
export const leafNode = (key: Hash, valueHash: Hash): LeafNode => ({
  kind: NODE_LEAF,
  hash: hashLeaf(key, valueHash),
  key,
  valueHash,
})

/** The parent of two siblings. Generic, because a proof knows of a sibling leaf only its hash. */
export function combine<Node extends { readonly kind: NodeKind; readonly hash: Hash }>(
  left: Node,
  right: Node,
): Node | InternalNode {
  if (right.kind === NODE_EMPTY && left.kind !== NODE_INTERNAL) return left
  if (left.kind === NODE_EMPTY && right.kind !== NODE_INTERNAL) return right
  return { kind: NODE_INTERNAL, hash: hashInternal(left.kind, right.kind, left.hash, right.hash) }
}

export function isZeroHash(hash: Hash): boolean {
  for (let i = 0; i < 32; i++) if (hash[i] !== 0) return false
  return true
}

/**
 * 00 (tombstone), 01 || key || valueHash || hash, or 02 || hash: 1, 97 or 33 bytes.
 * @param room bytes left free before them
 */
export function encodeNode(node: TreeNode, room = 0): Uint8Array {
  const length = node.kind === NODE_LEAF ? 97 : node.kind === NODE_INTERNAL ? 33 : 1
  const out = new Uint8Array(room + length)
  out[room] = node.kind
  if (node.kind === NODE_EMPTY) return out
  out.set(node.hash, out.length - 32)
  if (node.kind === NODE_LEAF) {
    out.set(node.key, room + 1)
    out.set(node.valueHash, room + 33)
  }
  return out
}

/**
 * Strict inverse of `encodeNode`; the answer may share memory with `bytes`. Hashes are not recomputed.
 * @throws QuernError `NODE_INVALID`
 */
export function decodeNode(bytes: Uint8Array, room = 0): TreeNode {
  const kind = bytes[room]
  const length = bytes.length - room
  if (kind === NODE_EMPTY && length === 1) return EMPTY_NODE
  if (kind === NODE_INTERNAL && length === 33) return { kind, hash: bytes.slice(room + 1) }
  if (kind === NODE_LEAF && length === 97) {
    const valueHash = bytes.subarray(room + 33, room + 65)
    if (!isZeroHash(valueHash)) {
      return { kind, hash: bytes.subarray(room + 65), key: bytes.subarray(room + 1, room + 33), valueHash }
    }
  }
  throw new QuernError('NODE_INVALID', 'stored tree node is malformed; restore the store from a snapshot', {
    length,
    kind: kind ?? -1,
  })
}
