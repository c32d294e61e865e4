import { secp256k1 as noble } from '@noble/curves/secp256k1.js'
import { computeAddress, recoverAddress as ethersRecover, SigningKey } from 'ethers'
import fc from 'fast-check'
import { serializeSignature, recoverAddress as viemRecover } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { sharedVectors } from '../test/shared-vectors.ts'
import { bigIntToBytes, bytesToBigInt, fromHex, hexKey, toHex } from './bytes.ts'
import { keccak256, sha256 } from './hash.ts'
import {
  isSignatureInRange,
  privateKeyToAddress,
  publicKeyToAddress,
  pureRecover,
  recoverAddress,
  type Signature,
  signHash,
} from './secp256k1.ts'

const ORDER = noble.Point.Fn.ORDER
const FIELD = noble.Point.Fp.ORDER
const HALF = ORDER / 2n

const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 })
const keys = hashes.filter((bytes) => noble.utils.isValidSecretKey(bytes))
const invalid = expect.objectContaining({ name: 'QuernError', code: 'SIGNATURE_INVALID' })

const hash = sha256(Uint8Array.of(1))
const key = sha256(Uint8Array.of(2))

/** What both backends say: an address in hex, or the code of the refusal. They must agree. */
function recoverBoth(of: Uint8Array, signature: Signature): string {
  const [native, pure] = [undefined, pureRecover].map((backend) => {
    try {
      return hexKey(backend === undefined ? recoverAddress(of, signature) : recoverAddress(of, signature, backend))
    } catch (error) {
      expect(error).toEqual(invalid)
      return 'SIGNATURE_INVALID'
    }
  })
  expect(native).toBe(pure)
  return native!
}

