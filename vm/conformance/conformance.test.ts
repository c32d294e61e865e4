import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexKey } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { sharedVectors } from '../../test/shared-vectors.ts'
import { groth16Verifier } from '../zk/groth16/groth16.ts'
import { loadMclCurve } from '../zk/groth16/mcl-curve.ts'
import { loadCircuit } from '../zk/risc0/circuit.ts'
import { succinctVerifier } from '../zk/risc0/receipt.ts'
import { proofVerifier } from '../zk/verify.ts'
import type { Check } from './check.ts'
import { groth16Checks } from './groth16.ts'
import { JsonValue } from './json-value.ts'
import { kip21DagChecks } from './kip21-dag.ts'
import { kip21LaneChecks } from './kip21-lanes.ts'
import { readKey, risc0Groth16Checks } from './risc0-groth16.ts'
import { risc0SuccinctChecks } from './risc0-succinct.ts'
import { scriptChecks } from './script-tests.ts'
import { smtChecks } from './smt.ts'
import {
  dagLines,
  groth16File,
  lanesFile,
  risc0Groth16File,
  scriptFile,
  smtFile,
  succinctFile,
} from './testing/files.ts'

type Checks = Iterable<Check> | AsyncIterable<Check>
type Reader = (file: unknown) => Checks

async function* lines(file: unknown): AsyncGenerator<string> {
  for (const line of Array.isArray(file) ? file : [file]) yield typeof line === 'string' ? line : JSON.stringify(line)
}

const succinct = succinctFile()
const proofs = proofVerifier({ succinct: succinctVerifier(succinct.circuit) })
const json = (file: unknown) => new JsonValue(file, 'file')

const risc0Groth16 = risc0Groth16File()

