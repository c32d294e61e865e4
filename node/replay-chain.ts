/**
 * A stored chain executed again from genesis into a fresh store. Every header's roots are compared on the way, so success
 * means that this machine, with these backends, computes what the network computed.
 */

import { genesisBlock } from '../consensus/genesis.ts'
import { recoverInline, replay } from '../consensus/replay.ts'
import type { Block } from '../consensus/types.ts'
import type { BlockErrorCode } from '../consensus/validate.ts'
import { bls } from '../core/bls.ts'
import type { Result } from '../core/errors.ts'
import type { KvStore } from '../core/kv.ts'
import { referenceKernel } from '../vm/compute/tile.ts'
import type { TileKernel } from '../vm/execution/types.ts'
import type { Genesis } from '../vm/genesis.ts'
import { ChainStore, type FinalEntry } from './storage/chain-store.ts'

/** What a store begins with. */
export function genesisEntry(genesis: Genesis): FinalEntry {
  const { block, state } = genesisBlock(genesis)
  const { writes, update } = state
  return { block, transactions: [], receipts: [], writes, update, notarization: undefined, finalization: undefined }
}

/**
 * @param source a node's store that nobody writes to
 * @param target an empty store
 * @returns the last block, or why the first bad one is invalid
 * @throws QuernError `ChainStoreErrorCode`
 */
export async function replayChain(
  genesis: Genesis,
  source: KvStore,
  target: KvStore,
  kernel: TileKernel = referenceKernel,
): Promise<Result<Block, BlockErrorCode>> {
  const first = genesisEntry(genesis)
  const from = await ChainStore.open(source, first)
  const to = await ChainStore.open(target, first)
  function* blocks(): Generator<Block> {
    for (let height = 1; ; height++) {
      const stored = from.blockAt(height)
      if (stored === undefined) return
      yield stored.block
    }
  }
  const { params } = genesis
  return replay(
    first.block,
    blocks(),
    {
      state: to.state,
      commit: async ({ block, transactions, outcome, state }) => {
        const { height } = block.header
        await to.commit({
          block,
          transactions,
          receipts: outcome.receipts,
          writes: state.writes,
          update: state.update,
          notarization: from.notarization(height),
          finalization: from.finalization(height),
        })
        state.settle()
      },
    },
    { params, genesisHash: first.block.hash, kernel, bls },
    recoverInline(params),
  )
}
