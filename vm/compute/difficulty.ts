/** The retarget at each epoch's end. PROTOCOL 6.2. */
import { type ChainParams, DIFFICULTY_FLOOR_MACS } from '../params.ts'

/** How far one retarget may move D: by a factor of four either way, so one odd epoch cannot throw it far. */
const MAX_STEP = 4n

export interface EpochWork {
  readonly difficultyMacs: bigint
  /** Sum of D over the results credited to the epoch, each at the D of its own seed height. */
  readonly workMacs: bigint
  readonly params: Pick<ChainParams, 'targetResultsPerBlock' | 'epochBlocks'>
}

/**
 * D' = work / (targetResultsPerBlock * epochBlocks), clamped to [D/4, 4D] and to the floor. An epoch without results
 * therefore goes to D/4.
 */
export function retarget({ difficultyMacs, workMacs, params }: EpochWork): bigint {
  const wanted = workMacs / BigInt(params.targetResultsPerBlock * params.epochBlocks)
  const least = difficultyMacs / MAX_STEP
  const most = difficultyMacs * MAX_STEP
  const clamped = wanted < least ? least : wanted > most ? most : wanted
  return clamped < DIFFICULTY_FLOOR_MACS ? DIFFICULTY_FLOOR_MACS : clamped
}
