/** What a certificate needs: the signers' power against the table of quorums, without a signature in sight. */
import { describe, expect, it } from 'vitest'
import { ZERO_HASH } from '../core/bytes.ts'
import { QUORUMS, UNEQUAL } from '../vm/testing/quorums.ts'
import type { ValidatorSet } from '../vm/validator-set.ts'
import { certificateFailure, checkSigners, signerBitmap } from './certificate.ts'
import type { Certificate } from './types.ts'

const setOf = (powers: readonly bigint[]): ValidatorSet => ({
  epoch: 0,
  members: powers.map((power, i) => ({
    address: new Uint8Array(20).fill(i),
    blsPublicKey: new Uint8Array(48).fill(i),
    power,
    weight: 1n,
  })),
})

const signedBy = (indexes: readonly number[], validators: number): Certificate => ({
  kind: 'nullify',
  epoch: 0,
  view: 0,
  blockHash: ZERO_HASH,
  signers: signerBitmap(indexes, validators),
  signature: new Uint8Array(96),
})

const indexes = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i)

describe('the power behind a certificate', () => {
  it('of 1 to 100 equal validators: exactly the sizes that are written down, whoever signs', () => {
    for (const [i, quorum] of QUORUMS.entries()) {
      const n = i + 1
      const set = setOf(Array.from({ length: n }, () => 7n))
      const codeOf = (from: number, count: number) => checkSigners(signedBy(indexes(from, count), n), set)?.code
      for (const from of [0, n - quorum]) expect(codeOf(from, quorum), `${quorum} of ${n}`).toBeUndefined()
      for (const from of [0, n - quorum + 1]) {
        expect(codeOf(from, quorum - 1), `${quorum - 1} of ${n}`).toBe('CERTIFICATE_QUORUM')
      }
      expect(codeOf(0, n)).toBeUndefined()
    }
  })

  for (const { what, powers, signers, isQuorum } of UNEQUAL) {
    it(`${what}: ${isQuorum ? 'taken' : 'refused'}`, () => {
      const failure = checkSigners(signedBy(signers, powers.length), setOf(powers))
      expect(failure?.code).toBe(isQuorum ? undefined : 'CERTIFICATE_QUORUM')
    })
  }

  it('is looked at before any signature is', () => {
    const scheme = {
      verifyAggregate: () => {
        throw new Error('a signature was checked')
      },
    }
    const set = setOf([1n, 1n, 1n])
    expect(certificateFailure(signedBy([0, 1], 3), set, ZERO_HASH, scheme)?.code).toBe('CERTIFICATE_QUORUM')
    expect(() => certificateFailure(signedBy([0, 1, 2], 3), set, ZERO_HASH, scheme)).toThrow('was checked')
  })
})
