/**
 * Groth16 in miniature, for tests: set-up, prover and arkworks' encoding over noble's curve, with the trapdoor known. The
 * circuit says "I know a square root of each public input": variables 1, x[i], s[i] and constraints s[i] s[i] = x[i] on the
 * points 1 to n, 1 * 1 = 1 on the point n + 1.
 */
import { bn254 } from '@noble/curves/bn254.js'
import { utf8 } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { type AffineG1, type AffineG2, encodeField, encodeKey, encodeProof } from '../groth16/compress.ts'
import { GROUP_ORDER, littleEndian } from '../groth16/encoding.ts'
import type { Groth16Statement } from '../groth16/groth16.ts'

const { Fr } = bn254.fields
const G1 = bn254.G1.Point
const G2 = bn254.G2.Point
type G1Point = InstanceType<typeof G1>
type G2Point = InstanceType<typeof G2>

export const affineG1 = (point: G1Point): AffineG1 => {
  const { x, y } = point.toAffine()
  return [x, y]
}
export const affineG2 = (point: G2Point): AffineG2 => {
  const { x, y } = point.toAffine()
  return [
    [x.c0, x.c1],
    [y.c0, y.c1],
  ]
}

/** A scalar other than 0, from a label. */
const scalarOf = (label: string): bigint => 1n + (littleEndian(sha256(utf8(label))) % (GROUP_ORDER - 1n))

const inG1 = (scalar: bigint): AffineG1 => affineG1(G1.BASE.multiplyUnsafe(Fr.create(scalar)))
const inG2 = (scalar: bigint): AffineG2 => affineG2(G2.BASE.multiplyUnsafe(Fr.create(scalar)))

/** Each Lagrange polynomial of the points 1 to n, at tau. */
function lagrange(n: number, tau: bigint): bigint[] {
  const points = Array.from({ length: n }, (_, i) => BigInt(i + 1))
  return points.map((own) => {
    let value = Fr.ONE
    for (const other of points) {
      if (other !== own) value = Fr.mul(value, Fr.div(Fr.sub(tau, other), Fr.sub(own, other)))
    }
    return value
  })
}

export interface ToyProver {
  readonly key: Uint8Array
  /** A statement about the squares of these secrets; `blind` makes other proofs of the same. */
  prove(secrets: readonly bigint[], blind?: string): Groth16Statement
}

/** @param inputs of the circuit; another `label` makes another key */
export function toyGroth16(inputs: number, label = 'toy'): ToyProver {
  const secret = (name: string): bigint => scalarOf(`${label}/${name}`)
  const [tau, alpha, beta, gamma, delta] = [
    secret('tau'),
    secret('alpha'),
    secret('beta'),
    secret('gamma'),
    secret('delta'),
  ]
  const basis = lagrange(inputs + 1, tau)
  const one = basis[inputs]!
  let vanishing = Fr.ONE
  for (let i = 1n; i <= BigInt(inputs) + 1n; i++) vanishing = Fr.mul(vanishing, Fr.sub(tau, i))

  // x[i] stands on the right side of its constraint, s[i] on both factors, 1 on all three places of the last.
  const ofOne = Fr.mul(Fr.add(Fr.add(alpha, beta), 1n), one)
  const publicTerms = [ofOne, ...basis.slice(0, inputs)]
  const key = encodeKey({
    alpha: inG1(alpha),
    beta: inG2(beta),
    gamma: inG2(gamma),
    delta: inG2(delta),
    gammaAbc: publicTerms.map((term) => inG1(Fr.div(term, gamma))),
  })

  return {
    key,
    prove: (secrets, blind = 'blind') => {
      if (secrets.length !== inputs) throw new Error(`the circuit has ${inputs} inputs`)
      const squares = secrets.map((value) => Fr.sqr(Fr.create(value)))
      const dot = (values: readonly bigint[]) =>
        values.reduce((sum, value, i) => Fr.add(sum, Fr.mul(Fr.create(value), basis[i]!)), 0n)
      const hiddenFactor = dot(secrets)
      const factor = Fr.add(hiddenFactor, one)
      const quotient = Fr.div(Fr.sub(Fr.sqr(factor), Fr.add(dot(squares), one)), vanishing)
      const [r, s] = [secret(`${blind}/r`), secret(`${blind}/s`)]
      const a = Fr.add(Fr.add(alpha, factor), Fr.mul(r, delta))
      const b = Fr.add(Fr.add(beta, factor), Fr.mul(s, delta))
      const hidden = Fr.add(Fr.mul(Fr.add(alpha, beta), hiddenFactor), Fr.mul(quotient, vanishing))
      const blinding = Fr.sub(Fr.add(Fr.mul(a, s), Fr.mul(b, r)), Fr.mul(Fr.mul(r, s), delta))
      const c = Fr.add(Fr.div(hidden, delta), blinding)
      return { key, proof: encodeProof(inG1(a), inG2(b), inG1(c)), inputs: squares.map(encodeField) }
    },
  }
}
