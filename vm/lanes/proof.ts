/**
 * That a lane has a leaf in the tree, or none, in KIP-21's wire form:
 *
 *     bitmap 32      bit d (byte d / 8, least significant first): the sibling at depth d is empty
 *     kind u8        0 full: 256 siblings lead down to the place itself
 *                    1 collapsed, depth u8: the lane stands alone below that depth
 *                    2 another one, depth u8, key 32, leaf 32: that lane stands alone below that depth
 *     siblings       32 bytes each, ascending by depth, of the depths whose bit is not set
 *
 * The walk follows the key of the question, so no proof of one key can speak for another. The bits of depths that a proof does
 * not reach are set, and a proof has no trailing bytes: there is one encoding of each proof.
 */
import { concatBytes, equalBytes, type Hash } from '../../core/bytes.ts'
import { fail, ok, type Result } from '../../core/errors.ts'
import { keyBit } from '../../core/smt/index.ts'
import { ByteReader } from './byte-reader.ts'
import { collapsedLane, emptyAt, LANE_TREE_DEPTH, laneNode } from './tree.ts'

export type LaneProofErrorCode = 'LANE_PROOF_MALFORMED'

export interface LaneProof {
  readonly bitmap: Uint8Array
  readonly terminal:
    | { readonly kind: 'full' }
    | { readonly kind: 'collapsed'; readonly depth: number }
    | { readonly kind: 'other'; readonly depth: number; readonly key: Hash; readonly leaf: Hash }
  readonly siblings: readonly Hash[]
}

const BITMAP_BYTES = LANE_TREE_DEPTH / 8
const KINDS = ['full', 'collapsed', 'other'] as const

/** A proof with every sibling and a foreign lane. */
export const MAX_LANE_PROOF_BYTES = BITMAP_BYTES + 2 + 64 + 32 * LANE_TREE_DEPTH

const isEmptyAt = (bitmap: Uint8Array, depth: number): boolean => ((bitmap[depth >> 3]! >> (depth & 7)) & 1) === 1

const depthOf = ({ terminal }: LaneProof): number => (terminal.kind === 'full' ? LANE_TREE_DEPTH : terminal.depth)

export function encodeLaneProof(proof: LaneProof): Uint8Array {
  const { bitmap, terminal, siblings } = proof
  const kind = Uint8Array.of(KINDS.indexOf(terminal.kind))
  const depth = terminal.kind === 'full' ? [] : [Uint8Array.of(terminal.depth)]
  const foreign = terminal.kind === 'other' ? [terminal.key, terminal.leaf] : []
  return concatBytes(bitmap, kind, ...depth, ...foreign, ...siblings)
}

const malformed = (what: string) => fail('LANE_PROOF_MALFORMED', `not a lane proof: ${what}`)

export function decodeLaneProof(bytes: Uint8Array): Result<LaneProof, LaneProofErrorCode> {
  if (bytes.length > MAX_LANE_PROOF_BYTES) return malformed(`${bytes.length} bytes`)
  const reader = new ByteReader(bytes)
  const bitmap = reader.take(BITMAP_BYTES)
  const kind = KINDS[reader.byte() ?? KINDS.length]
  if (bitmap === undefined || kind === undefined) return malformed('it ends early, or is of an unknown kind')
  let terminal: LaneProof['terminal'] = { kind: 'full' }
  if (kind !== 'full') {
    const depth = reader.byte()
    if (depth === undefined) return malformed('it ends early')
    if (kind === 'collapsed') terminal = { kind, depth }
    else {
      const key = reader.take(32)
      const leaf = reader.take(32)
      if (key === undefined || leaf === undefined) return malformed('it ends early')
      terminal = { kind, depth, key, leaf }
    }
  }
  const reached = terminal.kind === 'full' ? LANE_TREE_DEPTH : terminal.depth
  const siblings: Hash[] = []
  for (let depth = 0; depth < LANE_TREE_DEPTH; depth++) {
    if (isEmptyAt(bitmap, depth)) continue
    if (depth >= reached) return malformed('a sibling below where it ends')
    const sibling = reader.take(32)
    if (sibling === undefined) return malformed('a sibling is missing')
    siblings.push(sibling)
  }
  if (reader.left > 0) return malformed(`${reader.left} trailing bytes`)
  return ok({ bitmap, terminal, siblings })
}

/** Where two keys first differ. */
function commonBits(a: Hash, b: Hash): number {
  for (let bit = 0; bit < LANE_TREE_DEPTH; bit++) if (keyBit(a, bit) !== keyBit(b, bit)) return bit
  return LANE_TREE_DEPTH
}

/**
 * The root under which the lane has this leaf, or none; undefined where the proof says nothing about that.
 * @param leaf undefined asks for absence
 */
export function rootOfLaneProof(proof: LaneProof, key: Hash, leaf: Hash | undefined): Hash | undefined {
  const { terminal, siblings } = proof
  const start = terminalHash(terminal, key, leaf)
  if (start === undefined) return undefined
  let hash = start
  let next = siblings.length
  for (let depth = depthOf(proof) - 1; depth >= 0; depth--) {
    const sibling = isEmptyAt(proof.bitmap, depth) ? emptyAt(depth + 1) : siblings[--next]!
    hash = keyBit(key, depth) === 0 ? laneNode(hash, sibling) : laneNode(sibling, hash)
  }
  return hash
}

function terminalHash(terminal: LaneProof['terminal'], key: Hash, leaf: Hash | undefined): Hash | undefined {
  if (terminal.kind === 'other') {
    const isForeign = leaf === undefined && !equalBytes(terminal.key, key)
    return isForeign && commonBits(terminal.key, key) >= terminal.depth
      ? collapsedLane(terminal.key, terminal.leaf)
      : undefined
  }
  if (leaf === undefined) return terminal.kind === 'full' ? emptyAt(LANE_TREE_DEPTH) : undefined
  return collapsedLane(key, leaf)
}
