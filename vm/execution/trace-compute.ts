/** What the checks of one SUBMIT_RESULT saw: seed, tile, ticket, target, and the check that decided. PROTOCOL 6.2. */
import type { Hash } from '../../core/bytes.ts'
import { computeSeed } from '../compute/seed.ts'
import { type TileRef, targetOf, taskIdOf, unpackNonce } from '../compute/ticket.ts'
import { ticketOfTile } from '../compute/verify.ts'
import { epochOf } from '../params.ts'
import { epochs, recentBlocks } from '../state/tables.ts'
import { readRecord, type StateReader } from '../state/view.ts'
import type { Action } from '../transaction/types.ts'
import type { ActionErrorCode, ExecutionRules } from './types.ts'

/** In the order in which they are made; each with the code that a result fails with. */
const CHECKS = [
  ['challenge', 'RESULT_CHALLENGE_UNKNOWN'],
  ['worker', 'RESULT_WORKER_NOT_SENDER'],
  ['fields', 'RESULT_FIELDS_UNEXPECTED'],
  ['matrix_size', 'RESULT_MATRIX_SIZE'],
  ['tile', 'RESULT_TILE_RANGE'],
  ['seed_fresh', 'RESULT_SEED_STALE'],
  ['seed_deep', 'RESULT_SEED_TOO_NEW'],
  ['unclaimed', 'RESULT_ALREADY_CLAIMED'],
  ['target', 'RESULT_ABOVE_TARGET'],
  ['task_id', 'RESULT_TASK_ID'],
  ['ticket', 'RESULT_HASH_MISMATCH'],
] as const satisfies readonly (readonly [string, ActionErrorCode])[]

export interface ComputeCheck {
  readonly check: (typeof CHECKS)[number][0]
  readonly passed: boolean
}

/** Undefined where the submission names nothing that there is. */
export interface ComputeTrace {
  readonly tile: TileRef | undefined
  readonly seed: Hash | undefined
  readonly taskId: Uint8Array | undefined
  readonly difficultyMacs: bigint | undefined
  /** A ticket wins below it. */
  readonly target: bigint | undefined
  /** Recomputed; the claimed one is the result's hash. */
  readonly ticket: Hash | undefined
  /** Up to the one that failed. */
  readonly checks: readonly ComputeCheck[]
}

/** @param error of the transaction's receipt */
function checksMade(error: ActionErrorCode | undefined): ComputeCheck[] {
  const failed = CHECKS.findIndex(([, code]) => code === error)
  const made = failed < 0 ? CHECKS : CHECKS.slice(0, failed + 1)
  return made.map(([check, code]) => ({ check, passed: code !== error }))
}

/** @param state that the block stands on: it knows every height of the seed window */
export function traceCompute(
  action: Extract<Action, { readonly kind: 'SUBMIT_RESULT' }>,
  error: ActionErrorCode | undefined,
  state: StateReader,
  { params, kernel }: Pick<ExecutionRules, 'params' | 'kernel'>,
): ComputeTrace {
  const { matrixSize, seedHeight, result } = action
  const isListed = params.matrixSizes.includes(matrixSize)
  const tile = isListed ? unpackNonce(result.nonce, matrixSize) : undefined
  const blockHash = readRecord(state, recentBlocks, seedHeight)?.hash
  const difficultyMacs = readRecord(state, epochs, epochOf(seedHeight, params))?.difficultyMacs
  const seed = blockHash && computeSeed(blockHash, result.workerAddress)
  const isPlaced = seed !== undefined && tile !== undefined
  return {
    tile,
    seed,
    difficultyMacs,
    taskId: isPlaced ? taskIdOf(seed, matrixSize, tile.attempt) : undefined,
    target: isListed && difficultyMacs !== undefined ? targetOf(matrixSize, difficultyMacs) : undefined,
    ticket: isPlaced ? ticketOfTile(kernel, seed, matrixSize, tile) : undefined,
    checks: checksMade(error),
  }
}
