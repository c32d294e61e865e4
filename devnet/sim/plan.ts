/**
 * What a run is up against, drawn from its seed. Not only the faults are drawn but their kinds and rates (swarm testing): a run
 * that meets nothing but clogged links finds what a little of everything never does.
 */

import { toHex } from '../../core/bytes.ts'
import { type Random, randomStream } from '../../core/random.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { type ChainParams, DIFFICULTY_FLOOR_MACS, PRESETS } from '../../vm/params.ts'
import { developmentKeyOf } from '../../vm/zk/development.ts'
import { MISDEEDS, type Misdeed } from './actors/index.ts'
import type { ClockError } from './clock.ts'
import type { DiskTempo } from './disk.ts'
import { PROOF_SECRET } from './keys.ts'
import type { LinkFaults } from './network.ts'
import { drawSize } from './size.ts'

export type PartitionShape = 'halves' | 'one alone' | 'one way' | 'scattered'

export interface Plan {
  readonly seed: number
  readonly params: ChainParams
  /** Height from which on blocks may hold lanes and covenants. */
  readonly vprogsFrom: number
  /** Transactions of lanes and covenants that users send, while no more are wanted. */
  readonly vprogsPerBlock: number
  /** Genesis stakes: of validator i, who has key i. */
  readonly stakesWei: readonly bigint[]
  /** Smallest amount that is worth moving: a single wei in some runs, where a quorum ends between two validators. */
  readonly unitWei: bigint
  /** Whether one more validator stakes its way in. It is honest. */
  readonly hasJoiner: boolean
  readonly followers: number
  /** By validator. Less than a third of the power in every epoch, together with `outside` and `diskLosses`. */
  readonly byzantine: ReadonlyMap<number, Misdeed>
  /** Honest validators whose faults go on after the heal. */
  readonly outside: ReadonlySet<number>
  /**
   * Honest validators whose machine loses its disk, and after how many own votes. They are of the minority too: what bars them
   * from signing again lasts for views that the others must get through without them.
   */
  readonly diskLosses: ReadonlyMap<number, number>
  /** Views that a signing record reserves at a time. */
  readonly reservedViews: number
  readonly links: LinkFaults
  readonly disk: DiskTempo
  /** Clocks by machine: validators, joiner, followers. Those of byzantine ones matter as little as any other's. */
  readonly clocks: readonly ClockError[]
  /** Mean time between two events of a kind, in milliseconds; undefined: none in this run. */
  readonly crashEveryMs: number | undefined
  /** A crashed machine is down for up to this long. */
  readonly maxDownMs: number
  readonly partitionEveryMs: number | undefined
  readonly maxPartitionMs: number
  readonly partitionShapes: readonly PartitionShape[]
  readonly clogEveryMs: number | undefined
  readonly maxClogMs: number
  readonly transactionEveryMs: number
  /** Views that honest validators have entered when the faults end. */
  readonly healAtViews: number
}

/** A run ends only after this many views, epoch edges, and blocks that all of the healed machines finalised. */
export const MIN_VIEWS = 50
export const MIN_EPOCH_EDGES = 2
export const HEALED_BLOCKS = 4

/** Whether a validator may fail after the heal: the others are a quorum, and stake goes to them alone. */
export const faultyIn = ({ byzantine, outside, diskLosses }: Plan, index: number): boolean =>
  byzantine.has(index) || outside.has(index) || diskLosses.has(index)

const NO_FAULTS: LinkFaults = { loss: 0, duplicates: 0, minDelayMs: 1, maxDelayMs: 20, stragglers: 0 }

/** Most runs end above it. */
const MAX_VPROGS_FROM = 30

/** Lanes and covenants: from the start, from soon after, or from any height that most runs reach. */
const drawVprogs = (random: Random) => ({
  vprogsFrom: random.pick([0, random.between(1, 12), random.between(1, MAX_VPROGS_FROM)]),
  vprogParams: {
    // From as small as seeds allow: lanes fall idle, and return, within a run.
    laneWindowBlocks: random.pick([8, 12, 30]),
    maxLanesPerBlock: random.pick([2, 3, 16]),
    devProofKey: toHex(developmentKeyOf(PROOF_SECRET)),
  },
  vprogsPerBlock: random.pick([0.1, 0.4, 1]),
})

function drawParams(random: Random, unitWei: bigint, canJail: boolean): ChainParams {
  const epochBlocks = random.pick([8, 8, 10, 12])
  return {
    ...PRESETS.devnet,
    blockIntervalMs: random.pick([60, 120, 240]),
    networkDelayMs: random.pick([150, 250, 400]),
    maxClockDriftMs: random.pick([20, 200, 500]),
    epochBlocks,
    seedWindowBlocks: epochBlocks / 2,
    genesisDifficultyMacs: DIFFICULTY_FLOOR_MACS,
    minStakeWei: unitWei,
    // Half a unit is what users move at least.
    minDelegationWei: unitWei === 1n ? 1n : unitWei / 2n,
    // Otherwise an outage that we made could send honest validators to jail until the byzantine are a third.
    missedViewsMin: canJail ? 3 : 1_000_000,
    slashEquivocationBps: random.pick([500, 5_000, 10_000]),
  }
}

