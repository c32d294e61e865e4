/**
 * The strict walker: recomputes a root from a multi-proof, or the roots before and after new values are written.
 *
 * Hashes alone do not tie a leaf to its place: a leaf's hash says nothing about its level, and beside an empty place a
 * leaf is promoted unchanged. A lax walker therefore accepts "this key is empty" for a key that exists. Rules, each of
 * which refuses the proof (P numbers appear below):
 *
 * - P1 queried keys strictly ascending; foreign keys strictly ascending, none of them queried, each used once in order
 * - P2 leaves strictly ascending by key; all indices in range
 * - P3 every leaf agrees with the bit followed; both sides of a split hold leaves, and only those of a split do
 * - P4 a sibling is of kind 0 exactly when its hash is zero
 * - P5 all siblings and topology bits consumed, padding bits zero
 * - P6 present: the leaf has the queried key. Absent: the leaf has another key, a value, and shares `depth` leading
 *   bits with the queried key. Every leaf answers some key, and an empty leaf is a queried key's own
 * - P7 no promotion on the walk to the previous root: a stored tree has no node with a leaf on one side and nothing on
 *   the other, so such a node only serves to hide a leaf behind an opaque sibling. (The other rules do not imply
 *   this: the one-key tree's leaf, given as sibling of an empty place on its own path, reproduces the root.)
 * - P8 an empty place is not walked further than it takes to tell queried keys apart
 *
 * With P1 to P8 the proof of given keys under a given root is unique. Source: PROTOCOL 3.
 */
import { compareBytes, equalBytes, type Hash, ZERO_HASH } from '../bytes.ts'
import { decodeMultiProof, invalidProof, type MultiProof, type ProofSibling } from './codec.ts'
import { combine, EMPTY_NODE, isZeroHash, leafNode, NODE_EMPTY, NODE_INTERNAL, NODE_LEAF } from './node.ts'
import { keyBit, splitAt, TREE_DEPTH } from './position.ts'
import { buildSubtree, mergeLeaves, type TreeWrite } from './subtree.ts'

/** A proof leaf with its key and the queried keys it answers, as indices [firstQuery, endQuery). */
interface WalkLeaf {
  readonly key: Hash
  readonly keyIndex: number
  readonly depth: number
  readonly valueHash: Hash
  firstQuery: number
  endQuery: number
}

interface Subtrees {
  readonly previous: ProofSibling
  readonly next: ProofSibling
}

function strictlyAscending(keys: readonly Hash[]): boolean {
  return keys.every((key, i) => key.length === 32 && (i === 0 || compareBytes(keys[i - 1]!, key) < 0))
}

function sharesBits(a: Hash, b: Hash, bits: number): boolean {
  for (let i = 0; i < bits; i++) if (keyBit(a, i) !== keyBit(b, i)) return false
  return true
}

/** P1, P2. */
function walkLeaves(proof: MultiProof): WalkLeaf[] {
  const { keys, memberships } = proof
  const queried = memberships.length
  if (queried > keys.length) throw invalidProof('more memberships than keys', { memberships: queried })
  if (!strictlyAscending(keys.slice(0, queried))) throw invalidProof('queried keys are not strictly ascending')
  if (!strictlyAscending(keys.slice(queried))) throw invalidProof('witness keys are not strictly ascending')
  let nextForeign = queried
  const leaves = proof.leaves.map(({ depth, keyIndex, valueHash }): WalkLeaf => {
    const key = keys[keyIndex]
    if (key === undefined) throw invalidProof('key index out of range', { keyIndex })
    if (depth > TREE_DEPTH || valueHash.length !== 32) throw invalidProof('malformed leaf', { keyIndex })
    if (keyIndex >= queried && keyIndex !== nextForeign++) throw invalidProof('witness key out of order', { keyIndex })
    return { key, keyIndex, depth, valueHash, firstQuery: 0, endQuery: 0 }
  })
  if (nextForeign !== keys.length) throw invalidProof('unused witness key', { keyIndex: nextForeign })
  for (let i = 1; i < leaves.length; i++) {
    if (compareBytes(leaves[i - 1]!.key, leaves[i]!.key) >= 0) throw invalidProof('leaves are not strictly ascending')
  }
  return leaves
}

/** P6. Both lists ascend by key and every leaf owns one place, so the answers run through the leaves in order. */
function attachQueries(proof: MultiProof, leaves: readonly WalkLeaf[]): void {
  let current = -1
  proof.memberships.forEach(({ present, leafIndex }, query) => {
    const key = proof.keys[query]!
    const leaf = leaves[leafIndex]
    if (leaf === undefined) throw invalidProof('leaf index out of range', { leafIndex })
    if (leafIndex !== current && leafIndex !== current + 1) throw invalidProof('leaf answers no key', { leafIndex })
    if (leafIndex !== current) leaf.firstQuery = query
    leaf.endQuery = query + 1
    current = leafIndex
    const same = equalBytes(leaf.key, key)
    if (same && leaf.keyIndex !== query) throw invalidProof('queried key among the witness keys', { query })
    if (present !== same) throw invalidProof('membership tag contradicts the leaf', { query })
    if (!present && isZeroHash(leaf.valueHash)) throw invalidProof('empty leaf answers for another key', { query })
    if (!present && !sharesBits(leaf.key, key, leaf.depth)) throw invalidProof('witness stands elsewhere', { query })
  })
  if (current !== leaves.length - 1) throw invalidProof('leaf answers no key', { leafIndex: current + 1 })
  leaves.forEach(({ key, valueHash, firstQuery, endQuery }, leafIndex) => {
    if (!isZeroHash(valueHash)) return
    if (endQuery - firstQuery !== 1 || !equalBytes(key, proof.keys[firstQuery]!)) {
      throw invalidProof('empty leaf of a key that was not asked for', { leafIndex })
    }
  })
}

