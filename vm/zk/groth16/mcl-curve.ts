/**
 * BN254 by mcl's WebAssembly, four times as fast as the reference. The package keeps one curve for the whole process, which
 * anybody may exchange; this takes an instance of its own from the compiled module below it, and talks to that alone.
 *
 * A point is a copy of mcl's bytes, Jacobian, and is brought back in for each operation: there is nothing to free.
 */
import createModule from 'mcl-wasm/dist/mcl_c.js'
import { QuernError } from '../../../core/errors.ts'
import { type Curve, notInSubgroup, notOnCurve } from './curve.ts'
import { FIELD_BYTES } from './encoding.ts'

/** mcl's number for the curve of Ethereum's precompiles, which it also calls alt_bn128. */
const BN_SNARK1 = 4
/** Words of a field element and of a scalar that the module is compiled for. */
const COMPILED_FOR = 46

type Pointer = number

/** The part of mcl's C interface (`mcl/bn.h`) in use here. */
interface Mcl {
  readonly wasmMemory: { readonly buffer: ArrayBuffer }
  _malloc(bytes: number): Pointer
  _mclBn_init(curve: number, compiledFor: number): number
  _mclBn_getUint64NumToPrecompute(): number
  _mclBnFp_setInt32(out: Pointer, value: number): void
  _mclBnFp_setLittleEndian(out: Pointer, bytes: Pointer, length: number): number
  _mclBnFp_getLittleEndian(out: Pointer, size: number, value: Pointer): number
  _mclBnFp_isZero(value: Pointer): number
  _mclBnFp_isNegative(value: Pointer): number
  _mclBnFp_sqr(out: Pointer, a: Pointer): void
  _mclBnFp_mul(out: Pointer, a: Pointer, b: Pointer): void
  _mclBnFp_add(out: Pointer, a: Pointer, b: Pointer): void
  _mclBnFp_neg(out: Pointer, a: Pointer): void
  _mclBnFp_squareRoot(out: Pointer, a: Pointer): number
  _mclBnFp2_sqr(out: Pointer, a: Pointer): void
  _mclBnFp2_mul(out: Pointer, a: Pointer, b: Pointer): void
  _mclBnFp2_div(out: Pointer, a: Pointer, b: Pointer): void
  _mclBnFp2_add(out: Pointer, a: Pointer, b: Pointer): void
  _mclBnFp2_neg(out: Pointer, a: Pointer): void
  _mclBnFp2_squareRoot(out: Pointer, a: Pointer): number
  _mclBnG1_neg(out: Pointer, point: Pointer): void
  _mclBnG1_isZero(point: Pointer): number
  _mclBnG1_normalize(out: Pointer, point: Pointer): void
  _mclBnG1_mulVec(out: Pointer, points: Pointer, scalars: Pointer, count: number): void
  _mclBnG2_isValidOrder(point: Pointer): number
  _mclBnFr_setLittleEndian(out: Pointer, bytes: Pointer, length: number): number
  _mclBn_precomputeG2(lines: Pointer, point: Pointer): void
  _mclBn_precomputedMillerLoop(out: Pointer, g1: Pointer, lines: Pointer): void
  _mclBn_millerLoopVec(out: Pointer, g1: Pointer, g2: Pointer, count: number): void
  _mclBn_finalExp(out: Pointer, value: Pointer): void
  _mclBnGT_setInt32(out: Pointer, value: number): void
  _mclBnGT_mul(out: Pointer, a: Pointer, b: Pointer): void
  _mclBnGT_isOne(value: Pointer): number
}

const FP = 48
const FR = 32
const G1 = 3 * FP
const G2 = 6 * FP
const GT = 12 * FP

/** Points that one call takes: more are done in pieces of this size. */
const MAX_POINTS = 256

interface G2Point {
  /** Absent at infinity. */
  readonly point: Uint8Array | undefined
  /** Of `fixed`: the lines of its Miller loop. */
  readonly lines?: Uint8Array
}

/**
 * @throws QuernError `MCL_UNAVAILABLE` where WebAssembly is switched off
 */
export async function loadMclCurve(): Promise<Curve<Uint8Array, G2Point>> {
  let mcl: Mcl
  try {
    mcl = (await createModule({ cryptoGetRandomValues: noRandomness })) as Mcl
  } catch (cause) {
    throw new QuernError(
      'MCL_UNAVAILABLE',
      'WebAssembly is switched off here: start Node.js without --jitless',
      {},
      { cause },
    )
  }
  if (mcl._mclBn_init(BN_SNARK1, COMPILED_FOR) !== 0) {
    throw new QuernError('MCL_UNAVAILABLE', 'mcl-wasm has no BN254: install the version that package.json names')
  }
  return mclCurve(mcl)
}

/** mcl draws secrets with it, and verification has none. */
function noRandomness(): never {
  throw new QuernError('ASSERTION_FAILED', 'verification draws no randomness')
}

