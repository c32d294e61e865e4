/** What to pay for the next blocks, from what the last ones were paid. Amounts are wei per gas. */
import { priorityFee } from '../../../vm/fees.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'

/** As many recent blocks as geth looks at. */
const SAMPLE_BLOCKS = 20
/** The cheapest few of a block tell what it takes to get in; one sender's overbid tells nothing. */
const SAMPLES_PER_BLOCK = 3
const SAMPLE_PERCENTILE = 60
/** No suggestion ever goes above this, whatever somebody paid: 500 gwei, geth's limit. */
const MAX_SUGGESTION_WEI = 500_000_000_000n

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

const tipsOf = ({ block, transactions }: ExecutedBlock): bigint[] =>
  transactions.map((transaction) => priorityFee(transaction, block.header.baseFeePerGas))

/**
 * The 60th percentile of the lowest tips in the last 20 blocks, and never less than the network's least base fee: while
 * blocks have room any tip will do, but none at all says nothing when they are full.
 */
export function suggestedPriorityFee(node: NodeApi): bigint {
  const { height } = node.latest()
  const samples: bigint[] = []
  for (let h = height; h > Math.max(0, height - SAMPLE_BLOCKS); h--) {
    const executed = node.blockByHeight(h)
    if (executed !== undefined) samples.push(...tipsOf(executed).sort(ascending).slice(0, SAMPLES_PER_BLOCK))
  }
  samples.sort(ascending)
  const sample = samples[Math.floor((SAMPLE_PERCENTILE * Math.max(0, samples.length - 1)) / 100)] ?? 0n
  const least = node.genesis.params.baseFeeFloorWei
  const capped = sample < MAX_SUGGESTION_WEI ? sample : MAX_SUGGESTION_WEI
  return capped > least ? capped : least
}

/** Twice the next base fee outlasts five full blocks in a row (1.125^5 < 2). */
export const suggestedMaxFee = (node: NodeApi, priorityFeeWei: bigint): bigint => 2n * node.nextBaseFee() + priorityFeeWei

/**
 * The tips at these percentiles of a block's gas, ascending; zeros for an empty block (execution-apis, `eth_feeHistory`).
 * @param percentiles 0 to 100, ascending
 */
export function rewardPercentiles(executed: ExecutedBlock, percentiles: readonly number[]): bigint[] {
  const { receipts, block } = executed
  const tips = tipsOf(executed)
  const paid = tips
    .map((tip, i) => ({ tip, gas: receipts[i]!.gasUsed + receipts[i]!.gramUsed }))
    .sort((a, b) => ascending(a.tip, b.tip))
  const total = block.header.gasUsed + block.header.gramUsed
  let index = 0
  let gas = paid[0]?.gas ?? 0
  return percentiles.map((percentile) => {
    while (index < paid.length - 1 && gas < (total * percentile) / 100) {
      index++
      gas += paid[index]!.gas
    }
    return paid[index]?.tip ?? 0n
  })
}
