/** The parameters every node of a network must share (PROTOCOL 11). They live in genesis.json and under the genesis stateRoot. */
import { WEI_PER_CPC } from '../core/units.ts'

export interface ChainParams {
  readonly chainId: number
  /** The leader waits this long after its parent for transactions. */
  readonly blockIntervalMs: number
  /** D: bound on network delay plus building and executing a block at full limits. */
  readonly networkDelayMs: number
  readonly maxClockDriftMs: number
  readonly epochBlocks: number
  /** At most epochBlocks / 2, so that a result's difficulty is never older than the previous epoch. */
  readonly seedWindowBlocks: number
  readonly gasLimit: number
  readonly gramLimit: number
  readonly laneWindowBlocks: number
  readonly maxLanesPerBlock: number
  readonly baseFeeFloorWei: bigint
  /** E0: block emission before the first halving. */
  readonly emissionWei: bigint
  readonly halvingBlocks: number
  /** Share of verified work, against stake, in leader election; basis points. */
  readonly kappaBps: number
  readonly minStakeWei: bigint
  readonly minDelegationWei: bigint
  readonly maxValidators: number
  readonly unbondingEpochs: number
  /** Jailed at the epoch's end when at least this share, and at least `missedViewsMin`, of its leader views were missed. */
  readonly missedViewsBps: number
  readonly missedViewsMin: number
  readonly jailEpochs: number
  readonly commissionCapBps: number
  readonly commissionMaxStepBps: number
  readonly targetResultsPerBlock: number
  readonly maxResultsPerBlock: number
  /** Ascending. */
  readonly matrixSizes: readonly number[]
  readonly genesisDifficultyMacs: bigint
  readonly slashEquivocationBps: number
  readonly slashDowntimeBps: number
  /** Basis points of the block emission; they sum to 10,000. */
  readonly workerShareBps: number
  readonly voterShareBps: number
  readonly leaderShareBps: number
  /** Hex address allowed to send DEV_SET_BALANCE; absent outside devnets. */
  readonly devAuthority?: string
  /** Hex x coordinate whose signature stands for a proof under tag 0xdf; absent outside devnets. */
  readonly devProofKey?: string
}

export type NetworkName = 'devnet' | 'testnet' | 'mainnet'

const SHARED = {
  maxClockDriftMs: 500,
  gramLimit: 500_000,
  maxLanesPerBlock: 50,
  kappaBps: 5_000,
  maxValidators: 100,
  missedViewsBps: 5_000,
  missedViewsMin: 8,
  commissionCapBps: 2_000,
  commissionMaxStepBps: 500,
  targetResultsPerBlock: 4,
  maxResultsPerBlock: 64,
  matrixSizes: [256, 512, 1024, 2048, 4096, 8192],
  slashEquivocationBps: 500,
  workerShareBps: 6_000,
  voterShareBps: 3_000,
  leaderShareBps: 1_000,
} as const

export const PRESETS: Readonly<Record<NetworkName, ChainParams>> = {
  devnet: {
    ...SHARED,
    chainId: 26_180,
    blockIntervalMs: 500,
    networkDelayMs: 400,
    epochBlocks: 40,
    seedWindowBlocks: 20,
    gasLimit: 240_000_000,
    laneWindowBlocks: 600,
    baseFeeFloorWei: 1_000n,
    emissionWei: 10n * WEI_PER_CPC,
    halvingBlocks: 1_000_000,
    minStakeWei: 1_000n * WEI_PER_CPC,
    minDelegationWei: WEI_PER_CPC,
    unbondingEpochs: 3,
    jailEpochs: 1,
    genesisDifficultyMacs: 1n << 31n,
    slashDowntimeBps: 0,
  },
  testnet: {
    ...SHARED,
    chainId: 26_181,
    blockIntervalMs: 1_000,
    networkDelayMs: 1_000,
    epochBlocks: 300,
    seedWindowBlocks: 150,
    gasLimit: 60_000_000,
    laneWindowBlocks: 43_200,
    baseFeeFloorWei: 5_000n,
    emissionWei: WEI_PER_CPC,
    halvingBlocks: 63_072_000,
    minStakeWei: 100_000n * WEI_PER_CPC,
    minDelegationWei: 100n * WEI_PER_CPC,
    unbondingEpochs: 72,
    jailEpochs: 2,
    genesisDifficultyMacs: 1n << 44n,
    slashDowntimeBps: 10,
  },
  mainnet: {
    ...SHARED,
    chainId: 26_182,
    blockIntervalMs: 1_000,
    networkDelayMs: 1_500,
    epochBlocks: 1_800,
    seedWindowBlocks: 256,
    gasLimit: 60_000_000,
    laneWindowBlocks: 432_000,
    baseFeeFloorWei: 1_000_000_000n,
    emissionWei: WEI_PER_CPC,
    halvingBlocks: 63_072_000,
    minStakeWei: 100_000n * WEI_PER_CPC,
    minDelegationWei: 100n * WEI_PER_CPC,
    unbondingEpochs: 504,
    jailEpochs: 2,
    genesisDifficultyMacs: 1n << 50n,
    slashDowntimeBps: 10,
  },
}

/** No result may be cheaper than this, whatever the retarget says (PROTOCOL 6.2). */
export const DIFFICULTY_FLOOR_MACS = 1n << 22n

/** Blocks 1..epochBlocks are epoch 0; genesis (height 0) counts to epoch 0. */
export const epochOf = (height: number, params: Pick<ChainParams, 'epochBlocks'>): number =>
  height === 0 ? 0 : Math.floor((height - 1) / params.epochBlocks)

export const isLastBlockOfEpoch = (height: number, params: Pick<ChainParams, 'epochBlocks'>): boolean =>
  height > 0 && height % params.epochBlocks === 0
