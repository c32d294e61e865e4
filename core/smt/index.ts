/**
 * The sparse Merkle tree that holds every state: the L1's and each vProg's.
 *
 * Shape. Depth 256, keys of 32 bytes, bit 0 is the most significant bit of byte 0. A position is a path and a level.
 *
 *     value hash          chosen by the caller; 32 zero bytes mean "no value"
 *     empty,    kind 0    32 zero bytes
 *     leaf,     kind 1    SHA256(01 || key || valueHash)
 *     internal, kind 2    SHA256(02 || kindLeft || kindRight || hashLeft || hashRight)
 *     combine             (leaf, empty) or (empty, leaf) is that leaf, unchanged (promotion); (empty, empty) is empty;
 *                         everything else, (internal, empty) too, is internal
 *
 * So a subtree with one key is just that leaf, at whatever level it stands, and a tree of one key has the leaf's hash
 * as root. Nothing is stored below a leaf.
 *
 * Promises:
 * - the root depends on the set of (key, valueHash) pairs alone, not on order, batching or deleted keys;
 * - `updateTree` is pure and reads only nodes on the paths of written keys and their siblings;
 * - a layer of not yet final changes is a `TreeOverlay`, dropped by dropping the reference;
 * - `VersionedTree` keeps past versions provable, rolls back exactly and prunes only what no kept version needs;
 * - a proof that verifies says the truth about each queried key, and there is only one proof for one question.
 *
 * Source: PROTOCOL 3; the shape, hashes and proof wire form are those of the vProgs framework's state tree.
 * The walker (verify.ts) is stricter than upstream's.
 */

export {
  decodeMultiProof,
  encodeMultiProof,
  MAX_PROOF_BYTES,
  MAX_PROOF_KEYS,
  type MultiProof,
  type ProofLeaf,
  type ProofMembership,
  type ProofSibling,
} from './codec.ts'
export { hashInternal, hashLeaf } from './hash.ts'
export {
  combine,
  decodeNode,
  EMPTY_NODE,
  type EmptyNode,
  encodeNode,
  type InternalNode,
  type LeafNode,
  NODE_EMPTY,
  NODE_INTERNAL,
  NODE_LEAF,
  type NodeKind,
  type NodeReader,
  type TreeNode,
} from './node.ts'
export { MAX_OVERLAY_DEPTH, TreeOverlay } from './overlay.ts'
export {
  childPosition,
  keyBit,
  positionFromId,
  positionId,
  positionLevel,
  positionOf,
  ROOT_POSITION,
  TREE_DEPTH,
} from './position.ts'
export { proveKey, proveKeys } from './proof.ts'
export {
  coversKey,
  halvesOf,
  joinRanges,
  type PlaceNode,
  proveRange,
  type RangeLeaf,
  type RangeProof,
  type VerifiedRange,
  verifyRange,
} from './range.ts'
export { TreeLoader } from './range-load.ts'
export type { TreeWrite } from './subtree.ts'
export { type TreeUpdate, updateTree } from './update.ts'
export { computeRoots, verifyKey, verifyMultiProof } from './verify.ts'
export { VersionedTree } from './versioned.ts'
