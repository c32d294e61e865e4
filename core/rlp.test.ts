import fc from 'fast-check'
import reference from 'rlp'
import { describe, expect, it } from 'vitest'
import { bigIntToBytes, concatBytes, fromHex, hexKey } from './bytes.ts'
import { QuernError } from './errors.ts'
import {
  DEFAULT_RLP_LIMITS,
  decodeRlp,
  encodedLength,
  encodedWithoutLast,
  encodeRlp,
  encodeUint,
  type RlpItem,
  rlpBoolean,
  rlpBytes,
  rlpBytesMax,
  rlpList,
  rlpNumber,
  rlpUint,
} from './rlp.ts'

type Nested = Uint8Array | Nested[]

// Lengths around 0, 1 and the boundary at 55/56 come up often; every nesting of lists does.
const bytes = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 4 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 50, maxLength: 60 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
)
const { item } = fc.letrec<{ item: Nested }>((tie) => ({
  item: fc.oneof({ maxDepth: 6, depthSize: 'small' }, bytes, fc.array(tie('item'), { maxLength: 6 })),
}))

/** Package `rlp` decodes strings to views or copies by turns; compare as hex. */
const plain = (value: unknown): unknown =>
  value instanceof Uint8Array ? hexKey(value) : Array.isArray(value) ? value.map(plain) : value

const code = (value: string) => expect.objectContaining({ name: 'QuernError', code: value })
const rejects = (hex: string, wanted = 'RLP_INVALID') =>
  expect(() => decodeRlp(fromHex(hex)), hex).toThrow(code(wanted))

describe('against package rlp', () => {
  it('encodes and decodes the same', () => {
    fc.assert(
      fc.property(item, (value) => {
        const encoded = encodeRlp(value)
        expect(hexKey(encoded)).toBe(hexKey(reference.encode(value)))
        expect(encodedLength(value)).toBe(encoded.length)
        const wanted = plain(value)
        expect(plain(decodeRlp(encoded))).toEqual(wanted)
        expect(plain(reference.decode(encoded))).toEqual(wanted)
      }),
      { numRuns: 500 },
    )
  })

  it.each([0, 1, 54, 55, 56, 57, 255, 256, 257, 65535, 65536, 65537])(
    'at %i bytes, as string and as list',
    (length) => {
      const text = new Uint8Array(length).fill(0x80)
      const list: Nested = Array.from({ length }, () => new Uint8Array(0))
      for (const value of [text, list]) {
        const encoded = encodeRlp(value)
        expect(Buffer.compare(encoded, reference.encode(value))).toBe(0)
        expect(Buffer.compare(encodeRlp(decodeRlp(encoded)), encoded)).toBe(0)
      }
    },
  )

  it('takes 16 MiB and up in its 4-byte length', () => {
    const encoded = encodeRlp(new Uint8Array(1 << 24))
    expect(hexKey(encoded.subarray(0, 5))).toBe('bb01000000')
    expect(rlpBytes(decodeRlp(encoded, { ...DEFAULT_RLP_LIMITS, maxBytes: 1 << 25 })).length).toBe(1 << 24)
  })
})

describe('a list without its last items', () => {
  it('is cut out as it would be encoded', () => {
    const list = fc.array(item, { maxLength: 12 })
    fc.assert(
      fc.property(list, fc.nat(), (items, drop) => {
        const encoded = encodeRlp(items)
        const count = drop % (items.length + 1)
        const wanted = encodeRlp(items.slice(0, items.length - count))
        expect(encodedWithoutLast(encoded, rlpList(decodeRlp(encoded)), count)).toEqual(wanted)
      }),
    )
  })
})

