import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bigIntToBytes,
  bytesId,
  bytesToBigInt,
  compareBytes,
  concatBytes,
  EMPTY_BYTES,
  equalBytes,
  fromHex,
  fromUtf8,
  hexKey,
  putU64,
  readU32,
  readU64,
  toHex,
  u32be,
  u64be,
  utf8,
} from './bytes.ts'

const anyBytes = fc.uint8Array({ maxLength: 80 })
const code = (value: string) => expect.objectContaining({ name: 'QuernError', code: value })

describe('hex', () => {
  it('agrees with Buffer, in either case, with and without prefix', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const hex = Buffer.from(bytes).toString('hex')
        expect(hexKey(bytes)).toBe(hex)
        expect(toHex(bytes)).toBe(`0x${hex}`)
        for (const text of [hex, `0x${hex}`, `0X${hex.toUpperCase()}`]) expect(fromHex(text)).toEqual(bytes)
      }),
    )
  })

  it.each(['0', '0x0', '0x123', 'zz', '0x0g', '0xg0', '+1', ' 1', '0x-1', '\u0661\u0661', '00\u0130'])(
    'refuses %j',
    (text) => {
      expect(() => fromHex(text)).toThrow(code('HEX_INVALID'))
    },
  )

  it('refuses every character that is not a hex digit, in either place', () => {
    for (let unit = 0; unit < 0x180; unit++) {
      const character = String.fromCharCode(unit)
      if (/[0-9a-fA-F]/.test(character)) continue
      expect(() => fromHex(`${character}0`), `${unit}`).toThrow(code('HEX_INVALID'))
      // "0x" alone is a prefix with no digits.
      if (character.toLowerCase() !== 'x')
        expect(() => fromHex(`0${character}`), `${unit}`).toThrow(code('HEX_INVALID'))
    }
  })

  it('reads the empty string', () => {
    expect(fromHex('')).toEqual(EMPTY_BYTES)
    expect(fromHex('0x')).toEqual(EMPTY_BYTES)
  })
})

describe('order and equality', () => {
  it('agrees with Buffer.compare', () => {
    // A small alphabet, so that shared prefixes and equal strings occur.
    const few = fc.array(fc.constantFrom(0, 1, 127, 128, 255), { maxLength: 4 }).map((list) => Uint8Array.from(list))
    fc.assert(
      fc.property(few, few, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b))
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
      }),
      { numRuns: 500 },
    )
  })

  it('sorts a prefix first and bytes as unsigned', () => {
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0)
    expect(compareBytes(Uint8Array.of(0x80), Uint8Array.of(0x7f))).toBeGreaterThan(0)
  })

  it('concatenates into fresh memory', () => {
    const part = Uint8Array.of(1, 2)
    const joined = concatBytes(part, EMPTY_BYTES, part)
    part[0] = 9
    expect(joined).toEqual(Uint8Array.of(1, 2, 1, 2))
    expect(concatBytes()).toEqual(EMPTY_BYTES)
  })
})

describe('integers', () => {
  it('round-trips any width', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        const value = bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
        expect(bytesToBigInt(bytes)).toBe(value)
        if (bytes.length > 0) expect(bigIntToBytes(value, bytes.length)).toEqual(bytes)
      }),
      { numRuns: 500 },
    )
  })

  it('reads the largest value of every width up to 40 bytes', () => {
    for (let length = 0; length <= 40; length++) {
      expect(bytesToBigInt(new Uint8Array(length).fill(0xff))).toBe((1n << BigInt(8 * length)) - 1n)
    }
  })

  it('reads a view that does not start at its buffer', () => {
    expect(bytesToBigInt(Uint8Array.of(9, 9, 1, 0, 9).subarray(2, 4))).toBe(256n)
  })

  it('writes u32 and u64 as DataView does', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffffffff }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (small, large) => {
        const view = new DataView(new ArrayBuffer(12))
        view.setUint32(0, small)
        view.setBigUint64(4, large)
        expect(u32be(small)).toEqual(new Uint8Array(view.buffer, 0, 4))
        expect(u64be(large)).toEqual(new Uint8Array(view.buffer, 4, 8))
      }),
    )
    expect(u32be(0xffffffff)).toEqual(new Uint8Array(4).fill(255))
    expect(u64be(Number.MAX_SAFE_INTEGER)).toEqual(Uint8Array.of(0, 31, 255, 255, 255, 255, 255, 255))
  })

  it.each([-1, 1.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY])('u32be refuses %s', (value) => {
    expect(() => u32be(value)).toThrow(code('INTEGER_RANGE'))
  })

  it.each([-1, 1.5, Number.NaN, 2 ** 53, 1n << 64n, -1n])('u64be refuses %s', (value) => {
    expect(() => u64be(value)).toThrow(code('INTEGER_RANGE'))
  })

  it('bigIntToBytes refuses what does not fit', () => {
    expect(() => bigIntToBytes(256n, 1)).toThrow(code('INTEGER_RANGE'))
    expect(() => bigIntToBytes(-1n, 32)).toThrow(code('INTEGER_RANGE'))
    expect(() => bigIntToBytes(1n << 256n, 32)).toThrow(code('INTEGER_RANGE'))
    expect(() => bigIntToBytes(1n, 0)).toThrow(code('INTEGER_RANGE'))
  })
})

