/**
 * An archive's blocks into a store, each executed and verified as if it came from a peer, and nothing committed that a
 * finalization under the validators of its epoch does not name or follow. Interrupted, it goes on from the store's head.
 */
import type { Block } from '../../consensus/types.ts'
import { equalBytes } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { openRules } from '../execution-rules.ts'
import { CheckPool } from '../replay/check-pool.ts'
import { type ReplayTarget, replayBlocks } from '../replay/replay-blocks.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import type { ArchivedBlock, ArchiveReader } from './archive-reader.ts'

export interface ImportOptions {
  /** Besides this one. */
  readonly threads: number
  readonly onBlock?: (height: number) => void
  /** `zk.risc0_circuit` */
  readonly circuitFile?: string | undefined
}

export interface Imported {
  readonly head: Block
  readonly blocks: number
  readonly transactions: number
}

/** What peers never reach: a node waits for finality, and this many blocks without are a chain that has stopped. */
const MAX_UNFINALISED = 4_096

/** Holds back blocks until one that is finalised directly follows them. @throws QuernError `ARCHIVE_NOT_FINAL` */
async function* finalOnly(blocks: AsyncIterable<ArchivedBlock>): AsyncGenerator<ArchivedBlock> {
  let waiting: ArchivedBlock[] = []
  for await (const block of blocks) {
    waiting.push(block)
    if (block.finalization !== undefined) yield* waiting.splice(0)
    else if (waiting.length > MAX_UNFINALISED) break
  }
  const first = waiting[0]
  waiting = []
  if (first === undefined) return
  const { height } = first.block.header
  throw new QuernError('ARCHIVE_NOT_FINAL', `nothing in the archive finalises block ${height}: import one that goes on`)
}

const storeTarget = (chain: ChainStore, onBlock: ImportOptions['onBlock']): ReplayTarget => ({
  state: chain.state,
  load: async () => {},
  commit: async ({ block, transactions, outcome, state }, { notarization, finalization }) => {
    const { receipts } = outcome
    const { writes, update } = state
    await chain.commit({ block, transactions, receipts, writes, update, notarization, finalization })
    state.settle()
    onBlock?.(block.header.height)
    return undefined
  },
})

/**
 * @throws QuernError ArchiveErrorCode; ReplayErrorCode where a block is wrong, with everything before it imported; those of
 *   the store
 */
export async function importArchive(
  reader: ArchiveReader,
  chain: ChainStore,
  { threads, onBlock, circuitFile }: ImportOptions,
): Promise<Imported> {
  const { height } = chain.head.header
  if (reader.first > height + 1) {
    throw new QuernError(
      'ARCHIVE_RANGE',
      `the archive begins at ${reader.first}: import blocks from ${height + 1} on first`,
    )
  }
  if (height >= reader.first) await assertSame(reader, chain.head)
  if (height >= reader.last) return { head: chain.head, blocks: 0, transactions: 0 }
  const pool = new CheckPool(threads)
  try {
    const blocks = finalOnly(reader.blocks(height + 1))
    const end = await replayBlocks(chain.head, blocks, {
      target: storeTarget(chain, onBlock),
      rules: await openRules(reader.genesis, circuitFile),
      pool,
      endsWindow: ({ finalization }) => finalization !== undefined,
    })
    if (end.stoppedBy !== undefined) {
      const { failure, height: at } = end.stoppedBy
      throw new QuernError(failure.code, `block ${at}: ${failure.message}: fetch the archive from somebody else`, {
        ...failure.meta,
        height: at,
      })
    }
    return { head: chain.head, blocks: end.blocks, transactions: end.transactions }
  } finally {
    await pool.close()
  }
}

/** @throws QuernError `ARCHIVE_OTHER_CHAIN` */
async function assertSame(reader: ArchiveReader, head: Block): Promise<void> {
  const { height } = head.header
  if (height > reader.last) return
  for await (const { block } of reader.blocks(height, height)) {
    if (equalBytes(block.hash, head.hash)) continue
    throw new QuernError(
      'ARCHIVE_OTHER_CHAIN',
      `the archive has another block ${height} than the store: one of them is forged`,
    )
  }
}
