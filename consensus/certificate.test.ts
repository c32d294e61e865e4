/** Votes and certificates: what verifies, what decodes, and that nothing else does. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bls } from '../core/bls.ts'
import { equalBytes, u32be, ZERO_HASH } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import { decodeRlp, encodeRlp, encodeUint } from '../core/rlp.ts'
import type { ValidatorSet } from '../vm/validator-set.ts'
import {
  aggregateVotes,
  certificateFailure,
  certificateHash,
  decodeCertificate,
  encodeCertificate,
  signerBitmap,
  signerIndexes,
  verifyCertificate,
} from './certificate.ts'
import type { Certificate, VoteKind } from './types.ts'
import { decodeVote, encodeVote, signerOf, signVote, VOTE_KINDS, verifyVote } from './vote.ts'

const GENESIS_HASH = sha256(Uint8Array.of(1))
const secrets = Array.from({ length: 10 }, (_, i) => {
  const secret = sha256(u32be(i))
  secret[0]! &= 0x3f
  return secret
})
const signers = secrets.map((secret) => signerOf(bls, secret))
const set: ValidatorSet = {
  epoch: 3,
  members: signers.map(({ publicKey }, i) => ({
    address: new Uint8Array(20).fill(i),
    blsPublicKey: publicKey,
    power: BigInt(10 + i),
    weight: 1n,
  })),
}
const HASH = new Uint8Array(32).fill(0xab)

const vote = (kind: VoteKind, validator: number, view = 5) => {
  const blockHash = kind === 'nullify' ? ZERO_HASH : HASH
  return signVote({ kind, epoch: 3, view, blockHash, validator }, GENESIS_HASH, signers[validator]!)
}
const sum = (kind: VoteKind, indexes: readonly number[]) =>
  aggregateVotes(
    indexes.map((index) => vote(kind, index)),
    set,
    bls,
  )
const reEncode = (certificate: Certificate) => decodeCertificate(decodeRlp(encodeRlp(encodeCertificate(certificate))))
const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof QuernError) return error.code
    throw error
  }
  return 'none'
}

/** Powers are 10 to 19, 145 in all: a quorum is 97. */
const QUORUM = [3, 4, 5, 6, 7, 8, 9]

describe('votes', () => {
  it('verify as what they are and as nothing else', () => {
    for (const kind of VOTE_KINDS) {
      const signed = vote(kind, 1)
      expect(verifyVote(signed, set, GENESIS_HASH, bls)).toBe(true)
      expect(verifyVote(signed, set, sha256(GENESIS_HASH), bls)).toBe(false)
      expect(verifyVote({ ...signed, view: 6 }, set, GENESIS_HASH, bls)).toBe(false)
      expect(verifyVote({ ...signed, validator: 2 }, set, GENESIS_HASH, bls)).toBe(false)
      expect(verifyVote({ ...signed, validator: 10 }, set, GENESIS_HASH, bls)).toBe(false)
      expect(verifyVote(signed, { ...set, epoch: 4 }, GENESIS_HASH, bls)).toBe(false)
      const other = VOTE_KINDS.find((candidate) => candidate !== kind)!
      expect(verifyVote({ ...signed, kind: other }, set, GENESIS_HASH, bls)).toBe(false)
    }
  })

  it('round trip', () => {
    for (const kind of VOTE_KINDS) {
      expect(decodeVote(decodeRlp(encodeRlp(encodeVote(vote(kind, 9)))))).toEqual(vote(kind, 9))
    }
  })

  it('of an unknown kind, or that name a block wrongly, do not decode', () => {
    const signed = vote('notarize', 0)
    const [, ...rest] = encodeVote(signed) as Uint8Array[]
    expect(codeOf(() => decodeVote([encodeUint(3), ...rest]))).toBe('VOTE_INVALID')
    expect(codeOf(() => decodeVote(encodeVote({ ...signed, kind: 'nullify' })))).toBe('VOTE_INVALID')
    expect(codeOf(() => decodeVote(encodeVote({ ...signed, blockHash: ZERO_HASH })))).toBe('VOTE_INVALID')
    expect(codeOf(() => decodeVote(encodeVote({ ...signed, signature: new Uint8Array(95) })))).toBe('RLP_SHAPE')
    expect(codeOf(() => decodeVote([...rest]))).toBe('RLP_SHAPE')
  })
})

describe('certificates', () => {
  it('verify with a quorum, and survive the wire', () => {
    for (const kind of VOTE_KINDS) {
      const certificate = sum(kind, QUORUM)
      expect(verifyCertificate(certificate, set, GENESIS_HASH, bls)).toBe(true)
      expect(reEncode(certificate)).toEqual(certificate)
    }
  })

  it('name what is wrong with them', () => {
    const good = sum('notarize', QUORUM)
    const why = (certificate: Certificate) => certificateFailure(certificate, set, GENESIS_HASH, bls)?.code
    expect(why({ ...good, epoch: 4 })).toBe('CERTIFICATE_EPOCH')
    expect(why({ ...good, signers: new Uint8Array([0xff]) })).toBe('CERTIFICATE_SIGNERS')
    expect(why({ ...good, signers: new Uint8Array([0xff, 0x03, 0]) })).toBe('CERTIFICATE_SIGNERS')
    expect(why({ ...good, signers: new Uint8Array([0xff, 0x07]) })).toBe('CERTIFICATE_SIGNERS')
    expect(why(sum('notarize', [0, 1, 2, 3, 4, 5, 6]))).toBe('CERTIFICATE_QUORUM')
    expect(why({ ...good, signers: signerBitmap([...QUORUM, 0], 10) })).toBe('CERTIFICATE_SIGNATURE')
    expect(why({ ...good, view: 6 })).toBe('CERTIFICATE_SIGNATURE')
    expect(why({ ...good, kind: 'finalize' })).toBe('CERTIFICATE_SIGNATURE')
    expect(why({ ...good, signature: new Uint8Array(96) })).toBe('CERTIFICATE_SIGNATURE')
  })

  it('a bitmap lists each signer once, in order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(99)), (indexes) => {
        expect(signerIndexes(signerBitmap(indexes, 100))).toEqual(indexes.toSorted((a, b) => a - b))
      }),
    )
    expect(() => signerBitmap([4], 4)).toThrow('belong to the set')
  })

  it('any changed byte decodes to something else or not at all', () => {
    const good = encodeRlp(encodeCertificate(sum('finalize', QUORUM)))
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = good.map((byte, i) => (i === at ? byte ^ by : byte))
        try {
          const decoded = encodeRlp(encodeCertificate(decodeCertificate(decodeRlp(changed))))
          expect(equalBytes(decoded, changed)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(QuernError)
        }
      }),
    )
  })

  it('hash to 32 zero bytes when absent, and differ by signer', () => {
    expect(certificateHash(undefined)).toEqual(ZERO_HASH)
    const one = certificateHash(sum('notarize', QUORUM))
    expect(one).toHaveLength(32)
    expect(one).not.toEqual(certificateHash(sum('notarize', [...QUORUM, 0])))
  })
})
