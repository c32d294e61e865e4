/**
 * From whom to believe what, without executing anything: the genesis file or one block that somebody vouched for stands
 * at the beginning, and each epoch's validators name the next ones.
 *
 *     genesis | checkpoint  --edges-->  last block of each epoch  --finalization-->  any final header
 *
 * The set of an epoch is a record of the state (PROTOCOL 5, S9), so a proof of that record under the stateRoot of the
 * epoch's last block before it hands trust on; and that block was finalised directly, since only its finalization opens
 * the next epoch (edges.ts). What stands under a trusted header's roots is then shown by proofs (answers.ts).
 *
 * Promise: as long as no more than a third of the power of any set on the way was dishonest while it could still be
 * slashed, nothing verifies here that is not of the final chain. `checkHorizon` keeps that condition. PROTOCOL 10.
 */
import type { BlsScheme } from '../../core/bls.ts'
import { equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { type Failure, fail, ok, QuernError, type Result } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { verifyKey } from '../../core/smt/index.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { type ChainParams, epochOf } from '../../vm/params.ts'
import { epochSets } from '../../vm/state/tables.ts'
import { treeKeyOf } from '../../vm/state/view.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'
import type { CertificateErrorCode } from '../certificate.ts'
import { epochSetup } from '../context.ts'
import { genesisBlock } from '../genesis.ts'
import { headerHash } from '../header.ts'
import type { Header } from '../types.ts'

export type LightErrorCode =
  /** An edge is left out, or out of order. */
  | 'EDGE_MISSING'
  /** A header that cannot stand where it claims to stand. */
  | 'EDGE_HEADER'
  /** The certificate is no finalization of this header. */
  | 'EDGE_CERTIFICATE'
  /** The validator set is not the one under the header's stateRoot. */
  | 'EDGE_SET'
  | 'BLOCK_VERSION'
  | CertificateErrorCode
  /** The header is not the one of the checkpoint's hash. */
  | 'CHECKPOINT_MISMATCH'
  | 'CHECKPOINT_NEEDED'

/** A final header, and who finalises what comes after it. */
export interface TrustedHeader {
  readonly header: Header
  readonly hash: Hash
  /** Of the epoch of the next height. */
  readonly set: ValidatorSet
}

/** A block somebody vouched for, an operator or several peers that agree. */
export interface Checkpoint {
  readonly height: number
  readonly hash: Hash
}

/** A header with the set of the epoch of the next height, as it stands in the state after that block. */
export interface Anchor {
  readonly header: Header
  /** Bytes of the record. */
  readonly set: Uint8Array
  /** Multi-proof of `setKeyAfter` under `header.stateRoot`, wire bytes. */
  readonly proof: Uint8Array
}

export interface LightRules {
  readonly params: ChainParams
  readonly genesisHash: Hash
  readonly bls: Pick<BlsScheme, 'verifyAggregate'>
}

/** Where the state after a block has the set of the next height's epoch. */
export const setKeyAfter = (height: number, params: Pick<ChainParams, 'epochBlocks'>): Hash =>
  treeKeyOf(epochSets, epochOf(height + 1, params))

/** Trust in the genesis file alone. */
export function trustGenesis(genesis: Genesis): TrustedHeader {
  const { block, state } = genesisBlock(genesis)
  return { header: block.header, hash: block.hash, set: epochSetup(state, 0).set }
}

/** The set an anchor carries, where its proof shows that it is the state's. */
export function provedSet(anchor: Anchor, params: ChainParams): Result<ValidatorSet, LightErrorCode> {
  const { header, set, proof } = anchor
  try {
    const found = verifyKey(proof, header.stateRoot, setKeyAfter(header.height, params))
    if (equalBytes(found, sha256(set))) return ok(epochSets.decode(set))
  } catch (error) {
    // A proof that cannot be read or walked proves nothing; anything else is our own failure.
    if (!(error instanceof QuernError) || error.code === 'ASSERTION_FAILED') throw error
  }
  return fail('EDGE_SET', 'the validator set is not the one of the state after this block; ask another peer', {
    height: header.height,
  })
}

/** Trust in a block by its hash; only its header and its proved set are taken from whoever sent them. */
export function trustCheckpoint(
  checkpoint: Checkpoint,
  anchor: Anchor,
  rules: LightRules,
): Result<TrustedHeader, LightErrorCode> {
  const { header } = anchor
  const hash = headerHash(header)
  if (header.height !== checkpoint.height || !equalBytes(hash, checkpoint.hash)) {
    return fail(
      'CHECKPOINT_MISMATCH',
      'this is not the header of the checkpoint; ask another peer, or check the hash',
      {
        height: checkpoint.height,
        wanted: hexKey(checkpoint.hash),
        found: hexKey(hash),
      },
    )
  }
  const set = provedSet(anchor, rules.params)
  return set.ok ? ok({ header, hash, set: set.value }) : set
}

/** The shortest time unbonding takes: blocks are at least one interval apart. */
export const unbondingMs = (params: ChainParams): number =>
  params.unbondingEpochs * params.epochBlocks * params.blockIntervalMs

/**
 * Old keys can sign another past once their stake has left, and half that time is kept for noticing: whoever is further
 * behind needs a newer beginning. Time is that of the clock or of the newest header, whichever is later, since
 * a forged chain may well claim to be old. PROTOCOL 10.
 */
export function checkHorizon(
  trusted: Pick<TrustedHeader, 'header'>,
  newest: Pick<TrustedHeader, 'header'>,
  nowMs: number,
  params: ChainParams,
): Failure<'CHECKPOINT_NEEDED'> | undefined {
  const { height, timestampMs } = trusted.header
  const ageMs = Math.max(nowMs, newest.header.timestampMs) - timestampMs
  const limitMs = unbondingMs(params) / 2
  if (ageMs <= limitMs) return undefined
  return {
    code: 'CHECKPOINT_NEEDED',
    message:
      `block ${height}, the last one trusted here, is older than half the unbonding time: give --checkpoint HEIGHT:HASH ` +
      'of a newer block from a source you trust, or --trust-peers N to ask several peers for one',
    meta: { height, ageMs, limitMs },
  }
}
