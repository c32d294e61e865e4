import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexKey } from '../bytes.ts'
import { childPosition, keyBit, positionFromId, positionId, positionLevel, positionOf, splitAt } from './position.ts'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('positions', () => {
  it('hold the first bits of the key, zeros, and the level', () => {
    const ones = new Uint8Array(32).fill(0xff)
    expect(hexKey(positionOf(ones, 0))).toBe('00'.repeat(34))
    expect(hexKey(positionOf(ones, 1))).toBe(`80${'00'.repeat(31)}0001`)
    expect(hexKey(positionOf(ones, 12))).toBe(`fff0${'00'.repeat(30)}000c`)
    expect(hexKey(positionOf(ones, 256))).toBe(`${'ff'.repeat(32)}0100`)
  })

  it('a child extends its parent by one bit', () => {
    fc.assert(
      fc.property(key, fc.nat(255), fc.nat(1), (of, level, bit) => {
        const child = childPosition(of, level, bit)
        expect(positionLevel(child)).toBe(level + 1)
        expect(keyBit(child, level)).toBe(bit)
        expect(positionOf(child, level)).toEqual(positionOf(of, level))
      }),
    )
  })

  it('have ids that differ exactly when they do', () => {
    const level = fc.integer({ min: 0, max: 256 })
    fc.assert(
      fc.property(key, level, key, level, fc.boolean(), (a, levelA, b, levelB, near) => {
        const one = positionOf(a, levelA)
        const other = near ? childPosition(a, Math.max(levelA, 1) - 1, b[0]! & 1) : positionOf(b, levelB)
        expect(positionFromId(positionId(one))).toEqual(one)
        expect(positionId(one) === positionId(other)).toBe(hexKey(one) === hexKey(other))
      }),
    )
  })

  it('split a sorted range where the bit turns', () => {
    const keyed = [0x00, 0x10, 0x40, 0x80, 0xc0].map((first) => ({ key: new Uint8Array(32).fill(first, 0, 1) }))
    expect(splitAt(keyed, 0, 5, 0)).toBe(3)
    expect(splitAt(keyed, 0, 3, 1)).toBe(2)
    expect(splitAt(keyed, 0, 2, 2)).toBe(2)
    expect(splitAt(keyed, 4, 5, 1)).toBe(4)
  })
})
