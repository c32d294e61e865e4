import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, hexKey } from '../../core/bytes.ts'
import { assemble, describeInstruction, pushBytes, pushNumber, scriptOf } from './assembly.ts'
import { decodeNumber } from './numbers.ts'
import { OP } from './opcodes.ts'
import { instructions } from './parse.ts'

/** Opcodes of every kind, and pushes of every form. */
const script = fc
  .array(
    fc.oneof(
      fc
        .integer({ min: 0, max: 255 })
        .filter((code) => code === 0 || code > OP.OpPushData4)
        .map((code) => Uint8Array.of(code)),
      fc.uint8Array({ minLength: 1, maxLength: 75 }).map((data) => concatBytes(Uint8Array.of(data.length), data)),
      fc.uint8Array({ maxLength: 255 }).map((data) => concatBytes(Uint8Array.of(OP.OpPushData1, data.length), data)),
      fc
        .uint8Array({ maxLength: 300 })
        .map((data) => concatBytes(Uint8Array.of(OP.OpPushData2, data.length & 255, data.length >> 8), data)),
      fc
        .uint8Array({ maxLength: 20 })
        .map((data) => concatBytes(Uint8Array.of(OP.OpPushData4, data.length, 0, 0, 0), data)),
    ),
    { maxLength: 30 },
  )
  .map((parts) => concatBytes(...parts))

describe('scripts as text', () => {
  it('come back from their listing byte for byte', () => {
    fc.assert(
      fc.property(script, (bytes) => {
        const listing = [...instructions(bytes)].map(({ opcode, data }) => describeInstruction(opcode, data))
        expect(hexKey(assemble(listing.join(' ')))).toBe(hexKey(bytes))
      }),
    )
  })

  it('are numbers, texts, hex, names and comments', () => {
    expect(hexKey(assemble("2 -1 17 1000 'ab' 0x6a51 OpDup dup OP_16 # 3\nOP_0"))).toBe(
      '524f011102e8030261626a5176766000',
    )
    expect(hexKey(assemble(''))).toBe('')
    for (const wrong of ['OpDance', '0x123', "'a", '9223372036854775808']) {
      expect(() => assemble(wrong)).toThrow(expect.objectContaining({ code: 'SCRIPT_TOKEN' }))
    }
  })

  it.each([
    [0, '00'],
    [75, '4b'],
    [76, '4c4c'],
    [255, '4cff'],
    [256, '4d0001'],
    [65_535, '4dffff'],
    [65_536, '4e00000100'],
  ])('a push of %i bytes takes the shortest form', (length, start) => {
    const push = pushBytes(new Uint8Array(length))
    expect(hexKey(push.subarray(0, push.length - length))).toBe(start)
    expect([...instructions(push)][0]?.data).toHaveLength(length)
  })

  it('a number is pushed so that it is read again', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), (value) => {
        const { opcode, data } = [...instructions(pushNumber(value))][0]!
        const small = opcode === OP.Op1Negate ? -1n : BigInt(opcode - OP.OpReserved)
        expect(data.length === 0 && opcode !== OP.OpFalse ? small : decodeNumber(data)).toBe(value)
      }),
    )
  })

  it('parts are joined: opcodes, numbers and bytes', () => {
    expect(hexKey(scriptOf(OP.OpDup, 5n, Uint8Array.of(1, 2)))).toBe('7655020102')
  })
})
