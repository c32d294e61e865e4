import { bn254 } from '@noble/curves/bn254.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { concatBytes, hexKey } from '../../../core/bytes.ts'
import type { ZkVerdict } from '../errors.ts'
import { affineG1, affineG2, toyGroth16 } from '../testing/toy-groth16.ts'
import { compressG1, compressG2, encodeField, INFINITY_G1, INFINITY_G2 } from './compress.ts'
import { decodeProof, FIELD_ORDER, GROUP_ORDER, PROOF_BYTES } from './encoding.ts'
import { type Groth16Statement, type Groth16Verifier, groth16Verifier } from './groth16.ts'
import { loadMclCurve } from './mcl-curve.ts'
import { nobleCurve } from './noble-curve.ts'

const reference = groth16Verifier(nobleCurve)
let fast: Groth16Verifier
beforeAll(async () => {
  fast = groth16Verifier(await loadMclCurve())
})

const codeOf = (verdict: ZkVerdict): string => (verdict.ok ? 'ok' : verdict.error.code)

/** Both engines' verdict, which is one. */
function verdict(statement: Groth16Statement): string {
  const code = codeOf(fast.verify(statement))
  expect(codeOf(reference.verify(statement))).toBe(code)
  return code
}

const toy = toyGroth16(2)
const honest = toy.prove([3n, 5n])

const replaced = (bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array => {
  const changed = bytes.slice()
  changed.set(part, at)
  return changed
}
const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  replaced(bytes, bit >> 3, Uint8Array.of(bytes[bit >> 3]! ^ (1 << (bit & 7))))

/** An x of G1 without a y, and points of the twist outside the subgroup. */
const NO_ROOT = encodeField(4n)
const { Fp, Fp2 } = bn254.fields
const B2 = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]))

function twistPoint(c0: bigint): { readonly bytes: Uint8Array; readonly isInSubgroup: boolean } | undefined {
  const x = Fp2.fromBigTuple([c0, 1n])
  const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), B2)
  let y: ReturnType<typeof Fp2.sqrt>
  try {
    y = Fp2.sqrt(square)
  } catch {
    return undefined
  }
  const point = bn254.G2.Point.fromAffine({ x, y })
  return {
    bytes: encodeG2(point),
    isInSubgroup: point
      .multiplyUnsafe(GROUP_ORDER - 1n)
      .add(point)
      .is0(),
  }
}

const encodeG1 = (point: Parameters<typeof affineG1>[0]) => compressG1(affineG1(point))
const encodeG2 = (point: Parameters<typeof affineG2>[0]) => compressG2(affineG2(point))

