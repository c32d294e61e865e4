/** What to pay for the next blocks, from what the last ones were paid. Amounts are wei per gas. */
import { type Hash, hexKey } from '../../../core/bytes.ts'
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

interface Sample {
  readonly tips: readonly bigint[]
  readonly parentHash: Hash
}

/** Samples by block hash, oldest first: wallets ask before every transaction, and blocks hold thousands of them. */
const samples = new WeakMap<NodeApi, Map<string, Sample>>()
const MAX_SAMPLES = 2 * SAMPLE_BLOCKS

function sampleOf(node: NodeApi, hash: Hash): Sample | undefined {
  const known = samples.get(node) ?? new Map<string, Sample>()
  samples.set(node, known)
  const id = hexKey(hash)
  const found = known.get(id)
  if (found !== undefined) return found
  const executed = node.blockByHash(hash)
  if (executed === undefined) return undefined
  const tips = tipsOf(executed).sort(ascending).slice(0, SAMPLES_PER_BLOCK)
  const sample = { tips, parentHash: executed.block.header.parentHash }
  known.set(id, sample)
  for (const oldest of known.keys()) if (known.size > MAX_SAMPLES) known.delete(oldest)
  return sample
}

/**
 * The 60th percentile of the lowest tips in the last 20 blocks, and never less than the network's least base fee: while
 * blocks have room any tip will do, but none at all says nothing when they are full.
 */
export function suggestedPriorityFee(node: NodeApi): bigint {
  const tips: bigint[] = []
  let hash = node.latest().hash
  for (let i = 0; i < SAMPLE_BLOCKS; i++) {
    const sample = sampleOf(node, hash)
    if (sample === undefined) break
    tips.push(...sample.tips)
    hash = sample.parentHash
  }
  tips.sort(ascending)
  const suggestion = tips[Math.floor((SAMPLE_PERCENTILE * Math.max(0, tips.length - 1)) / 100)] ?? 0n
  const least = node.genesis.params.baseFeeFloorWei
  const capped = suggestion < MAX_SUGGESTION_WEI ? suggestion : MAX_SUGGESTION_WEI
  return capped > least ? capped : least
}

/** Twice the next base fee outlasts five full blocks in a row (1.125^5 < 2). */
export const suggestedMaxFee = (node: NodeApi, priorityFeeWei: bigint): bigint =>
  2n * node.nextBaseFee() + priorityFeeWei

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
