/** What verification asks of BN254. Two libraries answer it, to the same verdicts. */
import { ZkError } from '../errors.ts'
import type { CompressedPoint } from './encoding.ts'

/** G1 and G2 are the library's own forms of valid points; each curve takes only its own. */
export interface Curve<G1, G2> {
  /** @throws ZkError `ZK_POINT_CURVE` */
  g1(point: CompressedPoint): G1
  /** @throws ZkError `ZK_POINT_CURVE`, `ZK_POINT_SUBGROUP` */
  g2(point: CompressedPoint): G2
  /** The same point, made ready to be paired often. */
  fixed(point: G2): G2
  negate(point: G1): G1
  /** The sum of each point times its scalar, from 0 to below the group's order. */
  combine(points: readonly G1[], scalars: readonly bigint[]): G1
  /** Whether the pairings of all pairs multiply to one; infinity counts as one. */
  isProductOne(pairs: readonly (readonly [G1, G2])[]): boolean
}

export const notOnCurve = ({ name }: CompressedPoint) =>
  new ZkError('ZK_POINT_CURVE', `${name} is not on the curve: no y goes with this x`)
export const notInSubgroup = ({ name }: CompressedPoint) =>
  new ZkError('ZK_POINT_SUBGROUP', `${name} is on the twist and outside the group`)
