/** What a running worker tells its owner. */
import type { Address } from '../core/bytes.ts'
import type { TileRef } from '../vm/compute/ticket.ts'

/** One winning tile, named as its result names it. */
export interface Found extends TileRef {
  readonly seedHeight: number
  readonly matrixSize: number
}

export type WorkerEvent =
  | { readonly type: 'started'; readonly address: Address; readonly matrixSize: number }
  | { readonly type: 'seeded'; readonly seedHeight: number; readonly difficultyMacs: bigint }
  | { readonly type: 'submitted'; readonly found: Found; readonly transaction: Uint8Array }
  /** In a block, as a leaf of its computeRoot. */
  | { readonly type: 'accepted'; readonly found: Found; readonly transaction: Uint8Array }
  /** Refused by the node, or included and failed; `tag` says why. */
  | { readonly type: 'rejected'; readonly found: Found; readonly tag: string }
  /** Not in any block when its seed height left the window. */
  | { readonly type: 'late'; readonly found: Found }
  /** The chain did not answer or could not be understood; the worker tries again after `retryMs`. */
  | { readonly type: 'trouble'; readonly tag: string; readonly message: string; readonly retryMs: number }

export interface WorkerStats {
  /** Finished attempts and the multiply-accumulates in them. */
  readonly attempts: number
  readonly macs: number
  readonly submitted: number
  readonly accepted: number
  readonly rejected: number
  readonly late: number
}
