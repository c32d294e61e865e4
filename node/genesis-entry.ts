/** What a store begins with: block 0 and its state. */
import { genesisBlock } from '../consensus/genesis.ts'
import type { Genesis } from '../vm/genesis.ts'
import type { FinalEntry } from './storage/chain-store.ts'

export function genesisEntry(genesis: Genesis): FinalEntry {
  const { block, state } = genesisBlock(genesis)
  const { writes, update } = state
  return { block, transactions: [], receipts: [], writes, update, notarization: undefined, finalization: undefined }
}
