import { bech32 } from '@scure/base'
import { getAddress } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedVectors } from '../test/shared-vectors.ts'
import { checksumAddress, formatAddress, parseAddress } from './address.ts'
import { fromHex, toHex, ZERO_ADDRESS } from './bytes.ts'

const addresses = fc.uint8Array({ minLength: 20, maxLength: 20 })
const invalid = expect.objectContaining({ name: 'QuernError', code: 'ADDRESS_INVALID' })

// The test cases of EIP-55 itself.
const EIP55 = [
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x27b1fdb04752bbc536007a920d24acb045561c26',
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
]

describe('hex form', () => {
  it.each(EIP55)('EIP-55 %s', (text) => {
    expect(checksumAddress(fromHex(text))).toBe(text)
    expect(toHex(parseAddress(text))).toBe(text.toLowerCase())
  })

  it('agrees with ethers', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        expect(checksumAddress(address)).toBe(getAddress(toHex(address)))
      }),
    )
  })

  it('reads all-lower and all-upper digits, which carry no checksum', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        const digits = toHex(address).slice(2)
        expect(parseAddress(`0x${digits}`)).toEqual(address)
        expect(parseAddress(`0x${digits.toUpperCase()}`)).toEqual(address)
      }),
    )
  })

  it('refuses any one letter in the wrong case', () => {
    const text = EIP55[4]!
    for (let i = 2; i < text.length; i++) {
      const letter = text[i]!
      const flipped = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
      if (flipped === letter) continue
      expect(() => parseAddress(text.slice(0, i) + flipped + text.slice(i + 1))).toThrow(invalid)
    }
  })

  it.each(['', '0x', '0x12', `0X${'00'.repeat(20)}`, '00'.repeat(20), `0x${'00'.repeat(21)}`, `0x${'0g'.repeat(20)}`])(
    'refuses %j',
    (text) => expect(() => parseAddress(text)).toThrow(invalid),
  )
})

describe('bech32 form', () => {
  it('round-trips and starts with cpc1', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        const text = formatAddress(address)
        expect(text).toMatch(/^cpc1[02-9ac-hj-np-z]{38}$/)
        expect(parseAddress(text)).toEqual(address)
      }),
    )
    expect(formatAddress(ZERO_ADDRESS)).toBe('cpc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc58w28')
  })

  it('refuses any one changed character', () => {
    const text = formatAddress(fromHex(EIP55[0]!))
    for (let i = 0; i < text.length; i++) {
      const other = text[i] === 'q' ? 'p' : 'q'
      expect(() => parseAddress(text.slice(0, i) + other + text.slice(i + 1)), `at ${i}`).toThrow(invalid)
    }
  })

  it('refuses upper and mixed case', () => {
    const text = formatAddress(fromHex(EIP55[0]!))
    expect(() => parseAddress(text.toUpperCase())).toThrow(invalid)
    expect(() => parseAddress(`CPC${text.slice(3)}`)).toThrow(invalid)
    expect(() => parseAddress(text.slice(0, -1) + text.slice(-1).toUpperCase())).toThrow(invalid)
  })

  it('refuses other prefixes and other lengths, though their checksums are right', () => {
    const words = bech32.toWords(ZERO_ADDRESS)
    for (const prefix of ['cpcvalcons', 'bc', 'cpd'])
      expect(() => parseAddress(bech32.encode(prefix, words))).toThrow(invalid)
    for (const length of [0, 19, 21, 32]) {
      expect(() => parseAddress(bech32.encode('cpc', bech32.toWords(new Uint8Array(length))))).toThrow(invalid)
    }
  })

  it('refuses padding bits that are not zero, which would give one address several spellings', () => {
    // 21 bytes are 168 bits, 34 words of 5 with two bits over; 20 bytes are exactly 32 words, so spare bits need another word.
    const words = [...bech32.toWords(ZERO_ADDRESS), 0]
    expect(() => parseAddress(bech32.encode('cpc', words))).toThrow(invalid)
  })

  // BIP-173's own lists: valid strings with foreign prefixes, then broken ones. None is an address of ours.
  it.each([
    'A12UEL5L',
    'a12uel5l',
    'an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs',
    'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw',
    '?1ezyfcl',
    '\u00201nwldj5',
    '\u007f1axkwrx',
    'pzry9x0s0muk',
    '1pzry9x0s0muk',
    'x1b4n0q5v',
    'li1dgmt3',
    'A1G7SGD8',
    '10a06t8',
    '1qzzfhee',
  ])('refuses %j', (text) => expect(() => parseAddress(text)).toThrow(invalid))
})

interface Predecessor {
  readonly addresses: readonly { readonly hash160: string; readonly cpc: string; readonly cpcvalcons: string }[]
  readonly address_negative: readonly { readonly addr: string }[]
}
const predecessor = sharedVectors<Predecessor>('predecessor_l1.json')

describe.skipIf(predecessor === undefined)('addresses of the predecessor chain (bech32 form only)', () => {
  it('encodes and decodes them', () => {
    expect(predecessor!.addresses.length).toBeGreaterThan(0)
    for (const { hash160, cpc, cpcvalcons } of predecessor!.addresses) {
      expect(formatAddress(fromHex(hash160))).toBe(cpc)
      expect(parseAddress(cpc)).toEqual(fromHex(hash160))
      expect(() => parseAddress(cpcvalcons)).toThrow(invalid)
    }
  })

  it('refuses the negative ones', () => {
    expect(predecessor!.address_negative.length).toBeGreaterThan(0)
    for (const { addr } of predecessor!.address_negative) expect(() => parseAddress(addr)).toThrow(invalid)
  })
})
