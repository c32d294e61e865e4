/** What a running worker tells its owner. */
import type { Address, Hash } from '../core/bytes.ts'
import type { TileRef } from '../vm/compute/ticket.ts'

/** One winning tile, named as its result names it. */
export interface Found extends TileRef {
  readonly seedHeight: number
  readonly matrixSize: number
}

/**
 * Why a result can no longer be paid though nobody found fault with it: in no block when its seed height left the window,
 * the chain began anew, its attempt ended after its seed was given up, or more came than could ever be sent.
 */
export type LateReason = 'WINDOW_PASSED' | 'CHAIN_RESET' | 'SEED_ABANDONED' | 'QUEUE_FULL'

export type WorkerEvent =
  | { readonly type: 'started'; readonly address: Address; readonly matrixSize: number }
  | { readonly type: 'seeded'; readonly seedHeight: number; readonly difficultyMacs: bigint }
  | { readonly type: 'submitted'; readonly found: Found; readonly transaction: Hash }
  /** The same result again, in the place of a transaction that was stuck. */
  | { readonly type: 'replaced'; readonly nonce: number; readonly transaction: Hash; readonly maxFeePerGas: bigint }
  /** In a final block, as a leaf of its computeRoot. */
  | { readonly type: 'accepted'; readonly found: Found; readonly transaction: Hash }
  /** Refused by the node, or included and failed; `tag` says why. */
  | { readonly type: 'rejected'; readonly found: Found; readonly tag: string }
  | { readonly type: 'late'; readonly found: Found; readonly reason: LateReason }
  /** The chain did not answer or could not be understood; the worker tries again after `retryMs`. */
  | { readonly type: 'trouble'; readonly tag: string; readonly message: string; readonly retryMs: number }
  /** Another node is asked from now on. */
  | { readonly type: 'switched'; readonly url: string; readonly tag: string }
  /** Another genesis under the same chain id: everything from before is worth nothing. */
  | { readonly type: 'reset'; readonly genesisHash: Hash }
  /** One device of several has failed; the others go on. */
  | { readonly type: 'device-failed'; readonly device: string; readonly tag: string; readonly message: string }

export interface DeviceStats {
  readonly name: string
  /** Undefined until it has been measured. */
  readonly matrixSize: number | undefined
  readonly attempts: number
  readonly macs: number
  /** Over the last seconds, and since its first attempt. */
  readonly macsPerSecond: number
  readonly averageMacsPerSecond: number
  /** Code of what ended it. */
  readonly failed: string | undefined
}

export interface WorkerStats {
  /** Finished attempts and the multiply-accumulates in them, of all devices. */
  readonly attempts: number
  readonly macs: number
  readonly macsPerSecond: number
  readonly averageMacsPerSecond: number
  readonly found: number
  readonly submitted: number
  readonly accepted: number
  readonly rejected: number
  readonly late: number
  /** How many of each `tag` and `reason`. */
  readonly rejectedBy: Readonly<Record<string, number>>
  readonly lateBy: Readonly<Record<string, number>>
  /** Results sent that are in no final block yet, and results not sent yet. */
  readonly pending: number
  readonly queued: number
  readonly devices: readonly DeviceStats[]
}
