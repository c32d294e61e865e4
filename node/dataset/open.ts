/** A store as the source of datasets, with the rules under which its blocks can be executed again. */
import type { Genesis } from '../../vm/genesis.ts'
import { openRules } from '../execution-rules.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import { DatasetSource } from './source.ts'

/** @param circuitFile `zk.risc0_circuit` @throws QuernError as `readCircuit` */
export const openDatasetSource = async (
  chain: ChainStore,
  genesis: Genesis,
  circuitFile?: string,
): Promise<DatasetSource> => new DatasetSource(chain, genesis, await openRules(genesis, circuitFile))