describe('UTF-8', () => {
  const isSurrogate = (point: number) => point >= 0xd800 && point <= 0xdfff
  const codePoint = fc.oneof(fc.nat({ max: 0x7ff }), fc.nat({ max: 0x10ffff })).filter((point) => !isSurrogate(point))

  it('round-trips', () => {
    fc.assert(
      fc.property(fc.array(codePoint), (list) => {
        const text = String.fromCodePoint(...list)
        expect(utf8(text)).toEqual(new Uint8Array(Buffer.from(text)))
        expect(fromUtf8(utf8(text))).toBe(text)
      }),
    )
  })

  it.each(['80', 'c080', 'c3', 'eda080', 'f8888080', 'ff'])('refuses the bytes %s', (hex) => {
    expect(() => fromUtf8(fromHex(hex))).toThrow(code('UTF8_INVALID'))
  })

  // A decoder that drops the mark would give two byte strings one text.
  it('keeps a byte order mark', () => expect(fromUtf8(fromHex('efbbbf41'))).toBe('\ufeffA'))
})

describe('integers in place', () => {
  it('are written and read as a DataView does', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat({ max: 3 }), (value, at) => {
        const ours = new Uint8Array(12).fill(0xaa)
        const theirs = ours.slice()
        putU64(ours, at, value)
        new DataView(theirs.buffer).setBigUint64(at, value)
        expect(ours).toEqual(theirs)
        expect(readU32(ours, at)).toBe(Number(value >> 32n))
        expect(readU64(ours, at)).toBe(Number(value >> 32n) * 2 ** 32 + Number(value & 0xffffffffn))
        if (value > BigInt(Number.MAX_SAFE_INTEGER)) return
        putU64(ours, at, Number(value))
        expect(ours).toEqual(theirs)
        expect(readU64(ours, at)).toBe(Number(value))
      }),
    )
  })

  it('are not read past the end', () => {
    expect(() => readU64(new Uint8Array(8), 1)).toThrow(code('BYTES_CUT_OFF'))
    expect(() => readU32(new Uint8Array(3))).toThrow(code('BYTES_CUT_OFF'))
  })
})

it('a packed string is unique to its bytes, zeros and lengths included', () => {
  const few = fc.array(fc.constantFrom(0, 1, 255), { maxLength: 4 }).map((list) => Uint8Array.from(list))
  const hash = fc.uint8Array({ minLength: 31, maxLength: 33 })
  const either = fc.oneof(few, hash)
  fc.assert(
    fc.property(either, either, (a, b) => {
      expect(bytesId(a) === bytesId(b)).toBe(equalBytes(a, b))
      expect(bytesId(a)).toBe(bytesId(a.slice()))
    }),
    { numRuns: 500 },
  )
  const other = (at: number): Uint8Array => new Uint8Array(32).map((_, i) => (i === at ? 1 : 0))
  const ids = Array.from({ length: 32 }, (_, at) => bytesId(other(at)))
  expect(new Set(ids).size).toBe(32)
})