/** The subtree at a leaf's place, before and after the writes. */
function leafSubtrees(leaf: WalkLeaf, writes: readonly TreeWrite[]): Subtrees {
  const previous = isZeroHash(leaf.valueHash) ? EMPTY_NODE : leafNode(leaf.key, leaf.valueHash)
  if (writes.length === 0) return { previous, next: previous }
  const entries = mergeLeaves(previous, writes, leaf.firstQuery, leaf.endQuery)
  return { previous, next: buildSubtree(entries, 0, entries.length, leaf.depth) }
}

function combineBoth(left: Subtrees, right: Subtrees): Subtrees {
  const previous = combine<ProofSibling>(left.previous, right.previous)
  if (previous.kind === NODE_LEAF) throw invalidProof('a leaf beside an empty place') // P7
  const unchanged = left.previous === left.next && right.previous === right.next
  return { previous, next: unchanged ? previous : combine<ProofSibling>(left.next, right.next) }
}

/** @param writes one for each queried key, or none at all to leave the tree as it is */
function walkProof(proof: MultiProof, writes: readonly TreeWrite[]): Subtrees {
  const leaves = walkLeaves(proof)
  attachQueries(proof, leaves)
  const { siblings, topology } = proof
  let bitsUsed = 0
  let siblingsUsed = 0

  const nextBit = (): number => {
    const byte = topology[bitsUsed >> 3]
    if (byte === undefined) throw invalidProof('topology exhausted')
    return (byte >> (bitsUsed++ & 7)) & 1
  }
  const nextSibling = (): Subtrees => {
    const sibling = siblings[siblingsUsed++]
    if (sibling === undefined) throw invalidProof('siblings exhausted')
    if (sibling.hash.length !== 32 || (sibling.kind === NODE_EMPTY) !== isZeroHash(sibling.hash)) {
      throw invalidProof('kind of a sibling contradicts its hash') // P4
    }
    return { previous: sibling, next: sibling }
  }

  /** The leaves [from, to), at least one, agree on the first `level` bits: that is P3, kept by splitting at each bit. */
  const walk = (level: number, from: number, to: number): Subtrees => {
    const first = leaves[from]!
    const lone = to - from === 1
    if (lone && first.depth === level) return leafSubtrees(first, writes)
    if (level >= TREE_DEPTH || (lone && first.depth < level)) throw invalidProof('leaf passed', { level })
    const bit = nextBit()
    const middle = splitAt(leaves, from, to, level)
    const split = from < middle && middle < to
    if ((bit === 1) !== split) throw invalidProof('topology contradicts the keys', { level })
    if (split) return combineBoth(walk(level + 1, from, middle), walk(level + 1, middle, to))
    const sibling = nextSibling()
    const walked = walk(level + 1, from, to)
    const both = from < middle ? combineBoth(walked, sibling) : combineBoth(sibling, walked)
    if (lone && both.previous.kind !== NODE_INTERNAL) throw invalidProof('empty place walked too far', { level }) // P8
    return both
  }

  const root = leaves.length === 0 ? undefined : walk(0, 0, leaves.length)
  if (siblingsUsed !== siblings.length) throw invalidProof('siblings left over') // P5
  if (topology.length !== (bitsUsed + 7) >> 3) throw invalidProof('topology left over')
  if ((bitsUsed & 7) !== 0 && topology[bitsUsed >> 3]! >> (bitsUsed & 7) !== 0)
    throw invalidProof('padding bits are set')
  if (root === undefined) throw invalidProof('it asks for no key')
  return root
}

/**
 * The value hashes of the queried keys under `root`, ZERO_HASH where a key is absent.
 * @param keys what the verifier asks for: the proof must answer exactly these, strictly ascending
 * @throws QuernError `PROOF_INVALID`
 */
export function verifyMultiProof(proof: MultiProof, root: Hash, keys: readonly Hash[]): Hash[] {
  const { memberships } = proof
  if (keys.length !== memberships.length || keys.some((key, i) => !equalBytes(key, proof.keys[i] ?? ZERO_HASH))) {
    throw invalidProof('it answers other keys', { count: memberships.length })
  }
  const { previous } = walkProof(proof, [])
  if (!equalBytes(previous.hash, root)) throw invalidProof('it leads to another root')
  return memberships.map(({ present, leafIndex }) => (present ? proof.leaves[leafIndex]!.valueHash : ZERO_HASH))
}

/**
 * The root the proof leads to, and the root once each queried key has its new value hash (ZERO_HASH deletes). The
 * caller compares `previousRoot` with the one it trusts before it believes the other.
 * @param newValueHashes one for each queried key, in their order
 * @throws QuernError `PROOF_INVALID`
 */
export function computeRoots(
  proof: MultiProof,
  newValueHashes: readonly Hash[],
): { readonly previousRoot: Hash; readonly newRoot: Hash } {
  if (newValueHashes.length !== proof.memberships.length || newValueHashes.some((hash) => hash.length !== 32)) {
    throw invalidProof('give one new value hash for each queried key', { count: newValueHashes.length })
  }
  const writes = newValueHashes.map((valueHash, i): TreeWrite => ({ key: proof.keys[i] ?? ZERO_HASH, valueHash }))
  const { previous, next } = walkProof(proof, writes)
  return { previousRoot: previous.hash, newRoot: next.hash }
}

/**
 * The value hash of `key` under `root`, ZERO_HASH where it is absent, from the bytes `proveKey` made.
 * @throws QuernError `PROOF_INVALID`
 */
export function verifyKey(proof: Uint8Array, root: Hash, key: Hash): Hash {
  return verifyMultiProof(decodeMultiProof(proof), root, [key])[0]!
}
