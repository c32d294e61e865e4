/**
 * Compute backends: what plays the tile lottery of PROTOCOL 6.2 on whatever hardware there is.
 *
 * A backend takes one attempt (two n x n int8 matrices, their product, a ticket for each 16 x 16 tile) and answers with
 * the tiles that win. Every backend gives the same answer to the bit; they differ in speed alone. `reference.ts` is the
 * plain TypeScript one, `threaded.ts` runs it off the main thread, `wasm/` is the fast one on processors, `webgpu/` the one
 * on graphics cards, `choose.ts` finds out which is best here, and `worker.ts` is the loop that turns winning tiles into
 * paid results.
 */
import type { Hash } from '../core/bytes.ts'

/** One lottery: the same for every attempt until the worker moves to another block. */
export interface LotteryJob {
  /** sha256(blockHash || workerAddress). */
  readonly seed: Hash
  /** Matrix size n. */
  readonly n: number
  /** T(n): a ticket below it wins. */
  readonly target: bigint
}

export interface TileWin {
  readonly tile: number
  /** The result_hash. */
  readonly ticket: Hash
}

export interface LotteryBackend {
  readonly name: string
  /**
   * Plays attempt `attempt` (a u32): n^3 multiply-accumulates and (n / 16)^2 tickets. One attempt at a time.
   * @returns the winning tiles, ascending
   * @throws the signal's reason once `signal` is aborted, well within 200 ms: a worker stops at once for its user
   */
  attempt(job: LotteryJob, attempt: number, signal?: AbortSignal): Promise<readonly TileWin[]>
  /**
   * Says which attempt will be asked for next, so that a device begins it as soon as it has done with the one that runs.
   * Asking for another one after all is allowed, and what was begun is dropped; so it is when the running attempt is
   * aborted. Backends without it have nothing to gain.
   */
  prefetch?(job: LotteryJob, attempt: number): void
  /** Frees the hardware. The backend is of no use afterwards. */
  close(): Promise<void>
}