/** Some of `candidates`, with `taken` less than a third of `total`, at most `most` of them. */
function drawMinority(random: Random, stakesWei: readonly bigint[], taken: Set<number>, most: number): number[] {
  const totalWei = stakesWei.reduce((sum, wei) => sum + wei, 0n)
  let takenWei = [...taken].reduce((sum, i) => sum + stakesWei[i]!, 0n)
  const drawn: number[] = []
  for (const i of random.sample([...stakesWei.keys()], stakesWei.length)) {
    if (drawn.length >= most || taken.has(i)) continue
    if ((takenWei + stakesWei[i]!) * 3n >= totalWei) continue
    takenWei += stakesWei[i]!
    taken.add(i)
    drawn.push(i)
  }
  return drawn
}

function drawLinks(random: Random, networkDelayMs: number): LinkFaults {
  if (random.chance(0.1)) return NO_FAULTS
  return {
    loss: random.chance(0.35) ? 0 : random.next() * 0.3,
    duplicates: random.chance(0.5) ? 0 : random.next() * 0.3,
    minDelayMs: 1,
    maxDelayMs: Math.ceil(networkDelayMs * random.pick([0.1, 0.3, 0.6, 1.2])),
    stragglers: random.chance(0.6) ? 0 : random.next() * 0.05,
  }
}

/** Most clocks are within the allowed drift; some runs have one or several that are far beyond it. */
function drawClock(random: Random, maxClockDriftMs: number, isWild: boolean): ClockError {
  const reachMs = isWild && random.chance(0.3) ? 8 * maxClockDriftMs + 500 : maxClockDriftMs / 2
  return {
    skewMs: Math.round((2 * random.next() - 1) * reachMs),
    driftPpm: isWild ? random.between(-20_000, 20_000) : random.between(-200, 200),
  }
}

/** @param size validators at genesis; drawn where it is not given */
export function drawPlan(seed: number, size?: number): Plan {
  const random = randomStream(seed, 'plan')
  const drawn = drawSize(random)
  const validators = size ?? drawn
  const unitWei = random.chance(0.4) ? 1n : 1_000n * WEI_PER_CPC
  const isEqual = random.chance(0.6)
  const stakesWei = Array.from({ length: validators }, () => unitWei * BigInt(isEqual ? 1 : random.between(1, 4)))
  const taken = new Set<number>()
  // First, for where the byzantine take all that may fail, there is no room for it.
  const losers = random.chance(0.2) ? drawMinority(random, stakesWei, taken, 1) : []
  const diskLosses = new Map(losers.map((i) => [i, random.between(1, 30)]))
  const isFull = random.chance(0.75)
  const most = isFull ? validators : random.below(2)
  const byzantineIndexes = drawMinority(random, stakesWei, taken, most)
  const concerted = random.pick(MISDEEDS)
  const isConcerted = random.chance(0.5)
  const byzantine = new Map(byzantineIndexes.map((i) => [i, isConcerted ? concerted : random.pick(MISDEEDS)]))
  const outside = new Set(random.chance(0.5) ? drawMinority(random, stakesWei, taken, validators) : [])
  const canJail = taken.size === 0 && random.chance(0.5)
  const params = drawParams(random, unitWei, canJail)
  // From a stream of its own, so that what else a seed draws does not depend on it.
  const { vprogsFrom, vprogsPerBlock, vprogParams } = drawVprogs(randomStream(seed, 'vprogs'))
  const { blockIntervalMs, networkDelayMs } = params
  /** What a view takes when all goes well, more or less. */
  const viewMs = blockIntervalMs + networkDelayMs
  const isWildClocks = random.chance(0.25)
  const hasJoiner = random.chance(0.5)
  const followers = random.chance(0.2) ? 1 : 0
  const every = (share: number, least: number, most: number): number | undefined =>
    random.chance(share) ? viewMs * random.between(least, most) : undefined
  return {
    seed,
    params: { ...params, ...vprogParams },
    vprogsFrom,
    vprogsPerBlock,
    stakesWei,
    unitWei,
    hasJoiner,
    followers,
    byzantine,
    outside,
    diskLosses,
    reservedViews: random.pick([1, 4, 64]),
    links: drawLinks(random, networkDelayMs),
    disk: random.chance(0.4)
      ? { slowShare: 0, maxDelayMs: 0 }
      : { slowShare: random.next() * 0.5, maxDelayMs: Math.ceil(networkDelayMs * random.pick([0.05, 0.2, 0.6])) },
    clocks: Array.from({ length: validators + 1 + followers }, () =>
      drawClock(random, params.maxClockDriftMs, isWildClocks),
    ),
    // Half of all runs, whatever else is drawn.
    crashEveryMs: seed % 2 === 0 ? viewMs * random.between(1, 6) : undefined,
    maxDownMs: random.pick([50, viewMs, 6 * viewMs]),
    partitionEveryMs: every(0.5, 2, 10),
    maxPartitionMs: viewMs * random.between(1, 8),
    partitionShapes: random.sample(['halves', 'one alone', 'one way', 'scattered'] as const, random.between(1, 4)),
    clogEveryMs: every(0.3, 1, 4),
    maxClogMs: viewMs * random.between(1, 6),
    transactionEveryMs: Math.ceil(blockIntervalMs * random.pick([0.5, 1.5, 3])),
    healAtViews: random.between(15, 45),
  }
}
