/**
 * The field of order p = 15 * 2^27 + 1 in Montgomery form (R = 2^32), and its extension by x^4 = -11, as RISC Zero lays
 * them out: a seal's words are already in this form. Integers only: every intermediate fits 32 bits.
 */

export const P = 0x7800_0001
/** 1 / p modulo 2^32. */
const P_INVERSE = 0x8800_0001
/** 2^64 mod p: `mul` by it takes an integer into Montgomery form. */
const R_SQUARED = 1_172_168_163

export const add = (a: number, b: number): number => {
  const sum = (a - P + b) | 0
  return (sum + ((sum >> 31) & P)) | 0
}

export const sub = (a: number, b: number): number => {
  const difference = (a - b) | 0
  return (difference + ((difference >> 31) & P)) | 0
}

/** a b / R. Operands and result are below p. */
export function mul(a: number, b: number): number {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0
  const carried = (Math.imul(a0, b1) + (middle & 0xffff)) | 0
  const high = (Math.imul(a1, b1) + (middle >>> 16) + (carried >>> 16)) | 0
  const q = Math.imul(Math.imul(a, b), P_INVERSE)
  // The high word of q p = 2^27 (15 q + q / 2^27); its low word is that of a b, so that the difference of the high words is all.
  const reduced = (Math.imul(q >>> 5, 15) + ((Math.imul(q & 31, 15) + (q >>> 27)) >>> 5)) | 0
  return sub(high, reduced)
}

/** Into Montgomery form; `integer` is below p. */
export const encode = (integer: number): number => mul(integer, R_SQUARED)
export const decode = (element: number): number => mul(element, 1)

export const ONE = encode(1)

export function pow(base: number, exponent: number): number {
  let result = ONE
  let square = base
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = mul(result, square)
    square = mul(square, square)
  }
  return result
}

/** 0 for 0. */
export const inverse = (a: number): number => pow(a, P - 2)

/** Powers of two up to which there is a root of unity. */
const MAX_ROOT_PO2 = 27

/** `ROOTS[k]` has order 2^k; `INVERSE_ROOTS[k]` is its inverse. */
export const ROOTS: readonly number[] = Array.from({ length: MAX_ROOT_PO2 + 1 }, (_, k) =>
  pow(encode(137), 2 ** (MAX_ROOT_PO2 - k)),
)
export const INVERSE_ROOTS: readonly number[] = ROOTS.map(inverse)

/** Coefficients of 1, x, x^2, x^3. */
export type Ext = readonly [number, number, number, number]

export const EXT_WORDS = 4
export const EXT_ZERO: Ext = [0, 0, 0, 0]
export const EXT_ONE: Ext = [ONE, 0, 0, 0]
/** x^4 */
const MINUS_11 = encode(P - 11)

export const fromBase = (a: number): Ext => [a, 0, 0, 0]
export const readExt = (words: ArrayLike<number>, at: number): Ext => [
  words[at]!,
  words[at + 1]!,
  words[at + 2]!,
  words[at + 3]!,
]

export const extEquals = (a: Ext, b: Ext): boolean => a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3]

export const extAdd = (a: Ext, b: Ext): Ext => [add(a[0], b[0]), add(a[1], b[1]), add(a[2], b[2]), add(a[3], b[3])]
export const extSub = (a: Ext, b: Ext): Ext => [sub(a[0], b[0]), sub(a[1], b[1]), sub(a[2], b[2]), sub(a[3], b[3])]
export const extScale = (a: Ext, b: number): Ext => [mul(a[0], b), mul(a[1], b), mul(a[2], b), mul(a[3], b)]

export function extMul(a: Ext, b: Ext): Ext {
  const [a0, a1, a2, a3] = a
  const [b0, b1, b2, b3] = b
  const x4 = add(add(mul(a1, b3), mul(a2, b2)), mul(a3, b1))
  const x5 = add(mul(a2, b3), mul(a3, b2))
  const x6 = mul(a3, b3)
  return [
    add(mul(a0, b0), mul(x4, MINUS_11)),
    add(add(mul(a0, b1), mul(a1, b0)), mul(x5, MINUS_11)),
    add(add(mul(a0, b2), mul(a1, b1)), add(mul(a2, b0), mul(x6, MINUS_11))),
    add(add(mul(a0, b3), mul(a1, b2)), add(mul(a2, b1), mul(a3, b0))),
  ]
}

export function extPow(base: Ext, exponent: number): Ext {
  let result = EXT_ONE
  let square = base
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = extMul(result, square)
    square = extMul(square, square)
  }
  return result
}

/** 0 for 0. With b = a(-x), a b has even powers only; the same once more leaves an element of the base field. */
export function extInverse(a: Ext): Ext {
  const [a0, a1, a2, a3] = a
  const b: Ext = [a0, sub(0, a1), a2, sub(0, a3)]
  const [c0, , c2] = extMul(a, b)
  const conjugate: Ext = [c0, 0, sub(0, c2), 0]
  const [norm] = extMul([c0, 0, c2, 0], conjugate)
  return extScale(extMul(b, conjugate), inverse(norm))
}

/** c0 + c1 x + c2 x^2 + ... */
export function evaluate(coefficients: readonly Ext[], x: Ext): Ext {
  let total = EXT_ZERO
  for (let i = coefficients.length - 1; i >= 0; i--) total = extAdd(extMul(total, x), coefficients[i]!)
  return total
}