describe('sign and recover', () => {
  it('returns the signer, in both backends, as noble signs it', () => {
    fc.assert(
      fc.property(keys, hashes, (secret, digest) => {
        const signature = signHash(digest, secret)
        expect(signature.s <= HALF).toBe(true)
        expect(recoverBoth(digest, signature)).toBe(hexKey(privateKeyToAddress(secret)))
        const compact = noble.sign(digest, secret, { prehash: false })
        expect(hexKey(compact)).toBe(hexKey(bigIntToBytes(signature.r, 32)) + hexKey(bigIntToBytes(signature.s, 32)))
      }),
      { numRuns: 20 },
    )
  })

  it('agrees with ethers and viem on addresses, signatures and recovery', async () => {
    for (let i = 0; i < 5; i++) {
      const secret = keccak256(Uint8Array.of(i))
      const digest = sha256(Uint8Array.of(i))
      const address = toHex(privateKeyToAddress(secret))
      expect(computeAddress(toHex(secret)).toLowerCase()).toBe(address)
      expect(privateKeyToAccount(toHex(secret)).address.toLowerCase()).toBe(address)

      const { r, s, yParity } = signHash(digest, secret)
      const theirs = new SigningKey(toHex(secret)).sign(digest)
      expect([BigInt(theirs.r), BigInt(theirs.s), theirs.yParity]).toEqual([r, s, yParity])
      expect(ethersRecover(toHex(digest), theirs).toLowerCase()).toBe(address)
      const signature = serializeSignature({ r: toHex(bigIntToBytes(r, 32)), s: toHex(bigIntToBytes(s, 32)), yParity })
      expect((await viemRecover({ hash: toHex(digest), signature })).toLowerCase()).toBe(address)
    }
  })

  it('derives the first account of the well-known test mnemonic', () => {
    const secret = fromHex('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
    expect(toHex(privateKeyToAddress(secret))).toBe('0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266')
  })

  it('is deterministic', () => expect(signHash(hash, key)).toEqual(signHash(hash, key)))
})

describe('refusals', () => {
  const good = signHash(hash, key)

  it('refuses high s, which both libraries would take', () => {
    const flipped: Signature = { r: good.r, s: ORDER - good.s, yParity: good.yParity === 0 ? 1 : 0 }
    expect(recoverBoth(hash, flipped)).toBe('SIGNATURE_INVALID')
    expect(recoverBoth(hash, { ...good, s: HALF + 1n })).toBe('SIGNATURE_INVALID')
    expect(recoverBoth(hash, { ...good, s: HALF })).not.toBe('SIGNATURE_INVALID')
  })

  it('refuses r and s outside 1..n-1', () => {
    for (const bad of [0n, -1n, ORDER, ORDER + 1n, FIELD, 1n << 256n]) {
      expect(recoverBoth(hash, { ...good, r: bad }), `r=${bad}`).toBe('SIGNATURE_INVALID')
      expect(recoverBoth(hash, { ...good, s: bad }), `s=${bad}`).toBe('SIGNATURE_INVALID')
    }
    expect(recoverBoth(hash, { ...good, s: 1n })).not.toBe('SIGNATURE_INVALID')
  })

  it('knows the range by itself, without a backend', () => {
    const check = (r: bigint, s: bigint) => isSignatureInRange({ r, s, yParity: 0 })
    expect([check(1n, 1n), check(ORDER - 1n, HALF), check(1n, HALF)]).toEqual([true, true, true])
    for (const bad of [-1n, 0n, ORDER, ORDER + 1n]) expect([check(bad, 1n), check(1n, bad)]).toEqual([false, false])
    expect(check(1n, HALF + 1n)).toBe(false)
  })

  it('refuses r that is no x-coordinate, and only that, in both backends', () => {
    let refused = 0
    for (let r = 1n; r <= 20n; r++) {
      const onCurve = isSquare(r ** 3n + 7n)
      for (const yParity of [0, 1] as const) {
        expect(recoverBoth(hash, { r, s: 5n, yParity }) !== 'SIGNATURE_INVALID', `${r}`).toBe(onCurve)
      }
      if (!onCurve) refused++
    }
    expect(refused).toBeGreaterThan(0)
  })

  it('refuses a signature whose public key would be the point at infinity', () => {
    // Q = (sR - zG)/r is zero when R = kG and z = sk.
    const k = 123456789n
    const point = noble.Point.BASE.multiply(k).toAffine()
    const s = 987654321n
    const digest = bigIntToBytes((s * k) % ORDER, 32)
    expect(recoverBoth(digest, { r: point.x, s, yParity: point.y % 2n === 0n ? 0 : 1 })).toBe('SIGNATURE_INVALID')
  })

  it('refuses recovery ids other than 0 and 1', () => {
    // r = 1 + n is below the field's order, so id 2 names a point that a library would take.
    for (const yParity of [-1, 2, 3, 4, 27, 28, 0.5, Number.NaN]) {
      for (const r of [1n, good.r]) {
        expect(recoverBoth(hash, { r, s: 5n, yParity: yParity as 0 })).toBe('SIGNATURE_INVALID')
      }
    }
  })

  it('refuses hashes that are not 32 bytes', () => {
    for (const length of [0, 31, 33, 64]) expect(recoverBoth(new Uint8Array(length), good)).toBe('SIGNATURE_INVALID')
  })

  it('gives another address, or none, for any changed bit', () => {
    const signer = hexKey(privateKeyToAddress(key))
    fc.assert(
      fc.property(fc.constantFrom('r', 's', 'hash'), fc.nat({ max: 255 }), (what, bit) => {
        const mask = 1n << BigInt(bit)
        const digest = what === 'hash' ? bigIntToBytes(bytesToBigInt(hash) ^ mask, 32) : hash
        const signature = what === 'hash' ? good : { ...good, [what]: good[what] ^ mask }
        expect(recoverBoth(digest, signature)).not.toBe(signer)
      }),
      { numRuns: 30 },
    )
    expect(recoverBoth(hash, { ...good, yParity: good.yParity === 0 ? 1 : 0 })).not.toBe(signer)
  })

  it('refuses private keys out of range', () => {
    const refused = expect.objectContaining({ code: 'KEY_INVALID' })
    for (const bad of [
      new Uint8Array(32),
      bigIntToBytes(ORDER, 32),
      new Uint8Array(32).fill(255),
      new Uint8Array(31).fill(1),
      new Uint8Array(33).fill(1),
    ]) {
      expect(() => privateKeyToAddress(bad)).toThrow(refused)
      expect(() => signHash(hash, bad)).toThrow(refused)
    }
    expect(privateKeyToAddress(bigIntToBytes(ORDER - 1n, 32))).toHaveLength(20)
    expect(() => signHash(new Uint8Array(31), key)).toThrow(expect.objectContaining({ code: 'ASSERTION_FAILED' }))
  })
})

it('hashes the public key without its prefix byte', () => {
  const uncompressed = noble.getPublicKey(key, false)
  expect(publicKeyToAddress(uncompressed)).toEqual(keccak256(uncompressed.slice(1)).slice(12))
})

interface Predecessor {
  readonly tx_signature: readonly {
    readonly digest: string
    readonly pub: string
    readonly sig_rfc6979_low_s: string
    readonly sig_high_s_also_accepted_by_upstream: string
  }[]
}
const predecessor = sharedVectors<Predecessor>('predecessor_l1.json')

describe.skipIf(predecessor === undefined)('signatures of the predecessor chain', () => {
  it('recovers the low-S one and refuses its high-S twin', () => {
    expect(predecessor!.tx_signature.length).toBeGreaterThan(0)
    for (const { digest, pub, sig_rfc6979_low_s, sig_high_s_also_accepted_by_upstream } of predecessor!.tx_signature) {
      const address = hexKey(publicKeyToAddress(noble.Point.fromHex(pub).toBytes(false)))
      const read = (hex: string, yParity: 0 | 1) => ({
        r: BigInt(`0x${hex.slice(0, 64)}`),
        s: BigInt(`0x${hex.slice(64)}`),
        yParity,
      })
      const found = ([0, 1] as const).map((yParity) => recoverBoth(fromHex(digest), read(sig_rfc6979_low_s, yParity)))
      expect(found).toContain(address)
      for (const yParity of [0, 1] as const) {
        expect(recoverBoth(fromHex(digest), read(sig_high_s_also_accepted_by_upstream, yParity))).toBe(
          'SIGNATURE_INVALID',
        )
      }
    }
  })
})

/** Euler's criterion in the curve's field. */
function isSquare(value: bigint): boolean {
  let result = 1n
  let base = value % FIELD
  for (let exponent = (FIELD - 1n) / 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % FIELD
    base = (base * base) % FIELD
  }
  return result === 1n
}
