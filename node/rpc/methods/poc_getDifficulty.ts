import { epochs } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import type { NodeApi } from '../../api.ts'
import { blockAt, requireState } from '../block-ref.ts'
import { EpochRef, firstHeightOf, readEpoch, unknownEpoch } from '../chain/epoch-ref.ts'
import { EXAMPLE_TARGETS, Targets, targetsJson } from '../chain/targets.ts'
import { defineMethod, optional, Type } from '../method.ts'
import { DecimalString, Integer } from '../schema.ts'

/** The state forgets old epochs, but every header names the difficulty of its own. */
const difficultyOf = (node: NodeApi, epoch: number): bigint | undefined =>
  readRecord(requireState(node, 'latest').state, epochs, epoch)?.difficultyMacs ??
  blockAt(node, firstHeightOf(epoch, node.genesis.params))?.block.header.difficulty

export const poc_getDifficulty = defineMethod({
  name: 'poc_getDifficulty',
  summary:
    'Difficulty of an epoch (default: current): the expected multiply-accumulates behind one result seeded by a block of ' +
    'that epoch, and the target that a ticket must be below for each matrix size.',
  params: [optional('epoch', EpochRef)],
  result: Type.Object(
    {
      epoch: Integer,
      difficulty: DecimalString,
      targets: Targets,
      target_results_per_block: Integer,
    },
    { additionalProperties: false },
  ),
  example: {
    params: ['current'],
    result: {
      epoch: 1,
      difficulty: '4194304',
      targets: EXAMPLE_TARGETS,
      target_results_per_block: 4,
    },
  },
  handler: ({ node }, ref = 'current') => {
    const epoch = readEpoch(node, ref)
    const difficulty = difficultyOf(node, epoch)
    if (difficulty === undefined) throw unknownEpoch(node, epoch)
    const { matrixSizes, targetResultsPerBlock } = node.genesis.params
    return {
      epoch,
      difficulty: difficulty.toString(),
      targets: targetsJson(matrixSizes, difficulty),
      target_results_per_block: targetResultsPerBlock,
    }
  },
})
