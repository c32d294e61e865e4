import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  add,
  decode,
  EXT_ONE,
  type Ext,
  encode,
  evaluate,
  extAdd,
  extInverse,
  extMul,
  extPow,
  extScale,
  extSub,
  fromBase,
  INVERSE_ROOTS,
  inverse,
  mul,
  ONE,
  P,
  pow,
  ROOTS,
  sub,
} from './babybear.ts'
import { foldPoints } from './fri.ts'

const MODULUS = BigInt(P)
const integer = fc.oneof(
  fc.integer({ min: 0, max: P - 1 }),
  fc.constantFrom(0, 1, 2, P - 1, P - 2, 2 ** 27, 0xffff, 0x10000),
)
const element = integer.map(encode)
const ext: fc.Arbitrary<Ext> = fc.tuple(element, element, element, element)

describe('base field', () => {
  it('agrees with integers modulo p', () => {
    fc.assert(
      fc.property(integer, integer, (a, b) => {
        const [x, y] = [encode(a), encode(b)]
        expect(decode(x)).toBe(a)
        expect(x).toBe(Number((BigInt(a) << 32n) % MODULUS))
        expect(decode(add(x, y))).toBe((a + b) % P)
        expect(decode(sub(x, y))).toBe((a - b + P) % P)
        expect(BigInt(decode(mul(x, y)))).toBe((BigInt(a) * BigInt(b)) % MODULUS)
      }),
      { numRuns: 500 },
    )
  })

  it('has powers, inverses and roots of unity', () => {
    expect(decode(ONE)).toBe(1)
    expect(inverse(0)).toBe(0)
    expect(decode(pow(encode(3), 5))).toBe(243)
    expect(mul(inverse(encode(12_345)), encode(12_345))).toBe(ONE)
    expect(ROOTS.map(decode).slice(0, 5)).toEqual([1, P - 1, 284_861_408, 1_801_542_727, 567_209_306])
    for (const [k, root] of ROOTS.entries()) {
      expect(mul(root, INVERSE_ROOTS[k]!)).toBe(ONE)
      expect(pow(root, 2 ** k)).toBe(ONE)
      if (k > 0) expect(pow(root, 2 ** (k - 1))).not.toBe(ONE)
    }
  })
})

describe('extension', () => {
  it('is a field in which x^4 = -11', () => {
    const x: Ext = [0, ONE, 0, 0]
    expect(extPow(x, 4)).toEqual(fromBase(encode(P - 11)))
    fc.assert(
      fc.property(ext, ext, ext, (a, b, c) => {
        expect(extMul(a, b)).toEqual(extMul(b, a))
        expect(extMul(extMul(a, b), c)).toEqual(extMul(a, extMul(b, c)))
        expect(extMul(a, extAdd(b, c))).toEqual(extAdd(extMul(a, b), extMul(a, c)))
        expect(extAdd(extSub(a, b), b)).toEqual(a)
        expect(extScale(a, b[0])).toEqual(extMul(a, fromBase(b[0])))
        if (a.some((word) => word !== 0)) expect(extMul(a, extInverse(a))).toEqual(EXT_ONE)
      }),
    )
    expect(extInverse([0, 0, 0, 0])).toEqual([0, 0, 0, 0])
  })

  it('folds 16 points to the value of the polynomial through them', () => {
    fc.assert(
      fc.property(fc.array(ext, { minLength: 16, maxLength: 16 }), ext, (coefficients, x) => {
        const points = Array.from({ length: 16 }, (_, i) => evaluate(coefficients, fromBase(pow(ROOTS[4]!, i))))
        expect(foldPoints(points, x)).toEqual(evaluate(coefficients, x))
      }),
      { numRuns: 20 },
    )
  })
})
