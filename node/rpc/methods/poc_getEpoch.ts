import { toHex } from '../../../core/bytes.ts'
import { type Epoch, epochs } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import type { NodeApi } from '../../api.ts'
import { requireState } from '../block-ref.ts'
import { EpochRef, firstHeightOf, lastHeightOf, readEpoch, unknownEpoch } from '../chain/epoch-ref.ts'
import { defineMethod, optional, Type } from '../method.ts'
import { DecimalString, Hash32, Integer } from '../schema.ts'

/** The newest state keeps the last few epochs; an older one stands in the state after its last block. */
function findEpoch(node: NodeApi, epoch: number): Epoch | undefined {
  const newest = readRecord(requireState(node, 'latest').state, epochs, epoch)
  if (newest !== undefined || epoch > node.latest().epoch) return newest
  return readRecord(requireState(node, lastHeightOf(epoch, node.genesis.params)).state, epochs, epoch)
}

export const poc_getEpoch = defineMethod({
  name: 'poc_getEpoch',
  summary:
    'An epoch (default: current): its heights, difficulty, verified work and the wei that its workers will share. When ' +
    'the epoch ends the pool moves to the pay-out queue, or to the next epoch when nobody worked.',
  params: [optional('epoch', EpochRef)],
  result: Type.Object(
    {
      epoch: Integer,
      first_height: Integer,
      last_height: Integer,
      difficulty: DecimalString,
      work_macs: DecimalString,
      results: Integer,
      workers: Integer,
      pool: DecimalString,
      randomness: Hash32,
    },
    { additionalProperties: false },
  ),
  example: {
    params: ['current'],
    result: {
      epoch: 1,
      first_height: 9,
      last_height: 16,
      difficulty: '4194304',
      work_macs: '4194304',
      results: 1,
      workers: 1,
      pool: '24000000000000000000',
      randomness: '0x16a09bc929a8b3550a124055835c6539b8841943dfcd6c774f5450265e7068b7',
    },
  },
  handler: ({ node }, ref = 'current') => {
    const epoch = readEpoch(node, ref)
    const record = findEpoch(node, epoch)
    if (record === undefined) throw unknownEpoch(node, epoch)
    return {
      epoch,
      first_height: firstHeightOf(epoch, node.genesis.params),
      last_height: lastHeightOf(epoch, node.genesis.params),
      difficulty: record.difficultyMacs.toString(),
      work_macs: record.workMacs.toString(),
      results: record.results,
      workers: record.workers,
      pool: record.poolWei.toString(),
      randomness: toHex(record.randomness),
    }
  },
})
