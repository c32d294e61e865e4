/** Points, keys and proofs in affine coordinates, as provers give them, in arkworks' encoding. */
import { concatBytes } from '../../../core/bytes.ts'
import { FIELD_BYTES, FIELD_ORDER, G1_BYTES, G2_BYTES } from './encoding.ts'

/** x, y */
export type AffineG1 = readonly [bigint, bigint]
/** x, y; of each the constant and the factor of u. */
export type AffineG2 = readonly [readonly [bigint, bigint], readonly [bigint, bigint]]

export interface AffineKey {
  readonly alpha: AffineG1
  readonly beta: AffineG2
  readonly gamma: AffineG2
  readonly delta: AffineG2
  readonly gammaAbc: readonly AffineG1[]
}

/** 32 bytes, little endian. */
export function encodeField(value: bigint): Uint8Array {
  const bytes = new Uint8Array(FIELD_BYTES)
  for (let i = 0, rest = value; i < FIELD_BYTES; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}

const INFINITY_FLAG = 0x40

function infinity(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes[length - 1] = INFINITY_FLAG
  return bytes
}

export const INFINITY_G1 = infinity(G1_BYTES)
export const INFINITY_G2 = infinity(G2_BYTES)

const isLargerRoot = (y: bigint): boolean => 2n * y > FIELD_ORDER

function flagLarger(bytes: Uint8Array, isLarger: boolean): Uint8Array {
  const last = bytes.length - 1
  bytes[last] = bytes[last]! | (isLarger ? 0x80 : 0)
  return bytes
}

export const compressG1 = ([x, y]: AffineG1): Uint8Array => flagLarger(encodeField(x), isLargerRoot(y))

export const compressG2 = ([x, y]: AffineG2): Uint8Array =>
  flagLarger(concatBytes(encodeField(x[0]), encodeField(x[1])), isLargerRoot(y[1] === 0n ? y[0] : y[1]))

export function encodeKey({ alpha, beta, gamma, delta, gammaAbc }: AffineKey): Uint8Array {
  const count = new Uint8Array(8)
  new DataView(count.buffer).setBigUint64(0, BigInt(gammaAbc.length), true)
  const g2 = [beta, gamma, delta].map(compressG2)
  return concatBytes(compressG1(alpha), ...g2, count, ...gammaAbc.map(compressG1))
}

export const encodeProof = (a: AffineG1, b: AffineG2, c: AffineG1): Uint8Array =>
  concatBytes(compressG1(a), compressG2(b), compressG1(c))