/** Each kind, with a file, how many checks it holds, and a change that makes one of them fail. */
const KINDS: readonly (readonly [string, Reader, unknown, number, (text: string) => string])[] = [
  [
    'groth16',
    (file) => groth16Checks(json(file), proofs),
    groth16File(),
    10,
    (text) => text.replace('byte 0 xor 01', 'byte 0 xor 00'),
  ],
  [
    'risc0-groth16',
    (file) => risc0Groth16Checks(json(file), proofs),
    risc0Groth16,
    4,
    (text) => text.replace(/"image_id":"../, '"image_id":"00'),
  ],
  [
    'risc0-succinct',
    (file) => risc0SuccinctChecks(json(file), proofs),
    succinct.file,
    8,
    (text) => text.replace('"keep 33 words"', '"drop last 0"'),
  ],
  [
    'kip21-lanes',
    (file) => kip21LaneChecks(json(file)),
    lanesFile(),
    262,
    (text) => text.replace(/"root":"../, '"root":"00'),
  ],
  ['smt', (file) => smtChecks(json(file)), smtFile(), 4, (text) => text.replace(/"new_root":"../, '"new_root":"00')],
  [
    'kip21-dag',
    (file) => kip21DagChecks(lines(file)),
    dagLines(),
    2,
    (text) => text.replace('6d696e6572', '6d696e6573'),
  ],
  ['script-tests', (file) => scriptChecks(json(file)), scriptFile(), 4, (text) => text.replace('ADD 3', 'ADD 4')],
]

async function verdicts(checks: Checks): Promise<Record<Check['verdict'], Check[]>> {
  const all: Record<Check['verdict'], Check[]> = { passed: [], failed: [], skipped: [] }
  for await (const check of checks) all[check.verdict].push(check)
  return all
}

describe.each(KINDS)('%s', (_, read, file, count, spoil) => {
  it('passes what is true and fails what is not, with both sides named', async () => {
    const { passed, failed, skipped } = await verdicts(read(file))
    expect([passed.length, failed, skipped]).toEqual([count, [], []])
    const spoilt = JSON.parse(spoil(JSON.stringify(file)))
    const { failed: wrong } = await verdicts(read(spoilt))
    expect(wrong.length).toBeGreaterThan(0)
    expect(wrong[0]).toMatchObject({ expected: expect.any(String), found: expect.any(String) })
  })

  it('any change to the file ends in checks or in VECTOR_MALFORMED', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.oneof(fc.jsonValue(), fc.constantFrom('ff', '00'.repeat(32), -1, 2 ** 60)),
        async (at, value) => {
          const places = placesOf(file)
          const changed = replaced(file, places[at % places.length]!, value)
          try {
            await verdicts(read(changed))
          } catch (error) {
            expect(error).toBeInstanceOf(QuernError)
            expect((error as QuernError).code).toBe('VECTOR_MALFORMED')
          }
        },
      ),
      { numRuns: 8 },
    )
  })
})

// `quern conformance` checks these with mcl and WebAssembly; here it is noble's curve and plain TypeScript.
const groth16 = sharedVectors<{ readonly vk: string }>('groth16_kip16.json')
const releases = sharedVectors<{ readonly receipts: readonly Readonly<Record<string, string>>[] }>('risc0_groth16.json')
const receipt = sharedVectors('risc0_succinct_kip16.json')
const circuit = sharedVectors('risc0_recursion_circuit.json')

const fast = groth16Verifier(await loadMclCurve())

describe.skipIf(circuit === undefined)('proofs of others, by the reference engines', () => {
  const reference = () => proofVerifier({ succinct: succinctVerifier(loadCircuit(circuit)) })
  it.each([
    ['KIP-16 Groth16', 14, () => groth16Checks(json(groth16), reference())],
    ['RISC Zero Groth16', 14, () => risc0Groth16Checks(json(releases), reference())],
    ['KIP-16 RISC Zero succinct', 28, () => risc0SuccinctChecks(json(receipt), reference())],
  ] as const)('%s: %i checks', async (_, count, checks) => {
    const { passed, failed, skipped } = await verdicts(checks())
    expect([passed.length, failed, skipped]).toEqual([count, [], []])
  })

  it.each([proofVerifier(), proofVerifier({ groth16: fast })])(
    'a RISC Zero proof is of its own claim',
    async (verifier) => {
      const receipts = releases!.receipts.map((one) => ({
        ...one,
        image_id: one.journal_digest,
        journal_digest: one.image_id,
      }))
      const { failed } = await verdicts(risc0Groth16Checks(json({ ...releases, receipts }), verifier))
      const found = failed.filter(({ name }) => name.endsWith('its control root'))
      expect(found).toHaveLength(receipts.length)
      expect(found).toMatchObject(found.map(() => ({ expected: 'accepted', found: 'ZK_PROOF_FALSE' })))
    },
  )

  it('KIP-16 and RISC Zero have the same Groth16 key', () => {
    expect(hexKey(readKey(json(releases).field('verifying_key_decimal')))).toBe(groth16?.vk)
  })
})

type Path = readonly (string | number)[]

/** Paths of all values; of long lists only the beginning. Lines hold JSON of their own. */
function placesOf(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'string' && value.startsWith('{')) {
    return [path, ...placesOf(JSON.parse(value)).map((inner) => [...path, '', ...inner])]
  }
  if (typeof value !== 'object' || value === null) return [path]
  return [
    path,
    ...Object.entries(value)
      .slice(0, 12)
      .flatMap(([name, item]) => placesOf(item, [...path, name])),
  ]
}

function replaced(value: unknown, [first, ...rest]: Path, by: unknown): unknown {
  if (first === undefined) return by
  if (first === '') return JSON.stringify(replaced(JSON.parse(value as string), rest, by))
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) }
  Reflect.set(copy, first, replaced(Reflect.get(copy, first), rest, by))
  return copy
}

it('an unknown class of failure, change or flag is named, not passed over', async () => {
  const file = groth16File()
  const withMutation = (mutation: object) => verdicts(groth16Checks(json({ ...file, mutations: [mutation] }), proofs))
  await expect(
    withMutation({ name: 'x', op: { proof: 'append 00' }, expect: false, error: 'bad luck' }),
  ).rejects.toThrow('file.mutations[0].error: must be one of: arity mismatch')
  await expect(
    withMutation({ name: 'x', op: { proof: 'sing' }, expect: false, error: 'arity mismatch' }),
  ).rejects.toThrow('file.mutations[0].op.proof: must be a change such as')
  const { skipped } = await verdicts(scriptChecks(json([['1', 'NOP', 'P2SH', 'OK']])))
  expect(skipped).toMatchObject([{ reason: expect.stringContaining('flag P2SH') }])
})
