import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../../core/bytes.ts'
import { sharedVectors } from '../../../test/shared-vectors.ts'
import { verdictOf } from '../errors.ts'
import { decode, encode } from './babybear.ts'
import { circuitDigest, loadCircuit, RECURSION_CIRCUIT_DIGEST } from './circuit.ts'
import { purePoseidon2 } from './poseidon2.ts'
import { type SuccinctOperands, succinctVerifier } from './receipt.ts'

const table = sharedVectors<Record<string, unknown>>('risc0_recursion_circuit.json')
const vectors = sharedVectors<Readonly<Record<string, string>>>('risc0_succinct_kip16.json')

const FIELDS: Readonly<Record<string, keyof SuccinctOperands>> = {
  claim: 'claim',
  control_index: 'controlIndex',
  control_digests: 'controlDigests',
  seal: 'seal',
  journal_digest: 'journalDigest',
  image_id: 'imageId',
  control_id: 'controlId',
  hashfn: 'hashFunction',
}

describe.skipIf(table === undefined || vectors === undefined)('RISC Zero succinct receipts', () => {
  if (table === undefined || vectors === undefined) return
  const circuit = loadCircuit(table)
  const verify = succinctVerifier(circuit)
  const honest = Object.fromEntries(
    Object.entries(FIELDS).map(([theirs, ours]) => [ours, fromHex(vectors[theirs]!)]),
  ) as unknown as SuccinctOperands
  const codeOf = (operands: SuccinctOperands): string => {
    const verdict = verdictOf(() => verify(operands))
    return verdict.ok ? 'ok' : verdict.error.code
  }

  it('Poseidon2 gives the reference values', () => {
    const state = Int32Array.from({ length: 24 }, (_, i) => encode(i))
    purePoseidon2(circuit.poseidon2).permute(state)
    expect([decode(state[0]!), decode(state[23]!)]).toEqual([0x2ed3e23d, 0x57a99864])
  })

  it('no word of the seal can be changed', () => {
    const words = honest.seal.length / 4
    const codes = new Set<string>()
    fc.assert(
      fc.property(fc.integer({ min: 0, max: words - 1 }), fc.integer({ min: 0, max: 31 }), (word, bit) => {
        const seal = honest.seal.slice()
        seal[4 * word + (bit >> 3)]! ^= 1 << (bit & 7)
        const code = codeOf({ ...honest, seal })
        codes.add(code)
        expect(code).not.toBe('ok')
      }),
      { numRuns: 8 },
    )
    expect(codes).toContain('ZK_PROOF_FALSE')
  })

  it('no bit of the control index can be changed, those beyond its path neither', () => {
    for (let bit = 0; bit < 32; bit++) {
      const controlIndex = honest.controlIndex.slice()
      controlIndex[bit >> 3]! ^= 1 << (bit & 7)
      expect(codeOf({ ...honest, controlIndex })).toBe('ZK_CONTROL_MISMATCH')
    }
  })

  it('is verified by the table that the chain names', () =>
    expect(circuitDigest(circuit)).toBe(RECURSION_CIRCUIT_DIGEST))
})
