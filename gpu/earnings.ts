/**
 * What a worker earns, and may expect to. PROTOCOL 7: the workers' share of each block's emission fills the epoch's pool,
 * and at the epoch's end each worker gets pool * work / total work. Estimates for people: doubles will do.
 */
import { WEI_PER_CPC } from '../core/units.ts'
import type { ChainFacts } from './facts.ts'

type Facts = Pick<ChainFacts, 'height' | 'blockMs' | 'epoch' | 'params' | 'paidWei' | 'epochWorkMacs'>

const MS_PER_HOUR = 3_600_000
/** Less time says nothing about an hour. */
const LEAST_ELAPSED_MS = 30_000
/** Fewer say little about how much work the others do: then the difficulty is asked, which is the last epoch's answer. */
const ENOUGH_RESULTS = 16

/** For people: of large amounts the last digits are lost. */
export const inCpc = (wei: bigint | number): number => Number(wei) / Number(WEI_PER_CPC)

/** Blocks of this epoch so far, at least one. */
const blocksDone = ({ height, epoch }: Facts): number => Math.max(1, height - epoch.firstHeight + 1)

/** What the epoch's pool will be when it ends, in CPC, if the emission is all that comes in. */
function finalPoolCpc({ height, epoch, params }: Facts): number {
  const emissionWei = params.emissionWei >> BigInt(Math.floor(height / Math.max(1, params.halvingBlocks)))
  const perBlock = (Number(emissionWei) * params.workerShareBps) / 10_000
  const left = Math.max(0, epoch.lastHeight - height)
  // The last block has taken the pool away to be paid; the next epoch's will be much the same.
  if (left === 0) return inCpc(perBlock * params.epochBlocks)
  return inCpc(Number(epoch.poolWei) + perBlock * left)
}

/** MACs a block that others do: by this epoch's verified work, or by the difficulty, which aims at so many results. */
function othersMacsPerBlock(facts: Facts): number {
  const { epoch, params, epochWorkMacs } = facts
  if (epoch.results >= ENOUGH_RESULTS) return Number(epoch.workMacs - epochWorkMacs) / blocksDone(facts)
  return Number(epoch.difficultyMacs) * params.targetResultsPerBlock
}

/**
 * @param macsPerSecond what the worker multiplies
 * @returns CPC an hour before fees, at this epoch's pool, block time and competition; undefined while the block time is
 *   unknown
 */
export function expectedCpcPerHour(facts: Facts, macsPerSecond: number): number | undefined {
  const { blockMs, params } = facts
  if (!(blockMs > 0) || params.epochBlocks === 0) return undefined
  const mine = (macsPerSecond * blockMs) / 1_000
  if (mine === 0) return 0
  const share = mine / (mine + Math.max(0, othersMacsPerBlock(facts)))
  const epochsPerHour = MS_PER_HOUR / (blockMs * params.epochBlocks)
  return share * finalPoolCpc(facts) * epochsPerHour
}

/** Expected results an hour at this difficulty, whatever the others do. */
export const expectedResultsPerHour = ({ epoch }: Facts, macsPerSecond: number): number =>
  (macsPerSecond * 3_600) / Math.max(1, Number(epoch.difficultyMacs))

/** Part of the epoch's verified work that is this worker's, 0 to 1; undefined while there is none. */
export const workShare = ({ epoch, epochWorkMacs }: Facts): number | undefined =>
  epoch.workMacs === 0n ? undefined : Number((epochWorkMacs * 1_000_000n) / epoch.workMacs) / 1_000_000

/** This worker's part of the pool if the epoch ended now. It is not paid, and others' results make it smaller. */
export const accruingWei = ({ epoch, epochWorkMacs }: Facts): bigint =>
  epoch.workMacs === 0n ? 0n : (epoch.poolWei * epochWorkMacs) / epoch.workMacs

/** The pool is shared by the block after the epoch's last. */
export const blocksToPayday = ({ height, epoch }: Facts): number => Math.max(0, epoch.lastHeight + 1 - height)

/** Paid to this address by the chain, and accruing, when the worker began. */
export interface Baseline {
  readonly paidWei: bigint
  readonly accruingWei: bigint
}

export const baselineOf = (facts: Facts): Baseline => ({ paidWei: facts.paidWei, accruingWei: accruingWei(facts) })

/** Paid and accruing since then; never below zero, which others' results within the epoch could make of it. */
export function earnedWei(since: Baseline, facts: Facts): bigint {
  const earned = facts.paidWei - since.paidWei + accruingWei(facts) - since.accruingWei
  return earned > 0n ? earned : 0n
}

/** CPC an hour; undefined for less than LEAST_ELAPSED_MS. */
export function cpcPerHour(wei: bigint, elapsedMs: number): number | undefined {
  if (elapsedMs < LEAST_ELAPSED_MS) return undefined
  return inCpc(wei) * (MS_PER_HOUR / elapsedMs)
}
