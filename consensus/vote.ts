/**
 * Votes: what is signed, and how they travel.
 *
 *     vote = rlp([kind, epoch, view, blockHash, validator, signature])
 *
 * The signed bytes are those of vm/statement.ts, which evidence is checked against too. PROTOCOL 1, 5.
 */
import type { BlsScheme } from '../core/bls.ts'
import { equalBytes, type Hash, ZERO_HASH } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { encodeUint, type RlpItem, rlpBytes, rlpList, rlpNumber } from '../core/rlp.ts'
import { statementBytes } from '../vm/statement.ts'
import type { ValidatorSet } from '../vm/validator-set.ts'
import type { Proposal, Vote, VoteKind } from './types.ts'

/** A vote's kind on the wire is its index here. */
export const VOTE_KINDS: readonly VoteKind[] = ['notarize', 'nullify', 'finalize']

export const SIGNATURE_BYTES = 96

export type VoteErrorCode = 'VOTE_INVALID'

/** A validator's key, wherever it is kept. Signing is synchronous. */
export interface Signer {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

export const signerOf = (scheme: Pick<BlsScheme, 'publicKey' | 'sign'>, secretKey: Uint8Array): Signer => ({
  publicKey: scheme.publicKey(secretKey),
  sign: (message) => scheme.sign(secretKey, message),
})

export const voteBytes = (genesisHash: Hash, vote: Pick<Vote, 'kind' | 'epoch' | 'view' | 'blockHash'>): Uint8Array =>
  statementBytes(vote.kind, genesisHash, vote.epoch, vote.view, vote.blockHash)

export const proposalBytes = (genesisHash: Hash, proposal: Omit<Proposal, 'signature'>): Uint8Array =>
  statementBytes('proposal', genesisHash, proposal.epoch, proposal.view, proposal.block.hash)

/** Signing bytes of the header's `randomnessReveal`. */
export const revealBytes = (genesisHash: Hash, epoch: number, view: number): Uint8Array =>
  statementBytes('reveal', genesisHash, epoch, view, ZERO_HASH)

export const signVote = (vote: Omit<Vote, 'signature'>, genesisHash: Hash, signer: Signer): Vote => ({
  ...vote,
  signature: signer.sign(voteBytes(genesisHash, vote)),
})

/** False for a validator outside the set, a set of another epoch, or a wrong signature. */
export function verifyVote(
  vote: Vote,
  set: ValidatorSet,
  genesisHash: Hash,
  scheme: Pick<BlsScheme, 'verify'>,
): boolean {
  const member = set.members[vote.validator]
  if (member === undefined || set.epoch !== vote.epoch) return false
  return scheme.verify(member.blsPublicKey, voteBytes(genesisHash, vote), vote.signature)
}

/** Exactly the nullifies name no block. */
export const namesBlockRightly = (kind: VoteKind, blockHash: Hash): boolean =>
  (kind === 'nullify') === equalBytes(blockHash, ZERO_HASH)

const invalid = (why: string): QuernError<VoteErrorCode> =>
  new QuernError('VOTE_INVALID', `malformed vote or certificate: ${why}; drop it`)

/**
 * Kind and block of a vote or certificate.
 * @throws QuernError `VOTE_INVALID`, or from the RLP reader
 */
export function decodeVoted(
  kindItem: RlpItem | undefined,
  hashItem: RlpItem | undefined,
): { readonly kind: VoteKind; readonly blockHash: Hash } {
  const kind = VOTE_KINDS[rlpNumber(kindItem)]
  if (kind === undefined) throw invalid('the kind must be 0 notarize, 1 nullify or 2 finalize')
  const blockHash = rlpBytes(hashItem, 32)
  if (!namesBlockRightly(kind, blockHash))
    throw invalid('32 zero bytes stand for no block, in a nullify and only there')
  return { kind, blockHash }
}

export const encodeVote = (vote: Vote): RlpItem => [
  encodeUint(VOTE_KINDS.indexOf(vote.kind)),
  encodeUint(vote.epoch),
  encodeUint(vote.view),
  vote.blockHash,
  encodeUint(vote.validator),
  vote.signature,
]

/** @throws QuernError `VOTE_INVALID`, or from the RLP reader */
export function decodeVote(item: RlpItem | undefined): Vote {
  const [kind, epoch, view, blockHash, validator, signature] = rlpList(item, 6)
  return {
    ...decodeVoted(kind, blockHash),
    epoch: rlpNumber(epoch),
    view: rlpNumber(view),
    validator: rlpNumber(validator),
    signature: rlpBytes(signature, SIGNATURE_BYTES),
  }
}
