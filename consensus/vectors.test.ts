/** What validators sign and exchange, pinned: a digest that changes here is a new version of the protocol. */
import { expect, test } from 'vitest'
import { bls } from '../core/bls.ts'
import { fromHex, hexKey, ZERO_HASH } from '../core/bytes.ts'
import { sha256 } from '../core/hash.ts'
import { encodeRlp } from '../core/rlp.ts'
import { leaderOf, nextRandomness } from '../vm/leader.ts'
import { statementBytes } from '../vm/statement.ts'
import { type ValidatorSet, validatorsHash } from '../vm/validator-set.ts'
import { aggregateVotes, certificateHash, encodeCertificate, verifyCertificate } from './certificate.ts'
import vectors from './consensus.vectors.json' with { type: 'json' }
import { encodeVote, revealBytes, signerOf, signVote, VOTE_KINDS, voteBytes } from './vote.ts'

const GENESIS_HASH = sha256(Uint8Array.of(1))
const HASH = new Uint8Array(32).fill(0xab)
const signers = [1, 2, 3, 4].map((fill) => signerOf(bls, new Uint8Array(32).fill(fill)))
const set: ValidatorSet = {
  epoch: 2,
  members: signers.map(({ publicKey }, i) => ({
    address: new Uint8Array(20).fill(i + 1),
    blsPublicKey: publicKey,
    power: 100n,
    weight: BigInt(i + 1),
  })),
}
const votes = VOTE_KINDS.map((kind) =>
  [0, 1, 3].map((validator) => {
    const blockHash = kind === 'nullify' ? ZERO_HASH : HASH
    return signVote({ kind, epoch: 2, view: 300, blockHash, validator }, GENESIS_HASH, signers[validator]!)
  }),
)

test('signing bytes', () => {
  const proposal = statementBytes('proposal', GENESIS_HASH, 2, 300, HASH)
  const reveal = revealBytes(GENESIS_HASH, 2, 300)
  expect({ proposal: hexKey(proposal), reveal: hexKey(reveal) }).toEqual(vectors.signingBytes)
  const ofVotes = Object.fromEntries(votes.map(([vote]) => [vote!.kind, hexKey(voteBytes(GENESIS_HASH, vote!))]))
  expect(ofVotes).toEqual(vectors.voteBytes)
})

test('votes', () => {
  const digests = Object.fromEntries(votes.map(([vote]) => [vote!.kind, hexKey(sha256(encodeRlp(encodeVote(vote!))))]))
  expect(digests).toEqual(vectors.votes)
})

test('certificates', () => {
  const certificates = votes.map((ofKind) => aggregateVotes(ofKind, set, bls))
  for (const certificate of certificates) expect(verifyCertificate(certificate, set, GENESIS_HASH, bls)).toBe(true)
  const digests = certificates.map((certificate) => [
    certificate.kind,
    { sha256: hexKey(sha256(encodeRlp(encodeCertificate(certificate)))), hash: hexKey(certificateHash(certificate)) },
  ])
  expect(Object.fromEntries(digests)).toEqual(vectors.certificates)
  expect(hexKey(validatorsHash(set))).toBe(vectors.validatorsHash)
})

test('leaders and randomness', () => {
  const randomness = fromHex(vectors.leaders.randomness)
  expect(Array.from({ length: 32 }, (_, view) => leaderOf(set, randomness, view))).toEqual(vectors.leaders.views0to31)
  expect(hexKey(nextRandomness(randomness, new Uint8Array(96).fill(7)))).toBe(vectors.nextRandomness)
})
