/** Every dataset there is. */
import type { Dataset } from './column.ts'
import type { DatasetSource } from './source.ts'
import { balances } from './tables/balances.ts'
import { blocks } from './tables/blocks.ts'
import { evidence } from './tables/evidence.ts'
import { outputs } from './tables/outputs.ts'
import { results } from './tables/results.ts'
import { rewards } from './tables/rewards.ts'
import { timings } from './tables/timings.ts'
import { transactions } from './tables/transactions.ts'
import { validators } from './tables/validators.ts'
import { votes } from './tables/votes.ts'
import { workers } from './tables/workers.ts'

export type ChainDataset = Dataset<DatasetSource>

export const DATASETS: readonly ChainDataset[] = [
  blocks,
  transactions,
  results,
  votes,
  validators,
  workers,
  rewards,
  balances,
  outputs,
  evidence,
  timings,
]
