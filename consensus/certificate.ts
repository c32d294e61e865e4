/**
 * Certificates: one aggregate signature over one vote, and who signed it.
 *
 *     certificate = rlp([kind, epoch, view, blockHash, signers, signature])
 *
 * Bit i (least significant first) of `signers` stands for validator i of the epoch's set. Every key was registered with a
 * proof of possession, so signatures over one message may be summed. PROTOCOL 5.
 */
import type { BlsScheme } from '../core/bls.ts'
import { type Hash, ZERO_HASH } from '../core/bytes.ts'
import { assert, type Failure } from '../core/errors.ts'
import { domainHash } from '../core/hash.ts'
import { encodeRlp, encodeUint, type RlpItem, rlpBytes, rlpBytesMax, rlpList, rlpNumber } from '../core/rlp.ts'
import { isQuorum, totalPower, type ValidatorSet } from '../vm/validator-set.ts'
import type { Certificate, Vote } from './types.ts'
import { decodeVoted, SIGNATURE_BYTES, VOTE_KINDS, voteBytes } from './vote.ts'

/** Room for 1,024 validators, ten times what genesis parameters allow; the exact length is checked against the set. */
const MAX_SIGNER_BYTES = 128

export type CertificateErrorCode =
  | 'CERTIFICATE_EPOCH'
  | 'CERTIFICATE_SIGNERS'
  | 'CERTIFICATE_QUORUM'
  | 'CERTIFICATE_SIGNATURE'

const bitmapBytes = (validators: number): number => Math.ceil(validators / 8)

/** The bitmap of these validator indexes. */
export function signerBitmap(indexes: Iterable<number>, validators: number): Uint8Array {
  const bitmap = new Uint8Array(bitmapBytes(validators))
  for (const index of indexes) {
    assert(index >= 0 && index < validators, 'a signer must belong to the set', { index, validators })
    bitmap[index >> 3]! |= 1 << (index & 7)
  }
  return bitmap
}

/** Indexes of the signers, ascending. */
export function signerIndexes(signers: Uint8Array): number[] {
  const indexes: number[] = []
  for (const [byte, bits] of signers.entries()) {
    for (let bit = 0; bit < 8; bit++) if ((bits >> bit) & 1) indexes.push(8 * byte + bit)
  }
  return indexes
}

/**
 * Sums votes for one statement. The caller knows that they agree and that each validator stands in them once.
 * @throws QuernError `BLS_INVALID` when a signature is no point of the group
 */
export function aggregateVotes(
  votes: readonly Vote[],
  set: ValidatorSet,
  scheme: Pick<BlsScheme, 'aggregate'>,
): Certificate {
  const first = votes[0]
  assert(first !== undefined, 'a certificate needs votes')
  return {
    kind: first.kind,
    epoch: first.epoch,
    view: first.view,
    blockHash: first.blockHash,
    signers: signerBitmap(
      votes.map((vote) => vote.validator),
      set.members.length,
    ),
    signature: scheme.aggregate(votes.map((vote) => vote.signature)),
  }
}

/** The checks that cost no cryptography: epoch, bitmap, quorum. A certificate that fails one was made by its sender: reject. */
export function checkSigners(certificate: Certificate, set: ValidatorSet): Failure<CertificateErrorCode> | undefined {
  if (certificate.epoch !== set.epoch) {
    return { code: 'CERTIFICATE_EPOCH', message: `verify it with the validator set of epoch ${certificate.epoch}` }
  }
  const indexes = signerIndexes(certificate.signers)
  const isPadded = indexes.some((index) => index >= set.members.length)
  if (certificate.signers.length !== bitmapBytes(set.members.length) || isPadded) {
    return { code: 'CERTIFICATE_SIGNERS', message: 'the signer bitmap does not fit the validator set; drop it' }
  }
  const power = indexes.reduce((sum, index) => sum + set.members[index]!.power, 0n)
  if (!isQuorum(power, totalPower(set))) {
    return { code: 'CERTIFICATE_QUORUM', message: 'the signers hold no more than two thirds of the power; drop it' }
  }
  return undefined
}

/** What is wrong with a certificate; nothing when more than two thirds of the set's power signed what it says. */
export function certificateFailure(
  certificate: Certificate,
  set: ValidatorSet,
  genesisHash: Hash,
  scheme: Pick<BlsScheme, 'verifyAggregate'>,
): Failure<CertificateErrorCode> | undefined {
  const failure = checkSigners(certificate, set)
  if (failure !== undefined) return failure
  const keys = signerIndexes(certificate.signers).map((index) => set.members[index]!.blsPublicKey)
  if (scheme.verifyAggregate(keys, voteBytes(genesisHash, certificate), certificate.signature)) return undefined
  return { code: 'CERTIFICATE_SIGNATURE', message: 'the named signers did not sign this; drop it' }
}

export const verifyCertificate = (
  certificate: Certificate,
  set: ValidatorSet,
  genesisHash: Hash,
  scheme: Pick<BlsScheme, 'verifyAggregate'>,
): boolean => certificateFailure(certificate, set, genesisHash, scheme) === undefined

export const encodeCertificate = (certificate: Certificate): RlpItem => [
  encodeUint(VOTE_KINDS.indexOf(certificate.kind)),
  encodeUint(certificate.epoch),
  encodeUint(certificate.view),
  certificate.blockHash,
  certificate.signers,
  certificate.signature,
]

/** @throws QuernError `VOTE_INVALID`, or from the RLP reader */
export function decodeCertificate(item: RlpItem | undefined): Certificate {
  const [kind, epoch, view, blockHash, signers, signature] = rlpList(item, 6)
  return {
    ...decodeVoted(kind, blockHash),
    epoch: rlpNumber(epoch),
    view: rlpNumber(view),
    signers: rlpBytesMax(signers, MAX_SIGNER_BYTES),
    signature: rlpBytes(signature, SIGNATURE_BYTES),
  }
}

/** The header's `parentCertificateHash`; 32 zero bytes for the blocks that carry none (heights 0 and 1). */
export const certificateHash = (certificate: Certificate | undefined): Hash =>
  certificate === undefined ? ZERO_HASH : domainHash('certificateHash', encodeRlp(encodeCertificate(certificate)))
