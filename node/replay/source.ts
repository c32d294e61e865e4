/** What is replayed: a stretch of a chain from a store, from an archive, or from an archive over the states of a store. */
import { genesisBlock } from '../../consensus/genesis.ts'
import type { Block } from '../../consensus/types.ts'
import type { ValidationRules } from '../../consensus/validate.ts'
import { type Hash, hexKey } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { Genesis } from '../../vm/genesis.ts'
import type { StateWrite } from '../../vm/state/view.ts'
import type { ArchivedBlock, ArchiveReader } from '../archive/archive-reader.ts'
import { openRules } from '../execution-rules.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import { changesOf } from '../storage/changes.ts'
import { PastBase } from './past-base.ts'
import type { SourceBlock } from './replay-blocks.ts'
import { type BaseState, EMPTY_BASE } from './replay-state.ts'

export interface ReplaySource {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  /** What its blocks are executed by. */
  readonly rules: ValidationRules
  readonly from: number
  readonly to: number
  /** Block `from - 1`, and the state after it. */
  readonly parent: Block
  readonly base: BaseState
  /** Records of the base that stand nowhere yet: those of genesis. */
  readonly first: ReturnType<typeof genesisBlock>['state'] | undefined
  blocks(): AsyncGenerator<SourceBlock>
  /** What the block changed as the source has it; undefined where it does not say. */
  expectedWrites(source: SourceBlock): Promise<readonly StateWrite[] | undefined>
}

export interface ReplayRange {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/**
 * @param archive its blocks, in place of the store's
 * @param rules what the chain's blocks are executed by; default: opened here, without RISC Zero's circuit
 * @throws QuernError `REPLAY_RANGE`, `ARCHIVE_OTHER_CHAIN`, `BLOCK_PRUNED`
 */
export async function openReplaySource(
  {
    genesis,
    chain,
    archive,
    rules,
  }: {
    genesis: Genesis
    chain?: ChainStore | undefined
    archive?: ArchiveReader | undefined
    rules?: ValidationRules | undefined
  },
  range: ReplayRange,
): Promise<ReplaySource> {
  const begin = genesisBlock(genesis)
  if (archive !== undefined && hexKey(archive.genesisHash) !== hexKey(begin.block.hash)) {
    throw new QuernError(
      'ARCHIVE_OTHER_CHAIN',
      'the archive is of another chain than the genesis file: name one of them',
    )
  }
  const least = archive?.first ?? 1
  const most = archive?.last ?? chain?.head.header.height ?? 0
  const { from = least, to = most } = range
  if (from < least || to > most || from > to) {
    throw new QuernError('REPLAY_RANGE', `there are blocks ${least} to ${most}: replay some of those`, { least, most })
  }
  const start = from === 1 ? undefined : await startAt(chain, from - 1)
  return {
    genesis,
    genesisHash: begin.block.hash,
    rules: rules ?? (await openRules(genesis)),
    from,
    to,
    parent: start?.parent ?? begin.block,
    base: start?.base ?? EMPTY_BASE,
    first: start === undefined ? begin.state : undefined,
    blocks: () => (archive === undefined ? storedBlocks(chain!, from, to) : archive.blocks(from, to)),
    expectedWrites: async (source) => {
      if ('writes' in source) return (source as ArchivedBlock).writes
      const { height } = source.block.header
      const isHeld = archive === undefined && chain !== undefined && height >= chain.held.statesFrom
      return isHeld ? changesOf(chain, height) : undefined
    },
  }
}

async function startAt(chain: ChainStore | undefined, height: number): Promise<{ parent: Block; base: BaseState }> {
  const stored = chain?.blockAt(height)
  if (chain === undefined || stored === undefined) {
    throw new QuernError(
      'REPLAY_RANGE',
      `the state after block ${height} is not here: replay from 1, or name a store that has it with --home or --store`,
      { height },
    )
  }
  return { parent: stored.block, base: await PastBase.open(chain, stored.block) }
}

async function* storedBlocks(chain: ChainStore, from: number, to: number): AsyncGenerator<SourceBlock> {
  for (let height = from; height <= to; height++) {
    const stored = chain.blockAt(height)
    if (stored === undefined) return
    const { block } = stored
    yield { block, notarization: chain.notarization(height), finalization: chain.finalization(height) }
  }
}