describe('Groth16', () => {
  it('accepts proofs made here, and any blinding of them', () => {
    expect(verdict(honest)).toBe('ok')
    expect(verdict(toy.prove([3n, 5n], 'other'))).toBe('ok')
    expect(verdict(toyGroth16(1).prove([7n]))).toBe('ok')
    expect(verdict(toyGroth16(9).prove([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]))).toBe('ok')
  })

  it('rejects other inputs, keys and halves of proofs', () => {
    const other = toy.prove([3n, 6n])
    expect(verdict({ ...honest, inputs: other.inputs })).toBe('ZK_PROOF_FALSE')
    expect(verdict({ ...honest, inputs: honest.inputs.toReversed() })).toBe('ZK_PROOF_FALSE')
    expect(verdict({ ...honest, key: toyGroth16(2, 'other').key })).toBe('ZK_PROOF_FALSE')
    expect(verdict({ ...honest, proof: replaced(honest.proof, 96, other.proof.subarray(96)) })).toBe('ZK_PROOF_FALSE')
  })

  it('leaves the bytes it is given as they are, Buffers too', () => {
    const given = {
      key: Buffer.from(honest.key),
      proof: Buffer.from(honest.proof),
      inputs: honest.inputs.map((input) => Buffer.from(input)),
    }
    expect(verdict(given)).toBe('ok')
    expect([hexKey(given.key), hexKey(given.proof)]).toEqual([hexKey(honest.key), hexKey(honest.proof)])
  })

  it('takes infinity for a point', () => {
    expect(verdict({ ...honest, proof: replaced(honest.proof, 0, INFINITY_G1) })).toBe('ZK_PROOF_FALSE')
    expect(verdict({ ...honest, proof: replaced(honest.proof, 32, INFINITY_G2) })).toBe('ZK_PROOF_FALSE')
    expect(verdict({ ...honest, key: replaced(honest.key, 0, INFINITY_G1) })).toBe('ZK_PROOF_FALSE')
    // With everything at infinity the equation says 1 = 1.
    const count = honest.key.slice(224, 232)
    const empty = concatBytes(INFINITY_G1, INFINITY_G2, INFINITY_G2, INFINITY_G2, count, ...Array(3).fill(INFINITY_G1))
    const nothing = concatBytes(INFINITY_G1, INFINITY_G2, INFINITY_G1)
    expect(verdict({ ...honest, key: empty, proof: nothing })).toBe('ok')
  })

  const atOrder = encodeField(FIELD_ORDER)
  const bothFlags = replaced(new Uint8Array(32), 31, Uint8Array.of(0xc0))
  const infinityWithX = replaced(INFINITY_G1, 0, Uint8Array.of(1))

  it.each([
    ['too few inputs', 'ZK_ARITY', { inputs: honest.inputs.slice(1) }],
    ['too many inputs', 'ZK_ARITY', { inputs: [...honest.inputs, ...honest.inputs] }],
    ['a short input', 'ZK_INPUT_LENGTH', { inputs: [honest.inputs[0]!.subarray(1), honest.inputs[1]!] }],
    [
      'a long input',
      'ZK_INPUT_LENGTH',
      { inputs: [concatBytes(honest.inputs[0]!, Uint8Array.of(0)), honest.inputs[1]!] },
    ],
    ['an input at the order', 'ZK_INPUT_RANGE', { inputs: [encodeField(GROUP_ORDER), honest.inputs[1]!] }],
    ['a short key', 'ZK_KEY_TRUNCATED', { key: honest.key.subarray(0, honest.key.length - 1) }],
    ['a key without a count', 'ZK_KEY_TRUNCATED', { key: honest.key.subarray(0, 231) }],
    ['a long key', 'ZK_KEY_TRAILING', { key: concatBytes(honest.key, Uint8Array.of(0)) }],
    ['a key without gamma_abc', 'ZK_KEY_EMPTY', { key: replaced(honest.key, 224, new Uint8Array(8)).subarray(0, 232) }],
    ['a count of 2^64 - 1', 'ZK_ARITY', { key: replaced(honest.key, 224, new Uint8Array(8).fill(255)) }],
    ['a short proof', 'ZK_PROOF_TRUNCATED', { proof: honest.proof.subarray(1) }],
    ['a long proof', 'ZK_PROOF_TRAILING', { proof: concatBytes(honest.proof, Uint8Array.of(0)) }],
    ['x at the order', 'ZK_POINT_RANGE', { proof: replaced(honest.proof, 0, atOrder) }],
    ['c0 at the order', 'ZK_POINT_RANGE', { proof: replaced(honest.proof, 32, atOrder) }],
    ['c1 at the order', 'ZK_POINT_RANGE', { key: replaced(honest.key, 64, atOrder) }],
    ['both flags', 'ZK_POINT_FLAGS', { proof: replaced(honest.proof, 96, bothFlags) }],
    ['infinity with x', 'ZK_POINT_INFINITY', { key: replaced(honest.key, 232, infinityWithX) }],
    ['x without y', 'ZK_POINT_CURVE', { proof: replaced(honest.proof, 96, NO_ROOT) }],
    ['x without y in the twist', 'ZK_POINT_CURVE', { proof: replaced(honest.proof, 32, noRootG2()) }],
    [
      'a point outside the subgroup in the proof',
      'ZK_POINT_SUBGROUP',
      { proof: replaced(honest.proof, 32, outside()) },
    ],
    ['a point outside the subgroup in the key', 'ZK_POINT_SUBGROUP', { key: replaced(honest.key, 96, outside()) }],
  ] as const)('refuses %s: %s', (_, code, change) => expect(verdict({ ...honest, ...change })).toBe(code))

  function outside(): Uint8Array {
    for (let c0 = 0n; ; c0++) {
      const point = twistPoint(c0)
      if (point !== undefined && !point.isInSubgroup) return point.bytes
    }
  }
  function noRootG2(): Uint8Array {
    for (let c0 = 0n; ; c0++) {
      if (twistPoint(c0) === undefined) return concatBytes(encodeField(c0), encodeField(1n))
    }
  }

  it('no bit of a proof, a key or an input can be flipped', () => {
    const codes = new Set<string>()
    fc.assert(
      fc.property(fc.constantFrom('proof', 'key', 'input'), fc.nat(), (what, at) => {
        const [first, second] = honest.inputs as [Uint8Array, Uint8Array]
        const changed =
          what === 'input'
            ? { ...honest, inputs: [flipped(first, at % 256), second] }
            : { ...honest, [what]: flipped(honest[what], at % (8 * honest[what].length)) }
        const code = verdict(changed)
        codes.add(code)
        expect(code).not.toBe('ok')
      }),
      {
        numRuns: 12,
        // A flag of the first point, and what only the equation can tell.
        examples: [
          ['proof', 8 * 31 + 6],
          ['input', 0],
        ],
      },
    )
    expect(codes.size).toBeGreaterThan(1)
  })

  it('any bytes get a verdict, the same from both engines', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .uint8Array({ minLength: 296, maxLength: 296 })
        .map((noise) => replaced(noise, 224, honest.key.slice(224, 232))),
      fc.uint8Array({ minLength: PROOF_BYTES, maxLength: PROOF_BYTES }),
    )
    fc.assert(
      fc.property(bytes, bytes, (key, proof) => {
        expect(verdict({ ...honest, key })).toMatch(/^ZK_/)
        expect(verdict({ ...honest, proof })).toMatch(/^ZK_/)
      }),
      { numRuns: 30 },
    )
  })
})

