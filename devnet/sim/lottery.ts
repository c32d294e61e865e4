/** A worker of a run: plays the lottery as the chain checks it, on a final block deep enough for the next block to take. */
import { hexKey } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { computeSeed } from '../../vm/compute/seed.ts'
import { packNonce, targetOf, taskIdOf, tileCount, wins } from '../../vm/compute/ticket.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import type { TileKernel } from '../../vm/execution/types.ts'
import { type ChainParams, epochOf } from '../../vm/params.ts'
import { epochs } from '../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../vm/state/view.ts'
import type { Action } from '../../vm/transaction/types.ts'
import type { SimKey } from './keys.ts'

const MATRIX_SIZE = 256
/** At the least difficulty one tile in 64 wins: of 1,024, none does once in ten million times. */
const MAX_TILES = 1_024
/** Blocks between a seed and the block that takes its result, at least (PROTOCOL 6.1): the seed must have become final. */
const SEED_DEPTH = 2

export interface Lottery {
  readonly params: ChainParams
  readonly kernel: TileKernel
  readonly random: Random
  /** By seed: tiles that were looked at, so that nobody claims one twice. */
  readonly searched: Map<string, number>
}

/** A winning result of this worker; undefined where no final block is deep enough yet. */
export function winOne(lottery: Lottery, node: ChainNode, state: StateReader, worker: SimKey): Action | undefined {
  const { params, kernel, random, searched } = lottery
  // Now and then one block older than it could be; where blocks are slow to become final, it is older anyway.
  const deepest = node.latest().height + 1 - SEED_DEPTH - random.below(2)
  const seedHeight = Math.min(node.finalized().height, deepest)
  if (seedHeight <= 0) return undefined
  const block = node.blockByHeight(seedHeight)?.block
  const difficulty = readRecord(state, epochs, epochOf(seedHeight, params))?.difficultyMacs
  if (block === undefined || difficulty === undefined) return undefined
  const seed = computeSeed(block.hash, worker.address)
  const target = targetOf(MATRIX_SIZE, difficulty)
  const id = hexKey(seed)
  const tiles = tileCount(MATRIX_SIZE)
  for (let index = searched.get(id) ?? 0; index < MAX_TILES; index++) {
    const ref = { attempt: Math.floor(index / tiles), tile: index % tiles }
    const resultHash = ticketOfTile(kernel, seed, MATRIX_SIZE, ref)
    if (!wins(resultHash, target)) continue
    searched.set(id, index + 1)
    const result = {
      taskId: taskIdOf(seed, MATRIX_SIZE, ref.attempt),
      workerAddress: worker.address,
      resultHash,
      proof: undefined,
      nonce: packNonce(ref),
      signature: undefined,
    }
    return { kind: 'SUBMIT_RESULT', challengeType: 'synthetic', seedHeight, matrixSize: MATRIX_SIZE, result }
  }
  return undefined
}