function mclCurve(mcl: Mcl): Curve<Uint8Array, G2Point> {
  const lineBytes = 8 * mcl._mclBn_getUint64NumToPrecompute()
  const bytesAt = mcl._malloc(FIELD_BYTES)
  const x = mcl._malloc(2 * FP)
  const y = mcl._malloc(2 * FP)
  const b1 = mcl._malloc(FP)
  const b2 = mcl._malloc(2 * FP)
  const g1s = mcl._malloc(MAX_POINTS * G1)
  const g2s = mcl._malloc(MAX_POINTS * G2)
  const scalarsAt = mcl._malloc(MAX_POINTS * FR)
  const linesAt = mcl._malloc(lineBytes)
  const sum = mcl._malloc(G1)
  const product = mcl._malloc(GT)
  const factor = mcl._malloc(GT)

  const put = (at: Pointer, bytes: Uint8Array) => new Uint8Array(mcl.wasmMemory.buffer).set(bytes, at)
  const take = (at: Pointer, length: number) => new Uint8Array(mcl.wasmMemory.buffer, at, length).slice()
  const putField = (at: Pointer, bytes: Uint8Array) => {
    put(bytesAt, bytes)
    mcl._mclBnFp_setLittleEndian(at, bytesAt, FIELD_BYTES)
  }

  mcl._mclBnFp_setInt32(b1, 3)
  mcl._mclBnFp_setInt32(b2, 3)
  mcl._mclBnFp_setInt32(b2 + FP, 0)
  mcl._mclBnFp_setInt32(y, 9)
  mcl._mclBnFp_setInt32(y + FP, 1)
  mcl._mclBnFp2_div(b2, b2, y)

  const isInfinity = (point: Uint8Array): boolean => {
    put(g1s, point)
    return mcl._mclBnG1_isZero(g1s) === 1
  }

  /** "Negative" is mcl's word for the larger of two roots. */
  const isLargerY = (length: number): boolean => {
    if (length === 1 || mcl._mclBnFp_isZero(y + FP) === 1) return mcl._mclBnFp_isNegative(y) === 1
    return mcl._mclBnFp_isNegative(y + FP) === 1
  }

  return {
    g1: (point) => {
      if (point.isInfinity) return new Uint8Array(G1)
      putField(x, point.x[0]!)
      mcl._mclBnFp_sqr(y, x)
      mcl._mclBnFp_mul(y, y, x)
      mcl._mclBnFp_add(y, y, b1)
      if (mcl._mclBnFp_squareRoot(y, y) !== 0) throw notOnCurve(point)
      if (isLargerY(1) !== point.isLarger) mcl._mclBnFp_neg(y, y)
      const bytes = new Uint8Array(G1)
      bytes.set(take(x, FP), 0)
      bytes.set(take(y, FP), FP)
      mcl._mclBnFp_setInt32(y, 1)
      bytes.set(take(y, FP), 2 * FP)
      return bytes
    },

    g2: (point) => {
      if (point.isInfinity) return { point: undefined }
      putField(x, point.x[0]!)
      putField(x + FP, point.x[1]!)
      mcl._mclBnFp2_sqr(y, x)
      mcl._mclBnFp2_mul(y, y, x)
      mcl._mclBnFp2_add(y, y, b2)
      if (mcl._mclBnFp2_squareRoot(y, y) !== 0) throw notOnCurve(point)
      if (isLargerY(2) !== point.isLarger) mcl._mclBnFp2_neg(y, y)
      const bytes = new Uint8Array(G2)
      bytes.set(take(x, 2 * FP), 0)
      bytes.set(take(y, 2 * FP), 2 * FP)
      mcl._mclBnFp_setInt32(y, 1)
      bytes.set(take(y, FP), 4 * FP)
      put(g2s, bytes)
      if (mcl._mclBnG2_isValidOrder(g2s) !== 1) throw notInSubgroup(point)
      return { point: bytes }
    },

    fixed: ({ point }) => {
      if (point === undefined) return { point }
      put(g2s, point)
      mcl._mclBn_precomputeG2(linesAt, g2s)
      return { point, lines: take(linesAt, lineBytes) }
    },

    negate: (point) => {
      put(g1s, point)
      mcl._mclBnG1_neg(g1s, g1s)
      return take(g1s, G1)
    },

    combine: (points, scalars) => combine(points, scalars),

    isProductOne: (pairs) => {
      const terms = pairs.filter(([g1, g2]) => g2.point !== undefined && !isInfinity(g1))
      mcl._mclBnGT_setInt32(product, 1)
      const loose: (readonly [Uint8Array, Uint8Array])[] = []
      for (const [g1, { point, lines }] of terms) {
        if (lines === undefined) {
          loose.push([g1, point!])
          continue
        }
        put(g1s, g1)
        put(linesAt, lines)
        mcl._mclBnG1_normalize(g1s, g1s)
        mcl._mclBn_precomputedMillerLoop(factor, g1s, linesAt)
        mcl._mclBnGT_mul(product, product, factor)
      }
      for (let from = 0; from < loose.length; from += MAX_POINTS) {
        const some = loose.slice(from, from + MAX_POINTS)
        for (const [i, [g1, g2]] of some.entries()) {
          put(g1s + i * G1, g1)
          put(g2s + i * G2, g2)
          mcl._mclBnG1_normalize(g1s + i * G1, g1s + i * G1)
        }
        mcl._mclBn_millerLoopVec(factor, g1s, g2s, some.length)
        mcl._mclBnGT_mul(product, product, factor)
      }
      mcl._mclBn_finalExp(product, product)
      return mcl._mclBnGT_isOne(product) === 1
    },
  }

  function combine(points: readonly Uint8Array[], scalars: readonly bigint[]): Uint8Array {
    if (points.length > MAX_POINTS - 1) {
      const head = combine(points.slice(0, MAX_POINTS - 1), scalars.slice(0, MAX_POINTS - 1))
      return combine([head, ...points.slice(MAX_POINTS - 1)], [1n, ...scalars.slice(MAX_POINTS - 1)])
    }
    for (const [i, point] of points.entries()) {
      put(g1s + i * G1, point)
      put(bytesAt, littleEndianBytes(scalars[i]!))
      mcl._mclBnFr_setLittleEndian(scalarsAt + i * FR, bytesAt, FIELD_BYTES)
    }
    mcl._mclBnG1_mulVec(sum, g1s, scalarsAt, points.length)
    return take(sum, G1)
  }
}

function littleEndianBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(FIELD_BYTES)
  for (let i = 0, rest = value; i < FIELD_BYTES; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}
