/** Writes blocks that became final: each whole, in one synced batch, with what the journal need not keep any longer. */
import type { BlockTree } from '../../consensus/chain/block-tree.ts'
import type { Certificate } from '../../consensus/types.ts'
import { assert, QuernError } from '../../core/errors.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import type { Journal } from '../storage/journal.ts'
import type { VerifiedRange } from '../sync/catch-up.ts'
import type { CommitGate } from './commit-gate.ts'
import type { ChainEntry } from './entry.ts'

export interface FinalWriterModules {
  readonly store: ChainStore
  readonly journal: Journal
  readonly tree: BlockTree<ChainEntry>
  readonly gate: CommitGate
  /** The last block that may become final here. */
  readonly haltHeight?: number
  /** The block is in the store. `certificate` is its finalization, or that of the descendant it became final with. */
  becameFinal(entry: ChainEntry, certificate: Certificate): void
}

/**
 * Oldest first; each entry is in the tree, on top of the last final block or of the entry before.
 * @throws QuernError `HALT_HEIGHT` in place of a block above it
 */
export async function writeFinal(range: VerifiedRange, modules: FinalWriterModules): Promise<void> {
  const { entries, notarization, finalization } = range
  const { store, journal, tree, gate, becameFinal, haltHeight = Number.POSITIVE_INFINITY } = modules
  for (const [i, entry] of entries.entries()) {
    const { block, layer, transactions, receipts } = entry
    const { height, epoch, view } = block.header
    if (height > haltHeight) throw new QuernError('HALT_HEIGHT', `the node goes no further than block ${haltHeight}`)
    assert(layer !== undefined, 'a block becomes final twice', { height })
    const next = entries[i + 1]
    const final = {
      block,
      transactions,
      receipts,
      writes: layer.writes,
      update: layer.update,
      notarization: next === undefined ? notarization : next.block.parentCertificate,
      finalization: next === undefined ? finalization : undefined,
    }
    await gate.during(async () => {
      await store.commit(final, journal.forget(epoch, view))
      layer.settle()
      tree.finalise(block.hash)
    })
    becameFinal(entry, finalization)
  }
}
