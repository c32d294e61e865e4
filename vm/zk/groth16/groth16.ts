/**
 * Groth16 over BN254 (Groth, "On the Size of Pairing-based Non-interactive Arguments", 2016), tag 0x20: for a key and public
 * inputs x, a proof (A, B, C) holds when
 *
 *     e(A, B) = e(alpha, beta) e(L, gamma) e(C, delta)          L = gamma_abc[0] + sum of x[i] gamma_abc[i + 1]
 *
 * Proofs of one key are checked together: with coefficients r[i] drawn from a hash of them all, the product of the equations
 * raised to r[i] fails, but for a chance of 2^-128, when one of them does; then each is checked alone. So a verdict never
 * depends on the company a proof came in.
 *
 * A proof can be changed into another valid proof of the same inputs: its bytes identify nothing.
 */
import { hexKey } from '../../../core/bytes.ts'
import { domainHash, sha256 } from '../../../core/hash.ts'
import { verdictOf, ZkError, type ZkVerdict } from '../errors.ts'
import { RecentMap } from '../recent.ts'
import type { Curve } from './curve.ts'
import { checkArity, decodeInput, decodeKey, decodeProof, GROUP_ORDER, littleEndian } from './encoding.ts'

/** In arkworks' compressed encoding. */
export interface Groth16Statement {
  readonly key: Uint8Array
  readonly proof: Uint8Array
  /** 32 bytes little endian each. */
  readonly inputs: readonly Uint8Array[]
}

export interface Groth16Verifier {
  verify(statement: Groth16Statement): ZkVerdict
  /** One verdict for each, equal to `verify`'s. */
  verifyBatch(statements: readonly Groth16Statement[]): ZkVerdict[]
}

/** Decoded keys, some 80 KiB each. A chain has one for each program and proof system release in use. */
const MAX_KEYS = 64
/** Proofs checked together: each further one saves less. */
const MAX_TOGETHER = 64
const COEFFICIENT_BYTES = 16

interface PreparedKey<G1, G2> {
  readonly alpha: G1
  readonly beta: G2
  readonly gamma: G2
  readonly delta: G2
  readonly gammaAbc: readonly G1[]
}

interface Prepared<G1, G2> {
  readonly key: PreparedKey<G1, G2>
  readonly a: G1
  readonly b: G2
  readonly c: G1
  readonly inputs: readonly bigint[]
}

export function groth16Verifier<G1, G2>(curve: Curve<G1, G2>): Groth16Verifier {
  const keys = new RecentMap<PreparedKey<G1, G2>>(MAX_KEYS)

  function prepareKey(bytes: Uint8Array, inputs: number): PreparedKey<G1, G2> {
    checkArity(bytes, inputs)
    const name = hexKey(sha256(bytes))
    const known = keys.get(name)
    if (known !== undefined) return known
    const { alpha, beta, gamma, delta, gammaAbc } = decodeKey(bytes, inputs)
    const key = {
      alpha: curve.g1(alpha),
      beta: curve.fixed(curve.g2(beta)),
      gamma: curve.fixed(curve.g2(gamma)),
      delta: curve.fixed(curve.g2(delta)),
      gammaAbc: gammaAbc.map(curve.g1),
    }
    keys.set(name, key)
    return key
  }

  function prepare(statement: Groth16Statement): Prepared<G1, G2> {
    const inputs = statement.inputs.map(decodeInput)
    const key = prepareKey(statement.key, inputs.length)
    const { a, b, c } = decodeProof(statement.proof)
    return { key, a: curve.g1(a), b: curve.g2(b), c: curve.g1(c), inputs }
  }

  /** All of one key. With A negated, both sides of the equation are one product. */
  function hold(
    key: PreparedKey<G1, G2>,
    proofs: readonly Prepared<G1, G2>[],
    coefficients: readonly bigint[],
  ): boolean {
    const total = coefficients.reduce((sum, r) => sum + r, 0n) % GROUP_ORDER
    const weights = key.gammaAbc.map((_, i) => {
      if (i === 0) return total
      let weight = 0n
      for (const [p, { inputs }] of proofs.entries()) weight += coefficients[p]! * inputs[i - 1]!
      return weight % GROUP_ORDER
    })
    const times = (point: G1, r: bigint) => (r === 1n ? point : curve.combine([point], [r]))
    return curve.isProductOne([
      ...proofs.map(({ a, b }, i) => [curve.negate(times(a, coefficients[i]!)), b] as const),
      [times(key.alpha, total), key.beta],
      [curve.combine(key.gammaAbc, weights), key.gamma],
      [
        proofs.length === 1
          ? proofs[0]!.c
          : curve.combine(
              proofs.map(({ c }) => c),
              coefficients,
            ),
        key.delta,
      ],
    ])
  }

  const checkAlone = (prepared: Prepared<G1, G2>): ZkVerdict =>
    verdictOf(() => {
      if (!hold(prepared.key, [prepared], [1n])) throw falseProof()
    })

  return {
    verify: (statement) =>
      verdictOf(() => {
        const prepared = prepare(statement)
        if (!hold(prepared.key, [prepared], [1n])) throw falseProof()
      }),

    verifyBatch: (statements) => {
      const prepared: (Prepared<G1, G2> | undefined)[] = []
      const verdicts = statements.map((statement, i) =>
        verdictOf(() => {
          prepared[i] = prepare(statement)
        }),
      )
      for (const group of groupsOfOneKey(statements, prepared)) {
        const together = group.map((i) => prepared[i]!)
        const coefficients = drawCoefficients(group.map((i) => statements[i]!))
        if (together.length > 1 && hold(together[0]!.key, together, coefficients)) continue
        for (const i of group) verdicts[i] = checkAlone(prepared[i]!)
      }
      return verdicts
    },
  }
}

const falseProof = () => new ZkError('ZK_PROOF_FALSE', 'the proof does not hold for this key and these inputs')

/** Indices of what is prepared, by key, at most `MAX_TOGETHER` to a group. */
function groupsOfOneKey(statements: readonly Groth16Statement[], prepared: readonly unknown[]): number[][] {
  const open = new Map<string, number[]>()
  const groups: number[][] = []
  for (const [i, { key }] of statements.entries()) {
    if (prepared[i] === undefined) continue
    const name = hexKey(key)
    const group = open.get(name)
    if (group !== undefined && group.length < MAX_TOGETHER) {
      group.push(i)
      continue
    }
    const fresh = [i]
    open.set(name, fresh)
    groups.push(fresh)
  }
  return groups
}

/** 128 bits each, from a hash of the key and of every proof and input; whoever wants to choose them changes them. */
function drawCoefficients(statements: readonly Groth16Statement[]): bigint[] {
  const parts = statements.flatMap(({ proof, inputs }) => [sha256(proof), sha256(...inputs)])
  const seed = domainHash('groth16Batch', sha256(statements[0]!.key), ...parts)
  return statements.map((_, i) => {
    const index = new Uint8Array(4)
    new DataView(index.buffer).setUint32(0, i)
    return littleEndian(sha256(seed, index).subarray(0, COEFFICIENT_BYTES))
  })
}
