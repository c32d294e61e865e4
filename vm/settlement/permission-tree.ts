/**
 * A bundle's exits as a dense Merkle tree: leaves from the left, empty ones behind them up to a power of two. SHA-256; a leaf
 * is 00, script, amount u64 LE; a branch 01, left, right; an empty or claimed leaf the hash of 02.
 * Source: vprogs zk/abi; `vprogs_constants.json`.
 */
import type { Hash } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { u64le } from '../kip/encode.ts'
import { SettlementError } from './errors.ts'
import type { Exit } from './exits.ts'

export const LEAF_TAG = Uint8Array.of(0)
export const BRANCH_TAG = Uint8Array.of(1)
export const EMPTY_LEAF: Hash = sha256(Uint8Array.of(2))

/** Claims of a bundle come one after another, one to a block: this many fill half a day. */
export const MAX_EXITS = 2 ** 16

export interface PathStep {
  readonly sibling: Hash
  /** Whether the sibling stands on the left. */
  readonly isLeft: boolean
}

export interface PermissionTree {
  /** 1 to 16 here; scripts go to 32. */
  readonly depth: number
  readonly root: Hash
  /** Leaves that hold an exit. */
  readonly unclaimed: number
  /** From the leaf upwards. @throws SettlementError `EXIT_INDEX` */
  path(index: number): PathStep[]
}

const leaf = ({ script, amount }: Exit): Hash => (amount === 0n ? EMPTY_LEAF : sha256(LEAF_TAG, script, u64le(amount)))

/** @throws SettlementError `EXIT_COUNT` */
export function permissionTree(exits: readonly Exit[]): PermissionTree {
  if (exits.length === 0 || exits.length > MAX_EXITS) {
    throw new SettlementError('EXIT_COUNT', `a bundle has 1 to ${MAX_EXITS} exits, not ${exits.length}`)
  }
  let depth = 1
  while (2 ** depth < exits.length) depth++
  // What no exit reaches is one value a level.
  const levels: Hash[][] = [exits.map(leaf)]
  const padding: Hash[] = [EMPTY_LEAF]
  for (let level = 0; level < depth; level++) {
    const below = levels[level]!
    const empty = padding[level]!
    levels.push(
      Array.from({ length: Math.ceil(below.length / 2) }, (_, i) =>
        sha256(BRANCH_TAG, below[2 * i]!, below[2 * i + 1] ?? empty),
      ),
    )
    padding.push(sha256(BRANCH_TAG, empty, empty))
  }
  return {
    depth,
    root: levels[depth]![0]!,
    unclaimed: exits.filter(({ amount }) => amount > 0n).length,
    path: (index) => {
      if (!Number.isInteger(index) || index < 0 || index >= exits.length) {
        throw new SettlementError('EXIT_INDEX', `the bundle has exits 0 to ${exits.length - 1}`, { index })
      }
      return Array.from({ length: depth }, (_, level) => {
        const at = Math.floor(index / 2 ** level)
        return { sibling: levels[level]![at ^ 1] ?? padding[level]!, isLeft: at % 2 === 1 }
      })
    },
  }
}