describe('one encoding per value', () => {
  it('decodes only what it would encode: any bytes', () => {
    const noise = fc.array(
      fc.oneof(
        fc.constantFrom(0, 1, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xb9, 0xbf, 0xc0, 0xc1, 0xc2, 0xf7, 0xf8, 0xff),
        fc.nat(255),
      ),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(noise, (list) => {
        const input = Uint8Array.from(list)
        const decoded = attempt(input)
        if (decoded !== undefined) expect(encodeRlp(decoded)).toEqual(input)
      }),
      { numRuns: 3000 },
    )
  })

  it('decodes only what it would encode: every input of one and two bytes, and three after a list or string prefix', () => {
    const every = Array.from({ length: 256 }, (_, byte) => byte)
    const prefixes = [0x80, 0x81, 0x82, 0xb8, 0xb9, 0xc0, 0xc1, 0xc2, 0xf8]
    const telling = [0, 1, 0x7f, 0x80, 0x81, 0xc0, 0xc1, 0xff]
    let accepted = 0
    const check = (...list: number[]) => {
      const input = Uint8Array.from(list)
      const decoded = attempt(input)
      if (decoded === undefined) return
      accepted++
      if (Buffer.compare(encodeRlp(decoded), input) !== 0) throw new Error(`accepted ${hexKey(input)}`)
    }
    for (const first of every) {
      check(first)
      for (const second of every) check(first, second)
    }
    for (const first of prefixes) for (const second of every) for (const third of telling) check(first, second, third)
    expect(accepted).toBeGreaterThan(500)
  })

  it('decodes only what it would encode: canonical input, mutated', () => {
    const mutation = fc.tuple(fc.constantFrom('set', 'insert', 'remove', 'cut'), fc.nat(), fc.nat(255))
    fc.assert(
      fc.property(item, fc.array(mutation, { minLength: 1, maxLength: 3 }), (value, mutations) => {
        const mutated = [...encodeRlp(value)]
        for (const [how, where, byte] of mutations) {
          const at = where % (mutated.length + 1)
          if (how === 'set') mutated[Math.min(at, mutated.length - 1)] = byte
          else if (how === 'insert') mutated.splice(at, 0, byte)
          else if (how === 'remove') mutated.splice(at, 1)
          else mutated.length = at
        }
        const input = Uint8Array.from(mutated)
        const decoded = attempt(input)
        if (decoded !== undefined) expect(hexKey(encodeRlp(decoded))).toBe(hexKey(input))
      }),
      { numRuns: 1000 },
    )
  })

  it('refuses every truncation and every trailing byte', () => {
    fc.assert(
      fc.property(item, fc.nat(255), (value, extra) => {
        const encoded = encodeRlp(value)
        for (let length = 0; length < Math.min(encoded.length, 100); length++) {
          expect(() => decodeRlp(encoded.subarray(0, length))).toThrow(code('RLP_INVALID'))
        }
        expect(() => decodeRlp(concatBytes(encoded, Uint8Array.of(extra)))).toThrow(code('RLP_INVALID'))
      }),
      { numRuns: 50 },
    )
  })

  it('refuses a prefix on a single byte below 0x80', () => {
    for (let byte = 0; byte < 0x80; byte++) rejects(`81${byte.toString(16).padStart(2, '0')}`)
    expect(decodeRlp(fromHex('8180'))).toEqual(Uint8Array.of(0x80))
    rejects('c28105')
  })

  it('refuses the long form for every length below 56', () => {
    for (let length = 0; length < 56; length++) {
      const size = length.toString(16).padStart(2, '0')
      rejects(`b8${size}${'80'.repeat(length)}`)
      rejects(`f8${size}${'80'.repeat(length)}`)
    }
    expect(decodeRlp(fromHex(`b838${'80'.repeat(56)}`))).toHaveLength(56)
    expect(decodeRlp(fromHex(`f838${'80'.repeat(56)}`))).toHaveLength(56)
  })

  it('refuses leading zeros in lengths', () => {
    for (const zeros of [1, 2, 3]) {
      const prefix = (base: number) => `${(base + zeros).toString(16)}${'00'.repeat(zeros)}38`
      rejects(prefix(0xb8) + '80'.repeat(56))
      rejects(prefix(0xf8) + '80'.repeat(56))
    }
  })

  it('refuses an item that runs past its list', () => {
    rejects('c181')
    rejects('c281')
    rejects('c482616283')
    // The inner list claims a byte that belongs to its neighbour.
    rejects('c2c280')
    expect(plain(decodeRlp(fromHex('c2c180')))).toEqual([['']])
  })

  it('refuses the empty input', () => rejects(''))
})

describe('bounds', () => {
  const limits = (changes: Partial<typeof DEFAULT_RLP_LIMITS>) => ({ ...DEFAULT_RLP_LIMITS, ...changes })

  it('bounds the whole input', () => {
    const encoded = encodeRlp(new Uint8Array(10))
    expect(() => decodeRlp(encoded, limits({ maxBytes: 10 }))).toThrow(code('RLP_LIMIT'))
    expect(decodeRlp(encoded, limits({ maxBytes: 11 }))).toHaveLength(10)
  })

  it('bounds the nesting', () => {
    const nested = (depth: number): RlpItem => (depth === 0 ? [] : [nested(depth - 1)])
    expect(() => decodeRlp(encodeRlp(nested(10)))).toThrow(code('RLP_LIMIT'))
    decodeRlp(encodeRlp(nested(9)))
    // Far past any call stack: must end by the bound, not by a stack overflow.
    expect(() => decodeRlp(deeplyNested(100_000))).toThrow(code('RLP_LIMIT'))
  })

  it('bounds the number of items', () => {
    const encoded = encodeRlp([new Uint8Array(0), [new Uint8Array(0)], new Uint8Array(0)])
    expect(() => decodeRlp(encoded, limits({ maxItems: 4 }))).toThrow(code('RLP_LIMIT'))
    expect(decodeRlp(encoded, limits({ maxItems: 5 }))).toHaveLength(3)
  })

  it('refuses lengths of five bytes and more, and does not allocate for a length that is not there', () => {
    rejects('bcff00000000', 'RLP_LIMIT')
    rejects('ffffffffffffffffff', 'RLP_LIMIT')
    rejects('bbffffffff')
    rejects('fbffffffff')
  })
})

