import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, hexKey, utf8 } from './bytes.ts'
import { DOMAINS } from './domains.ts'
import { domainHash, keccak256, pureHash, sha256 } from './hash.ts'

const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 131 + length) & 255)

describe('keccak256', () => {
  it('has the known digests', () => {
    expect(hexKey(keccak256(new Uint8Array(0)))).toBe(
      'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    )
    expect(hexKey(keccak256(utf8('testing')))).toBe('5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02')
  })

  it('is the same in every backend for lengths 0 to 300, around the 136-byte block', () => {
    for (let length = 0; length <= 300; length++) {
      const data = pattern(length)
      const digest = keccak_256(data)
      expect(keccak256(data), `${length}`).toEqual(digest)
      expect(pureHash.keccak256(data), `${length}`).toEqual(digest)
    }
  })

  it('is the same on random and long input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (data) => {
        expect(keccak256(data)).toEqual(keccak_256(data))
      }),
    )
  })

  it('gives memory of its own, whatever is hashed next', () => {
    const first = keccak256(Uint8Array.of(1))
    const copy = first.slice()
    keccak256(Uint8Array.of(2))
    expect(first).toEqual(copy)
    expect(first.buffer.byteLength).toBe(32)
  })

  it('reads a view that does not start at its buffer', () => {
    const whole = pattern(100)
    expect(keccak256(whole.subarray(10, 70))).toEqual(keccak_256(whole.slice(10, 70)))
  })
})

describe('sha256', () => {
  it('has the known digests', () => {
    expect(hexKey(sha256())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(hexKey(sha256(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  it('is the same in every backend for lengths 0 to 300, around the 64-byte block', () => {
    for (let length = 0; length <= 300; length++) {
      const data = pattern(length)
      const digest = nobleSha256(data)
      expect(sha256(data), `${length}`).toEqual(digest)
      expect(pureHash.sha256(data), `${length}`).toEqual(digest)
    }
  })

  it('gives memory of its own, whatever is hashed next', () => {
    const first = sha256(Uint8Array.of(1))
    const copy = first.slice()
    sha256(Uint8Array.of(2))
    expect(first).toEqual(copy)
  })

  it('hashes the concatenation of its parts', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 })
    fc.assert(
      fc.property(parts, (list) => {
        expect(sha256(...list)).toEqual(nobleSha256(concatBytes(...list)))
      }),
    )
  })

  it('puts the domain and its NUL first', () => {
    expect(domainHash('leader', Uint8Array.of(1), Uint8Array.of(2))).toEqual(
      nobleSha256(concatBytes(utf8(`${DOMAINS.leader}\0`), Uint8Array.of(1, 2))),
    )
    expect(domainHash('leader')).not.toEqual(domainHash('reveal'))
  })
})
