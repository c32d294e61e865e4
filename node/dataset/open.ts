/** A store as the source of datasets, with the rules under which its blocks can be executed again. */
import { genesisBlock } from '../../consensus/genesis.ts'
import { bls } from '../../core/bls.ts'
import { loadTileKernel } from '../../gpu/wasm/kernel.ts'
import type { Genesis } from '../../vm/genesis.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import { DatasetSource } from './source.ts'

export const openDatasetSource = (chain: ChainStore, genesis: Genesis): DatasetSource =>
  new DatasetSource(chain, genesis, {
    params: genesis.params,
    genesisHash: genesisBlock(genesis).block.hash,
    kernel: loadTileKernel(),
    bls,
  })
