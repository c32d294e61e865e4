import fc from 'fast-check'
import { hashTypedData } from 'viem'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { type TypedData, typedDataHash } from './typed-data.ts'

const hash = (data: TypedData) => toHex(typedDataHash(data))
// viem's type wants literal types; the values are the same.
const reference = (data: TypedData) => hashTypedData(data as unknown as Parameters<typeof hashTypedData>[0])

const MAIL: TypedData = {
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallets', type: 'address[]' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person[]' },
      { name: 'pair', type: 'uint8[2][]' },
      { name: 'attachment', type: 'bytes' },
      { name: 'tag', type: 'bytes4' },
      { name: 'urgent', type: 'bool' },
      { name: 'balance', type: 'int64' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
    salt: `0x${'07'.repeat(32)}`,
  },
  message: {
    from: { name: 'Cow', wallets: ['0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826'] },
    to: [{ name: 'Bob', wallets: [] }],
    pair: [
      [1, 2],
      [3, 4],
    ],
    attachment: '0x010203',
    tag: '0xdeadbeef',
    urgent: true,
    balance: '-5',
  },
}

describe('typedDataHash', () => {
  it('agrees with viem on nested structs, arrays and every kind of atom', () => {
    expect(hash(MAIL)).toBe(reference(MAIL))
    const domain = { name: 'Quern' }
    expect(hash({ ...MAIL, domain })).toBe(reference({ ...MAIL, domain }))
    expect(hash({ ...MAIL, domain: {} })).toBe(reference({ ...MAIL, domain: {} }))
  })

  it('agrees with viem on any integers and texts', () => {
    const types = { T: [256, 128, 8].map((bits) => ({ name: `u${bits}`, type: `uint${bits}` })) }
    const text = { name: 'text', type: 'string' }
    const uints = fc.record({
      u256: fc.bigInt(0n, (1n << 256n) - 1n),
      u128: fc.bigInt(0n, (1n << 128n) - 1n),
      u8: fc.bigInt(0n, 255n),
      text: fc.string(),
    })
    fc.assert(
      fc.property(uints, ({ u256, u128, u8, text: value }) => {
        const message = { u256: u256.toString(), u128: `0x${u128.toString(16)}`, u8: Number(u8), text: value }
        const data = { types: { T: [...types.T, text] }, primaryType: 'T', domain: { chainId: 26180 }, message }
        expect(hash(data)).toBe(reference(data))
      }),
      { numRuns: 30 },
    )
  })

  it('ends a recursive type at an absent value, and refuses one that never ends', () => {
    const types = { Node: [{ name: 'next', type: 'Node' }] }
    const deep = (levels: number): Record<string, unknown> => (levels === 0 ? {} : { next: deep(levels - 1) })
    expect(hash({ types, primaryType: 'Node', domain: {}, message: deep(10) })).toHaveLength(66)
    expect(() => hash({ types, primaryType: 'Node', domain: {}, message: deep(100) })).toThrow('nested deeper')
  })

  it('refuses values that do not fit their types, and says where', () => {
    const wrong = (change: Record<string, unknown>) => () => hash({ ...MAIL, message: { ...MAIL.message, ...change } })
    expect(wrong({ balance: '9223372036854775808' })).toThrow('message.balance does not fit int64')
    expect(wrong({ balance: 1.5 })).toThrow('message.balance must be an integer')
    expect(wrong({ pair: [[1, 256]] })).toThrow('message.pair[0][1] does not fit uint8')
    expect(wrong({ pair: [[1]] })).toThrow('message.pair[0] must have 2 elements')
    expect(wrong({ tag: '0x00' })).toThrow('message.tag must have 4 bytes')
    expect(wrong({ urgent: 1 })).toThrow('message.urgent must be true or false')
    expect(wrong({ attachment: 'hello' })).toThrow('message.attachment must be 0x hex')
    expect(wrong({ from: { name: 7, wallets: [] } })).toThrow('message.from.name must be a string')
    expect(() => hash({ ...MAIL, primaryType: 'toString' })).toThrow('unknown type')
    const odd = { T: [{ name: 'x', type: 'uint7' }] }
    expect(() => hash({ types: odd, primaryType: 'T', domain: {}, message: { x: 1 } })).toThrow('unknown type "uint7"')
  })
})
