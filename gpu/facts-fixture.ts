/** A chain's facts for tests of what is made of them: epoch 2 of a devnet of 40-block epochs, half over. */
import { WEI_PER_CPC } from '../core/units.ts'
import type { ChainFacts } from './facts.ts'

/** 20 blocks at 6 CPC are in the pool; nobody has had a result in this epoch. */
export const TEST_FACTS: ChainFacts = {
  network: 'devnet',
  chainId: 26_180,
  height: 100,
  finalizedHeight: 99,
  timestampMs: 0,
  blockMs: 500,
  syncing: false,
  latencyMs: 5,
  balanceWei: 0n,
  paidWei: 0n,
  epochWorkMacs: 0n,
  epoch: {
    epoch: 2,
    firstHeight: 81,
    lastHeight: 120,
    difficultyMacs: 1_000_000_000n,
    workMacs: 0n,
    results: 0,
    poolWei: 120n * WEI_PER_CPC,
  },
  params: {
    epochBlocks: 40,
    targetResultsPerBlock: 4,
    matrixSizes: [256],
    emissionWei: 10n * WEI_PER_CPC,
    halvingBlocks: 1_000_000,
    workerShareBps: 6_000,
  },
}