describe('points', () => {
  it('both curves decode the same points of G1, or none', async () => {
    const mcl = await loadMclCurve()
    for (let i = 0n; i < 40n; i++) {
      const point = {
        x: [encodeField(Fp.create(i * i + 11n))],
        isLarger: i % 2n === 0n,
        isInfinity: false,
        name: 'point',
      }
      const of = <T>(g1: () => T): T | undefined => {
        try {
          return g1()
        } catch {
          return undefined
        }
      }
      const [ours, theirs] = [of(() => mcl.g1(point)), of(() => nobleCurve.g1(point))]
      expect(ours === undefined).toBe(theirs === undefined)
      if (ours === undefined || theirs === undefined) continue
      // e(P, G) e(-P', G) is one where the y of P has the sign that was asked for.
      const again = { ...point, x: [encodeG1(theirs).map((byte, at) => (at === 31 ? byte & 0x3f : byte))] }
      expect(hexKey(mcl.g1(again))).toBe(hexKey(ours))
      expect((encodeG1(theirs)[31]! & 0x80) !== 0).toBe(point.isLarger)
    }
  })

  it('both curves find the same points of the twist outside the subgroup', async () => {
    const mcl = await loadMclCurve()
    let found = 0
    for (let c0 = 0n; c0 < 12n; c0++) {
      const point = twistPoint(c0)
      if (point === undefined) continue
      found++
      const last = point.bytes[63]!
      const x = [point.bytes.slice(0, 32), replaced(point.bytes.slice(32), 31, Uint8Array.of(last & 0x3f))]
      const compressed = { x, isLarger: (last & 0x80) !== 0, isInfinity: false, name: 'point' }
      for (const g2 of [() => mcl.g2(compressed), () => nobleCurve.g2(compressed)]) {
        if (point.isInSubgroup) expect(g2).not.toThrow()
        else expect(g2).toThrow('outside the group')
      }
    }
    expect(found).toBeGreaterThan(2)
  })
})