describe('integers', () => {
  it('round-trip in their minimal form', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), fc.nat({ max: 256 }), (wide, shift) => {
        const value = wide >> BigInt(shift)
        const encoded = encodeUint(value)
        expect(hexKey(encoded)).toBe(
          value === 0n ? '' : hexKey(bigIntToBytes(value, Math.ceil(value.toString(16).length / 2))),
        )
        expect(rlpUint(encoded)).toBe(value)
        if (value <= Number.MAX_SAFE_INTEGER) {
          expect(encodeUint(Number(value))).toEqual(encoded)
          expect(rlpNumber(encoded)).toBe(Number(value))
        } else expect(() => rlpNumber(encoded)).toThrow(code('RLP_SHAPE'))
      }),
      { numRuns: 500 },
    )
  })

  it('are right around every power of 256', () => {
    for (let power = 0; power <= 31; power++) {
      for (const off of [-1n, 0n, 1n]) {
        const value = (1n << BigInt(8 * power)) + off
        expect(rlpUint(encodeUint(value))).toBe(value)
        expect(rlpUint(decodeRlp(encodeRlp(encodeUint(value))))).toBe(value)
      }
    }
    const most = Number.MAX_SAFE_INTEGER
    for (const value of [most, most - 1]) expect(rlpNumber(encodeUint(value))).toBe(value)
    expect(() => rlpNumber(encodeUint(BigInt(most) + 1n))).toThrow(code('RLP_SHAPE'))
  })

  it('refuse leading zeros at every width', () => {
    for (let length = 1; length <= 32; length++) {
      const padded = new Uint8Array(length).fill(1)
      padded[0] = 0
      expect(() => rlpUint(padded)).toThrow(code('RLP_INVALID'))
      if (length <= 7) expect(() => rlpNumber(padded)).toThrow(code('RLP_INVALID'))
    }
    expect(() => rlpBoolean(Uint8Array.of(0))).toThrow(code('RLP_INVALID'))
  })

  it('refuse more bits than asked for', () => {
    for (const bits of [1, 7, 8, 9, 64, 128, 255, 256]) {
      expect(rlpUint(encodeUint((1n << BigInt(bits)) - 1n), bits)).toBe((1n << BigInt(bits)) - 1n)
      expect(() => rlpUint(encodeUint(1n << BigInt(bits)), bits)).toThrow(code('RLP_SHAPE'))
    }
    expect(() => rlpUint(new Uint8Array(1000).fill(1))).toThrow(code('RLP_SHAPE'))
  })

  it('cannot be encoded when negative, fractional or rounded', () => {
    for (const value of [-1, -1n, 1.5, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => encodeUint(value), `${value}`).toThrow(code('INTEGER_RANGE'))
    }
  })

  it('read booleans as 0 and 1 only', () => {
    expect(rlpBoolean(encodeUint(0))).toBe(false)
    expect(rlpBoolean(encodeUint(1))).toBe(true)
    expect(() => rlpBoolean(encodeUint(2))).toThrow(code('RLP_SHAPE'))
  })
})

describe('shapes', () => {
  const wrong = code('RLP_SHAPE')

  it('tell lists from strings, and check lengths', () => {
    const list = [Uint8Array.of(1), Uint8Array.of(2)]
    expect(rlpList(list, 2)).toBe(list)
    expect(rlpList([])).toEqual([])
    expect(() => rlpList(list, 3)).toThrow(wrong)
    expect(() => rlpList(Uint8Array.of(1))).toThrow(wrong)
    expect(() => rlpList(undefined)).toThrow(wrong)

    const text = Uint8Array.of(1, 2)
    expect(rlpBytes(text, 2)).toBe(text)
    expect(() => rlpBytes(text, 3)).toThrow(wrong)
    expect(() => rlpBytes(list)).toThrow(wrong)
    expect(() => rlpBytes(undefined)).toThrow(wrong)

    expect(rlpBytesMax(text, 2)).toBe(text)
    expect(() => rlpBytesMax(text, 1)).toThrow(wrong)
    for (const read of [rlpUint, rlpNumber, rlpBoolean]) {
      expect(() => read([])).toThrow(wrong)
      expect(() => read(undefined)).toThrow(wrong)
    }
  })
})

/** The decoded item, or undefined where the decoder refuses. Any error without a code of ours is a bug and comes out. */
function attempt(input: Uint8Array): RlpItem | undefined {
  try {
    return decodeRlp(input)
  } catch (error) {
    if (error instanceof QuernError && (error.code === 'RLP_INVALID' || error.code === 'RLP_LIMIT')) return undefined
    throw error
  }
}

/** `depth` lists around nothing, built from the inside out, because the encoder recurses. */
function deeplyNested(depth: number): Uint8Array {
  const headers: Uint8Array[] = []
  let length = 0
  for (let i = 0; i < depth; i++) {
    const size = encodeUint(length)
    const header = length < 56 ? Uint8Array.of(0xc0 + length) : concatBytes(Uint8Array.of(0xf7 + size.length), size)
    headers.push(header)
    length += header.length
  }
  return concatBytes(...headers.reverse())
}
