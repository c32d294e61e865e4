import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex } from '../../../core/bytes.ts'
import { sharedVectors } from '../../../test/shared-vectors.ts'
import { verdictOf } from '../errors.ts'
import { decode, encode } from './babybear.ts'
import { circuitDigest, loadCircuit, RECURSION_CIRCUIT_DIGEST } from './circuit.ts'
import { purePoseidon2 } from './poseidon2.ts'
import { type SuccinctOperands, succinctVerifier } from './receipt.ts'

const table = sharedVectors<Record<string, unknown>>('risc0_recursion_circuit.json')
const vectors = sharedVectors<Readonly<Record<string, string>> & { readonly mutations: unknown }>(
  'risc0_succinct_kip16.json',
)

interface Mutation {
  readonly name: string
  readonly op: Readonly<Record<string, string>>
  readonly error: string
}

/** The vectors' words for what went wrong, without their figures. */
const CODES: Readonly<Record<string, string>> = {
  'invalid digest length': 'ZK_DIGEST_LENGTH',
  'hash fn encoding length': 'ZK_HASH_LENGTH',
  'invalid hash fn id': 'ZK_HASH_UNKNOWN',
  'unsupported hash fn': 'ZK_HASH_UNSUPPORTED',
  'invalid seal length': 'ZK_SEAL_LENGTH',
  'invalid merkle index length': 'ZK_CONTROL_INDEX_LENGTH',
  'invalid digest list length': 'ZK_CONTROL_PATH_LENGTH',
  'seal output hash != claim': 'ZK_OUTPUT_MISMATCH',
  'claim != recomputed claim': 'ZK_CLAIM_MISMATCH',
  'control id mismatch': 'ZK_CONTROL_MISMATCH',
  'control inclusion proof length 9 exceeds max': 'ZK_CONTROL_PATH_TOO_LONG',
  'invalid receipt format': 'ZK_RECEIPT_FORMAT',
}

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

function withWord(seal: Uint8Array, word: number, value: number): Uint8Array {
  const changed = seal.slice()
  new DataView(changed.buffer).setUint32(4 * word, value, true)
  return changed
}

/** What a mutation's text says, done. */
function change(bytes: Uint8Array, text: string): Uint8Array {
  if (text === 'empty') return new Uint8Array(0)
  if (text === 'drop last byte') return bytes.subarray(0, bytes.length - 1)
  if (text === 'drop last 32') return bytes.subarray(0, bytes.length - 32)
  if (text === 'append 32 zero bytes') return concatBytes(bytes, new Uint8Array(32))
  if (text === '32 zero words') return new Uint8Array(128)
  if (text === 'keep 33 words') return bytes.subarray(0, 4 * 33)
  if (/^byte ?0 xor 01$/.test(text)) return Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte ^ 1 : byte))
  const appended = /^append ([0-9a-f]+)$/.exec(text)?.[1]
  if (appended !== undefined) return concatBytes(bytes, fromHex(appended))
  if (/^[0-9a-f]{2}$/.test(text)) return fromHex(text)
  throw new Error(`no such change: ${text}`)
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

  it('accepts the receipt', () => expect(codeOf(honest)).toBe('ok'))

  const mutations = vectors.mutations as readonly Mutation[]
  it('has all the mutations', () => expect(mutations).toHaveLength(27))
  it.each(mutations.map((mutation) => [mutation.name, mutation.error, mutation] as const))(
    '%s: %s',
    (_, error, { op }) => {
      let operands = honest
      for (const [target, text] of Object.entries(op)) {
        const word = /^seal word (\d+)$/.exec(target)?.[1]
        const field = word === undefined ? FIELDS[target]! : 'seal'
        const bytes =
          word === undefined
            ? change(honest[field], text)
            : withWord(honest.seal, Number(word), Number.parseInt(text, 10))
        operands = { ...operands, [field]: bytes }
      }
      const words = Object.keys(CODES).find((start) => error.startsWith(start))
      expect(codeOf(operands)).toBe(CODES[words!])
    },
  )

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

  it('is verified by the table that the chain names', () =>
    expect(circuitDigest(circuit)).toBe(RECURSION_CIRCUIT_DIGEST))
})
