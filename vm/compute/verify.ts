/**
 * Proof of Compute: is this result the lottery win that it claims to be? PROTOCOL 6.2.
 *
 * A worker multiplies two pseudo-random n x n matrices, seeded by a block hash and its own address, and hashes every
 * 16 x 16 tile of the product; a hash under the target is a result worth D multiply-accumulates. The verifier
 * recomputes that one tile: 32 rows and 256 n MACs, however much work lies behind it. The checks run from cheap to
 * dear, and nothing is drawn before the claimed hash would win.
 *
 * What it promises: an accepted result was computed for this block hash by this address, once, and luck aside stands
 * for D MACs. It proves capacity, not usefulness.
 */
import { type Address, equalBytes, type Hash } from '../../core/bytes.ts'
import { assert, fail, ok, type Result } from '../../core/errors.ts'
import type { ActionErrorCode, TileKernel } from '../execution/types.ts'
import { type ChainParams, epochOf } from '../params.ts'
import type { ComputeResult } from '../transaction/types.ts'
import { foldTile } from './fold.ts'
import { matrixKeys, TILE_SIDE } from './matrix.ts'
import type { Claim } from './nullifiers.ts'
import { computeSeed } from './seed.ts'
import { type TileRef, targetOf, taskIdOf, ticketOf, unpackNonce, wins } from './ticket.ts'

/** A seed this far below the including block is final in the ordinary case, and was not chosen by its proposer. */
const MIN_SEED_DEPTH = 2

export interface Submission {
  readonly seedHeight: number
  readonly matrixSize: number
  readonly result: ComputeResult
}

/** What the verdict depends on besides the submission. */
export interface VerifyInputs {
  /** Height of the including block. */
  readonly height: number
  readonly params: Pick<ChainParams, 'matrixSizes' | 'seedWindowBlocks' | 'epochBlocks'>
  readonly kernel: TileKernel
  /** Hash of a block of the including block's own chain; asked for heights in the seed window only. */
  blockHash(height: number): Hash | undefined
  /** D of the current epoch or the one before it. */
  difficultyMacs(epoch: number): bigint | undefined
  isClaimed(claim: Claim): boolean
}

export interface VerifiedWork {
  readonly claim: Claim
  /** D: what the result counts for. */
  readonly workMacs: bigint
}

/** Draws the tile's rows, multiplies, folds and hashes: what a worker and a verifier must agree on to the bit. */
export function ticketOfTile(kernel: TileKernel, seed: Hash, n: number, ref: TileRef): Hash {
  const { keyA, keyB } = matrixKeys(seed, n, ref.attempt)
  const side = n / TILE_SIDE
  const tile = kernel.tile(keyA, keyB, n, Math.floor(ref.tile / side), ref.tile % side)
  return ticketOf(seed, n, ref, foldTile(tile))
}

export function verifySynthetic(submission: Submission, inputs: VerifyInputs): Result<VerifiedWork, ActionErrorCode> {
  const { seedHeight, matrixSize, result } = submission
  const { height, params } = inputs
  const worker: Address = result.workerAddress

  if (!params.matrixSizes.includes(matrixSize)) {
    return fail('RESULT_MATRIX_SIZE', 'matrix size is not listed: ask poc_getWork for the sizes', { matrixSize })
  }
  const ref = unpackNonce(result.nonce, matrixSize)
  if (ref === undefined) {
    return fail('RESULT_TILE_RANGE', 'nonce names no tile: it is attempt * 2^20 + tile', { nonce: result.nonce })
  }
  if (seedHeight < height - params.seedWindowBlocks) {
    return fail('RESULT_SEED_STALE', 'seed height has left the window: work on a newer block', { seedHeight, height })
  }
  if (seedHeight > height - MIN_SEED_DEPTH) {
    return fail('RESULT_SEED_TOO_NEW', 'seed height is too recent: work on a final block', { seedHeight, height })
  }
  const claim: Claim = { worker, seedHeight, matrixSize, ...ref }
  if (inputs.isClaimed(claim)) return fail('RESULT_ALREADY_CLAIMED', 'this tile has been claimed: search on')

  const workMacs = inputs.difficultyMacs(epochOf(seedHeight, params))
  assert(workMacs !== undefined, 'no difficulty for a height in the seed window', { seedHeight })
  if (!wins(result.resultHash, targetOf(matrixSize, workMacs))) {
    return fail('RESULT_ABOVE_TARGET', 'result_hash is not under the target: the ticket lost', { matrixSize })
  }
  const blockHash = inputs.blockHash(seedHeight)
  assert(blockHash !== undefined, 'no block hash for a height in the seed window', { seedHeight })
  const seed = computeSeed(blockHash, worker)
  if (!equalBytes(result.taskId, taskIdOf(seed, matrixSize, ref.attempt))) {
    return fail('RESULT_TASK_ID', 'task_id is not the one of this seed, size and attempt')
  }
  if (!equalBytes(result.resultHash, ticketOfTile(inputs.kernel, seed, matrixSize, ref))) {
    return fail('RESULT_HASH_MISMATCH', 'recomputing the tile gives another hash: check the kernel and the seed')
  }
  return ok({ claim, workMacs })
}
