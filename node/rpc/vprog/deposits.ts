/**
 * Where the deposits of a program lie: outputs that pay its delegate script, unspent. Deposits are made in the program's lane,
 * and claims give change back; the claim that ends a bundle makes no output of the covenant, so it is found by what it spent.
 */
import { equalBytes, type Hash, hexKey } from '../../../core/bytes.ts'
import { depositSpk } from '../../../vm/settlement/delegate.ts'
import { boundOutputs, type CovenantChain, type PlacedTransaction } from './covenant-chain.ts'
import { type MadeOutput, outpointOf } from './covenant-output.ts'
import { laneTransactions } from './lane-block.ts'
import { outpointText } from './place.ts'

/** Heights of one answer: each is a block to read. */
const MAX_HEIGHTS = 64
/** Of a transaction in its block: keys of the store hold 32 bits, of this and of the next. */
const BEYOND_ANY_INDEX = 2 ** 32 - 2
/** Deposits after which an answer ends with its block. */
const MAX_DEPOSITS = 256

interface DepositPage {
  readonly deposits: MadeOutput[]
  /** Where to go on; undefined at the tip. */
  readonly next: number | undefined
}

/** By ascending height of what led to them. @param laneKey of the program */
export async function depositsFrom(
  chain: CovenantChain,
  id: Hash,
  laneKey: Hash,
  fromHeight: number,
): Promise<DepositPage> {
  const tip = chain.node.latest().height
  const before = { height: fromHeight - 1, index: BEYOND_ANY_INDEX }
  const after = fromHeight === 0 ? undefined : before
  const inLane = await chain.history.laneHeights(laneKey, fromHeight, tip, MAX_HEIGHTS)
  const ofCovenant = await chain.history.covenantTransactions(id, after, MAX_HEIGHTS)
  // What lies behind the end of a full page is for the next answer.
  const ends = [inLane.length < MAX_HEIGHTS ? tip : inLane.at(-1)!]
  if (ofCovenant.length === MAX_HEIGHTS) ends.push(ofCovenant.at(-1)!.height)
  const end = Math.min(...ends)
  const heights = [...new Set([...inLane, ...ofCovenant.map(({ height }) => height)])].filter((height) => height <= end)

  const found = new Map<string, MadeOutput>()
  for (const height of heights.sort((a, b) => a - b)) {
    for (const made of transactionsAt(chain, id, laneKey, height)) {
      for (const deposit of unspentDeposits(chain, id, made)) found.set(outpointText(outpointOf(deposit)), deposit)
    }
    if (found.size >= MAX_DEPOSITS && height < tip) return { deposits: [...found.values()], next: height + 1 }
  }
  return { deposits: [...found.values()], next: end < tip ? end + 1 : undefined }
}

/** Of the lane, of the covenant, and what ended bundles that these made. */
function transactionsAt(chain: CovenantChain, id: Hash, laneKey: Hash, height: number): PlacedTransaction[] {
  const executed = chain.node.blockByHeight(height)
  const ofLane = new Set(laneTransactions(executed, laneKey).map(({ txId }) => hexKey(txId)))
  const made: PlacedTransaction[] = []
  for (let index = 0; index < (executed?.transactions.length ?? 0); index++) {
    const placed = chain.at({ height, index })
    if (placed === undefined) continue
    const bound = boundOutputs(placed, id)
    if (bound.length > 0 || ofLane.has(hexKey(placed.txId))) made.push(placed)
    for (const output of bound) {
      const spender = chain.spenderOf({ txId: placed.txId, index: output })
      if (spender !== undefined && boundOutputs(spender, id).length === 0) made.push(spender)
    }
  }
  return made
}

function unspentDeposits(chain: CovenantChain, id: Hash, made: PlacedTransaction): MadeOutput[] {
  const { script } = depositSpk(id)
  return made.kip.outputs.flatMap(({ spk }, index) => {
    const isDeposit = spk.version === 0 && equalBytes(spk.script, script)
    return isDeposit && chain.output({ txId: made.txId, index }) !== undefined ? [{ made, index }] : []
  })
}
