/** What several byzantine parts make: valid blocks in the wrong place, and certificates with one signature. */
import { buildBlock } from '../../../consensus/build.ts'
import { aggregateVotes } from '../../../consensus/certificate.ts'
import type { Block, Certificate, VoteKind } from '../../../consensus/types.ts'
import { revealBytes, signerOf, signVote } from '../../../consensus/vote.ts'
import type { Hash } from '../../../core/bytes.ts'
import type { Stage } from './stage.ts'

/** Tells the blocks that allies fork from honest ones. */
export const FORK_MARK = Uint8Array.of(0xf0)

/** A block beside `over`, on the same parent, proposed by us in `view`: right in all that execution and signatures show. */
export function forkBeside(stage: Stage, over: Block, epoch: number, view: number): Block | undefined {
  const { key, scheme, genesisHash, library } = stage.modules
  const parent = library.executed(over.header.parentHash, (hash) => stage.modules.node()?.blockByHash(hash)?.block)
  if (parent === undefined || over.header.epoch !== epoch) return undefined
  const { block } = buildBlock(
    {
      parent,
      parentCertificate: over.parentCertificate,
      view,
      timestampMs: over.header.timestampMs,
      proposer: key.address,
      randomnessReveal: scheme.sign(key.blsSecretKey, revealBytes(genesisHash, epoch, view)),
      candidates: { next: () => undefined, skipSender: () => {} },
      extraData: FORK_MARK,
    },
    library.rules,
  )
  return block
}

/** A certificate that we alone signed, and that says so. */
export function ownCertificate(
  stage: Stage,
  kind: VoteKind,
  epoch: number,
  view: number,
  blockHash: Hash,
): Certificate | undefined {
  const { scheme, key, genesisHash } = stage.modules
  const validator = stage.indexIn(epoch)
  const set = stage.modules.node()?.validatorSet(epoch)
  if (validator === undefined || set === undefined) return undefined
  const vote = signVote({ kind, epoch, view, blockHash, validator }, genesisHash, signerOf(scheme, key.blsSecretKey))
  return aggregateVotes([vote], set, scheme)
}
