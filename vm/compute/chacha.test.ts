import { chacha20 } from '@noble/ciphers/chacha.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, hexKey } from '../../core/bytes.ts'
import { chachaBlocks, chachaBytes } from './chacha.ts'

/** noble's ChaCha20 has RFC 8439's 32-bit counter; with a zero nonce its words 12..15 equal ours below 2^32 blocks. */
const noble = (key: Uint8Array, counter: number, length: number): Uint8Array =>
  chacha20(key, new Uint8Array(12), new Uint8Array(length), undefined, counter)

describe('ChaCha20 keystream', () => {
  test('RFC 8439 appendix A.1, test vectors 1 to 4 (zero nonce)', () => {
    const zero = new Uint8Array(32)
    const one = new Uint8Array(32)
    one[31] = 1
    const two = new Uint8Array(32)
    two[1] = 0xff
    const first =
      '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586'
    const second =
      '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f'
    expect(hexKey(chachaBytes(zero, 0, 64))).toBe(first)
    expect(hexKey(chachaBytes(zero, 64, 64))).toBe(second)
    expect(hexKey(chachaBytes(one, 64, 64))).toBe(
      '3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0',
    )
    expect(hexKey(chachaBytes(two, 128, 64))).toBe(
      '72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096',
    )
  })

  test('any offset and length equals noble from the stream start', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.nat(5_000),
        fc.nat(500),
        (key, offset, length) => {
          expect(chachaBytes(key, offset, length)).toEqual(noble(key, 0, offset + length).subarray(offset))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('late blocks equal noble, up to the last block of an 8192 matrix', () => {
    const key = fromHex('07'.repeat(32))
    for (const block of [1, 2 ** 20 - 1, 2 ** 31, 2 ** 32 - 2]) {
      const out = new Uint8Array(64)
      chachaBlocks(key, block, out)
      expect(out).toEqual(noble(key, block, 64))
    }
  })

  test('the counter goes on into word 13', () => {
    // With a 32-bit counter and nonce word 1 = carry, the RFC function is the same block function.
    const key = fromHex('09'.repeat(32))
    const nonce = new Uint8Array(12)
    nonce[0] = 3
    const out = new Uint8Array(64)
    chachaBlocks(key, 3 * 2 ** 32 + 5, out)
    expect(out).toEqual(chacha20(key, nonce, new Uint8Array(64), undefined, 5))
  })

  test('part blocks and short keys are refused', () => {
    expect(() => chachaBlocks(new Uint8Array(32), 0, new Uint8Array(63))).toThrow('whole blocks')
    expect(() => chachaBlocks(new Uint8Array(31), 0, new Uint8Array(64))).toThrow('32 bytes')
  })
})