describe('mcl', () => {
  it('does not mind which curve others choose in the same process', async () => {
    const shared = await import('mcl-wasm')
    await shared.init(shared.BLS12_381)
    expect(codeOf(fast.verify(honest))).toBe('ok')
    expect(codeOf(groth16Verifier(await loadMclCurve()).verify(honest))).toBe('ok')
    expect(shared.curveType).toBe(shared.BLS12_381)
  })

  it('sums more points than it takes at once', async () => {
    const mcl = await loadMclCurve()
    const { a, c } = decodeProof(honest.proof)
    const compressed = Array.from({ length: 300 }, (_, i) => ({
      x: i % 3 === 0 ? a.x : c.x,
      isLarger: i % 2 === 0,
      isInfinity: i % 50 === 7,
      name: 'point',
    }))
    const scalars = compressed.map((_, i) => (BigInt(i) * 0x1234_5678_9abc_def1n) ** 3n % GROUP_ORDER)
    const ours = mcl.combine(compressed.map(mcl.g1), scalars)
    const theirs = nobleCurve.combine(compressed.map(nobleCurve.g1), scalars).toAffine()
    const bytes = compressG1([theirs.x, theirs.y])
    const isLarger = (bytes[31]! & 0x80) === 0
    bytes[31] = bytes[31]! & 0x3f
    const negated = mcl.g1({ x: [bytes], isLarger, isInfinity: false, name: 'sum' })
    const g2 = mcl.g2(decodeProof(honest.proof).b)
    expect(mcl.isProductOne([[ours, g2]])).toBe(false)
    expect(
      mcl.isProductOne([
        [ours, g2],
        [negated, g2],
      ]),
    ).toBe(true)
  })
})

describe('batches', () => {
  const batch = [1n, 2n, 3n, 4n].map((secret) => toy.prove([secret, secret + 1n]))

  it('give each proof the verdict it has alone', () => {
    const foreign = toyGroth16(1).prove([9n])
    const bad = { ...batch[1]!, inputs: batch[2]!.inputs }
    const broken = { ...batch[0]!, proof: batch[0]!.proof.subarray(2) }
    for (const statements of [
      batch,
      [...batch, foreign],
      [batch[0]!, bad, batch[2]!],
      [broken, foreign, ...batch, bad],
      [],
    ]) {
      expect(fast.verifyBatch(statements).map(codeOf)).toEqual(statements.map((one) => codeOf(fast.verify(one))))
    }
    expect(reference.verifyBatch([batch[0]!, batch[2]!, foreign]).map(codeOf)).toEqual(['ok', 'ok', 'ok'])
    expect(reference.verifyBatch([batch[0]!, bad]).map(codeOf)).toEqual(['ok', 'ZK_PROOF_FALSE'])
  })

  it('may be larger than what is checked together', () => {
    const many = Array.from({ length: 70 }, (_, i) => batch[i % 4]!)
    many[66] = { ...many[66]!, inputs: many[65]!.inputs }
    const codes = fast.verifyBatch(many).map(codeOf)
    expect(codes.flatMap((code, i) => (code === 'ok' ? [] : [[i, code]]))).toEqual([[66, 'ZK_PROOF_FALSE']])
  })

  it('do not let two wrong proofs make up for each other', () => {
    // C' = C + D and C'' = C - D: the plain product of both equations still holds.
    const [one, two] = [batch[0]!, batch[1]!]
    const shifted = (statement: Groth16Statement, by: bigint): Groth16Statement => {
      const c = statement.proof.slice(96)
      const isLarger = (c[31]! & 0x80) !== 0
      c[31] = c[31]! & 0x3f
      const point = nobleCurve.g1({ x: [c], isLarger, isInfinity: false, name: 'C' })
      return {
        ...statement,
        proof: replaced(statement.proof, 96, encodeG1(point.add(bn254.G1.Point.BASE.multiply(by)))),
      }
    }
    const pair = [shifted(one, 5n), shifted(two, GROUP_ORDER - 5n)]
    expect(fast.verifyBatch(pair).map(codeOf)).toEqual(['ZK_PROOF_FALSE', 'ZK_PROOF_FALSE'])
  })
})
