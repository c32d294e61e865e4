/** BN254 by noble: plain JavaScript, the reference. */
import { bn254 } from '@noble/curves/bn254.js'
import { type Curve, notInSubgroup, notOnCurve } from './curve.ts'
import { littleEndian } from './encoding.ts'

const { Fp, Fp2, Fp12 } = bn254.fields
const G1 = bn254.G1.Point
const G2 = bn254.G2.Point
type G1Point = InstanceType<typeof G1>
type G2Point = InstanceType<typeof G2>

const B1 = 3n
/** 3 / (9 + u) */
const B2 = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]))

/** undefined unless there is a root: noble throws then. */
function rootOf<T>(root: () => T): T | undefined {
  try {
    return root()
  } catch {
    return undefined
  }
}

export const nobleCurve: Curve<G1Point, G2Point> = {
  g1: (point) => {
    if (point.isInfinity) return G1.ZERO
    const x = littleEndian(point.x[0]!)
    const y = rootOf(() => Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), B1)))
    if (y === undefined) throw notOnCurve(point)
    const isLarger = y > Fp.neg(y)
    return G1.fromAffine({ x, y: isLarger === point.isLarger ? y : Fp.neg(y) })
  },

  g2: (point) => {
    if (point.isInfinity) return G2.ZERO
    const x = Fp2.fromBigTuple([littleEndian(point.x[0]!), littleEndian(point.x[1]!)])
    const y = rootOf(() => Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), B2)))
    if (y === undefined) throw notOnCurve(point)
    const other = Fp2.neg(y)
    const isLarger = y.c1 === other.c1 ? y.c0 > other.c0 : y.c1 > other.c1
    const result = G2.fromAffine({ x, y: isLarger === point.isLarger ? y : other })
    if (!result.isTorsionFree()) throw notInSubgroup(point)
    return result
  },

  fixed: (point) => point,
  negate: (point) => point.negate(),

  combine: (points, scalars) => {
    let sum = G1.ZERO
    for (const [i, point] of points.entries()) sum = sum.add(point.multiplyUnsafe(scalars[i]!))
    return sum
  },

  isProductOne: (pairs) => {
    const terms = pairs.filter(([g1, g2]) => !g1.is0() && !g2.is0()).map(([g1, g2]) => ({ g1, g2 }))
    return Fp12.eql(bn254.pairingBatch(terms), Fp12.ONE)
  },
}
