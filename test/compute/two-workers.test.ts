/**
 * Two workers on one chain, one throttled to a third of the other's attempts, over 20 epochs: what they are paid is their
 * verified work to the wei, and their verified work is what they computed, within the luck of the draw.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAST_PARAMS } from '../../consensus/testing/chain.ts'
import { equalBytes } from '../../core/bytes.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { epochOf } from '../../vm/params.ts'
import { epochs, workers } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { Player } from './player.ts'
import { SteppedCluster } from './stepped-cluster.ts'

const EPOCHS = 20
/** Small attempts, so that one block's work is as fine as difficulty's floor needs it: 8 * 128^3 MACs = 4 * 2^22. */
const MATRIX_SIZE = 128
const ATTEMPTS = { fast: 6, throttled: 2 }
const PARAMS = { ...FAST_PARAMS, epochBlocks: 6, seedWindowBlocks: 3, matrixSizes: [MATRIX_SIZE] }
const BLOCKS = EPOCHS * PARAMS.epochBlocks

let cluster: SteppedCluster
let fast: Player
let throttled: Player

beforeAll(async () => {
  cluster = new SteppedCluster(2, PARAMS)
  await cluster.start()
  fast = new Player(cluster, 2, MATRIX_SIZE)
  throttled = new Player(cluster, 3, MATRIX_SIZE)
  // Block 1 has no seed that it may include results of.
  await cluster.nextBlock()
  while (cluster.height < BLOCKS) {
    await fast.play(ATTEMPTS.fast)
    await throttled.play(ATTEMPTS.throttled)
    await cluster.nextBlock()
  }
  // The last epoch is paid in the next one's first block.
  await cluster.nextBlock()
}, 60_000)
afterAll(() => cluster.stop())

/** Verified work by epoch, from the blocks alone. */
function workByEpoch(player: Player): bigint[] {
  const work = Array<bigint>(EPOCHS).fill(0n)
  for (let height = 1; height <= BLOCKS; height++) {
    const { transactions, receipts } = cluster.node.blockByHeight(height)!
    for (const [i, { action, from }] of transactions.entries()) {
      if (action.kind !== 'SUBMIT_RESULT' || receipts[i]!.status !== 1) continue
      if (!equalBytes(from, player.account.address)) continue
      // The difficulty of the seed, as a header of its epoch names it.
      const seeded = epochOf(action.seedHeight, PARAMS) * PARAMS.epochBlocks + 1
      work[epochOf(height, PARAMS)]! += cluster.node.blockByHeight(seeded)!.block.header.difficulty
    }
  }
  return work
}

/** Wei paid for each epoch: in the first block of the next. */
function paidByEpoch({ account }: Player): bigint[] {
  const paidAt = (height: number) => readRecord(cluster.node.stateAt(height)!, workers, account.address)?.paidWei ?? 0n
  return Array.from({ length: EPOCHS }, (_, epoch) => {
    const last = (epoch + 1) * PARAMS.epochBlocks
    return paidAt(last + 1) - paidAt(last)
  })
}

/** What a division left over, at the beginning of an epoch. */
const leftAfter = (epoch: number): bigint =>
  readRecord(cluster.node.stateAt((epoch + 1) * PARAMS.epochBlocks)!, epochs, epoch + 1)!.poolWei

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)

describe('two workers, one throttled to a third', () => {
  it('are paid for verified work exactly, epoch by epoch, less remainders', () => {
    const work = [workByEpoch(fast), workByEpoch(throttled)] as const
    const paid = [paidByEpoch(fast), paidByEpoch(throttled)] as const
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const total = work[0][epoch]! + work[1][epoch]!
      const leftWei = leftAfter(epoch)
      const poolWei = paid[0][epoch]! + paid[1][epoch]! + leftWei
      for (const i of [0, 1] as const) expect(paid[i][epoch]).toBe((poolWei * work[i][epoch]!) / total)
      expect(leftWei).toBeLessThan(2n)
    }
    // 6,000 basis points of 10 CPC for each block, and nothing of it anywhere else.
    const pools = BigInt(BLOCKS) * 6n * WEI_PER_CPC
    expect(sum(paid[0]) + sum(paid[1]) + leftAfter(EPOCHS - 1)).toBe(pools)
  })

  it('have proved what they computed, within three standard errors', () => {
    for (const player of [fast, throttled]) {
      const verified = Number(sum(workByEpoch(player)))
      const standardError = Math.sqrt(player.varianceMacs2)
      expect(Math.abs(verified - player.doneMacs)).toBeLessThan(3 * standardError)
      expect(standardError / player.doneMacs).toBeLessThan(0.1)
    }
    expect(fast.doneMacs).toBe(3 * throttled.doneMacs)
  })

  it('saw the difficulty move, and every node has the same chain', () => {
    const difficulties = Array.from(
      { length: EPOCHS },
      (_, epoch) => cluster.node.blockByHeight(epoch * PARAMS.epochBlocks + 1)!.block.header.difficulty,
    )
    expect(new Set(difficulties).size).toBeGreaterThan(EPOCHS / 4)
    const tips = cluster.nodes.map((node) => node.blockByHeight(BLOCKS)!.block.hash)
    for (const tip of tips) expect(tip).toEqual(tips[0])
  })
})
