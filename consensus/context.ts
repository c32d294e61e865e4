/** What a block's execution gets to see of its header and parent, the same for building and for validating. */
import { assert } from '../core/errors.ts'
import type { BlockContext } from '../vm/execution/types.ts'
import { epochSets, epochs } from '../vm/state/tables.ts'
import { readRecord, type StateReader } from '../vm/state/view.ts'
import type { ValidatorSet } from '../vm/validator-set.ts'
import { signerIndexes } from './certificate.ts'
import type { Block, Certificate, Header } from './types.ts'

/** The header fields that are chosen before execution. */
export type ContextFields = Pick<
  Header,
  'height' | 'epoch' | 'view' | 'timestampMs' | 'proposer' | 'randomnessReveal' | 'baseFeePerGas'
>

/** @param parentCertificate the notarization of the parent that the block carries; undefined for block 1 */
export function blockContext(
  fields: ContextFields,
  parent: Block,
  parentCertificate: Certificate | undefined,
): BlockContext {
  const { height, epoch, view, timestampMs, proposer, seqCommit } = parent.header
  return {
    height: fields.height,
    epoch: fields.epoch,
    view: fields.view,
    timestampMs: fields.timestampMs,
    proposer: fields.proposer,
    randomnessReveal: fields.randomnessReveal,
    baseFeePerGas: fields.baseFeePerGas,
    parent: { hash: parent.hash, height, epoch, view, timestampMs, proposer, seqCommit },
    parentSigners: parentCertificate === undefined ? [] : signerIndexes(parentCertificate.signers),
  }
}

/**
 * Set and R(e) of an epoch, from any state of that epoch or of the last block before it.
 * @throws QuernError `ASSERTION_FAILED` for an epoch the state does not know
 */
export function epochSetup(
  state: StateReader,
  epoch: number,
): { readonly set: ValidatorSet; readonly randomness: Uint8Array } {
  const set = readRecord(state, epochSets, epoch)
  const record = readRecord(state, epochs, epoch)
  assert(set !== undefined && record !== undefined, 'the state does not know this epoch', { epoch })
  return { set, randomness: record.randomness }
}
