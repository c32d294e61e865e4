import { setImmediate } from 'node:timers/promises'
import { nextBaseFee } from '../../../vm/fees.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'
import { requireBlock } from '../block-ref.ts'
import { invalidParams } from '../errors.ts'
import { rewardPercentiles } from '../ethereum/fees.ts'
import { defineMethod, optional, required, Type } from '../method.ts'
import { BlockRef, NumberParam, Quantity, quantity, readNumber } from '../schema.ts'

/** Fee estimates look at 10 to 40 blocks; each one is read and sorted whole. */
export const MAX_HISTORY_BLOCKS = 256
/** Blocks read before others get their turn on the event loop. */
const BLOCKS_PER_TURN = 8

const Percentiles = Type.Array(Type.Number({ minimum: 0, maximum: 100 }), {
  maxItems: 100,
  description: 'at most 100 percentiles from 0 to 100',
})

/** Heights `oldest`..`newest`, lowest first. */
async function readBlocks(node: NodeApi, oldest: number, newest: ExecutedBlock): Promise<ExecutedBlock[]> {
  const blocks: ExecutedBlock[] = []
  for (let height = oldest; height < newest.block.header.height; height++) {
    blocks.push(requireBlock(node, height))
    if (blocks.length % BLOCKS_PER_TURN === 0) await setImmediate()
  }
  return [...blocks, newest]
}

export const eth_feeHistory = defineMethod({
  name: 'eth_feeHistory',
  summary: `Base fees, fullness and, on request, priority-fee percentiles of up to ${MAX_HISTORY_BLOCKS} blocks.`,
  params: [
    required('blockCount', NumberParam),
    required('newestBlock', BlockRef),
    optional('rewardPercentiles', Percentiles),
  ],
  result: Type.Object({
    oldestBlock: Quantity,
    baseFeePerGas: Type.Array(Quantity, { description: 'one more than blocks: the last is that of the block after' }),
    gasUsedRatio: Type.Array(Type.Number({ minimum: 0, maximum: 1 })),
    reward: Type.Optional(Type.Array(Type.Array(Quantity))),
  }),
  example: {
    params: ['0x1', 'latest', [50]],
    result: { oldestBlock: '0x4', baseFeePerGas: ['0x3e8', '0x3e8'], gasUsedRatio: [0.0001], reward: [['0x7d0']] },
  },
  handler: async ({ node }, blockCount, newestBlock, percentiles) => {
    const asked = readNumber(blockCount, 'blockCount')
    if (asked === 0) throw invalidParams('parameter "blockCount": must be at least 1')
    if (percentiles?.some((p, i) => i > 0 && p < percentiles[i - 1]!)) {
      throw invalidParams('parameter "rewardPercentiles": must be ascending')
    }
    const newest = requireBlock(node, newestBlock)
    const { header } = newest.block
    // Fewer blocks than asked for are an answer, which says where it begins.
    const oldest = Math.max(node.holdings().blocksFrom, header.height - Math.min(asked, MAX_HISTORY_BLOCKS) + 1)
    const blocks = await readBlocks(node, oldest, newest)
    const headers = blocks.map(({ block }) => block.header)
    const next = nextBaseFee(header, node.genesis.params.baseFeeFloorWei)
    return {
      oldestBlock: quantity(oldest),
      baseFeePerGas: [...headers.map((h) => quantity(h.baseFeePerGas)), quantity(next)],
      gasUsedRatio: headers.map((h) => h.gasUsed / h.gasLimit),
      ...(percentiles === undefined || percentiles.length === 0
        ? {}
        : { reward: blocks.map((executed) => rewardPercentiles(executed, percentiles).map(quantity)) }),
    }
  },
})
