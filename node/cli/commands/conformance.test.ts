/** `quern conformance` at the command line. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import {
  dagLines,
  groth16File,
  lanesFile,
  risc0Groth16File,
  scriptFile,
  smtFile,
} from '../../../vm/conformance/testing/files.ts'
import { MAX_LINE_CHARS } from '../../conformance/vector-file.ts'
import { runQuern } from '../program-fixture.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-conformance-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

function written(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name)
  fs.writeFileSync(file, content)
  return file
}

const quern = (...argv: string[]) => runQuern(argv)

describe('quern conformance', () => {
  it.each([
    ['groth16', 10, JSON.stringify(groth16File())],
    ['risc0-groth16', 4, JSON.stringify(risc0Groth16File())],
    ['kip21-dag', 2, dagLines().join('\n')],
    ['kip21-lanes', 262, JSON.stringify(lanesFile())],
    ['smt', 4, JSON.stringify(smtFile())],
    ['script-tests', 4, JSON.stringify(scriptFile())],
  ])('%s: counts what passes, packed or not', async (kind, passed, text) => {
    const plain = written(`${kind}.json`, text)
    const packed = written(`${kind}.json.gz`, gzipSync(text))
    for (const file of [plain, packed]) {
      const { code, out, errors } = await quern('conformance', kind, file, '--json')
      expect([code, errors]).toEqual([0, []])
      expect(JSON.parse(out[0]!)).toEqual({ kind, file, passed, failed: 0, skipped: 0, failures: [], skips: [] })
    }
  })

  it('exits with 1 where one fails, and says what was expected; skips are named', async () => {
    const file = written(
      'wrong.json',
      JSON.stringify([
        ['1', 'VERIFY', '', 'OK', 'wrong'],
        ['1', 'NOP', 'P2SH', 'OK'],
      ]),
    )
    const { code, out, errors } = await quern('conformance', 'script-tests', file)
    expect(code).toBe(1)
    expect(out[0]).toContain('FAILED   entry 0 (wrong): 1 | VERIFY: expected OK, found EMPTY_STACK')
    expect(out[0]).toMatch(/SKIPPED {2}entry 1: 1 \| NOP: flag P2SH: .*\npassed +0\nfailed +1\nskipped +1$/)
    expect(errors[0]).toContain('error: CONFORMANCE_FAILED: 1 of')
  })

  it.each([
    ['an empty list', 'script-tests', '[]', 'CONFORMANCE_EMPTY'],
    ['skips alone', 'script-tests', '[["1", "NOP", "X", "OK"]]', 'CONFORMANCE_EMPTY'],
    ['parameters alone', 'kip21-dag', dagLines()[0]!, 'CONFORMANCE_EMPTY'],
    ['no JSON', 'smt', '{"scenarios":', 'VECTOR_MALFORMED'],
    ['another format', 'groth16', '[]', 'VECTOR_MALFORMED'],
    ['a parent that is not there', 'kip21-dag', `${dagLines()[0]}\n${dagLines()[2]}`, 'VECTOR_MALFORMED'],
    ['an endless line', 'kip21-dag', ' '.repeat(MAX_LINE_CHARS + 1), 'VECTOR_TOO_LARGE'],
  ])('exits with 1 for %s', async (_, kind, text, expected) => {
    const { code, errors } = await quern('conformance', kind, written('bad.json', text))
    expect(code).toBe(1)
    expect(errors[0]).toContain(`error: ${expected}: `)
  })

  it('a packed file does not unpack without end, nor a missing or torn one do harm', async () => {
    const bomb = written('bomb.json.gz', gzipSync(new Uint8Array(65 << 20).fill(0x20)))
    expect((await quern('conformance', 'smt', bomb)).errors[0]).toContain('VECTOR_TOO_LARGE')
    const torn = written('torn.json.gz', gzipSync('[]').subarray(0, 12))
    expect((await quern('conformance', 'smt', torn)).errors[0]).toContain('VECTOR_FILE_UNREADABLE')
    const missing = await quern('conformance', 'smt', path.join(folder, 'none.json'))
    expect([missing.code, missing.errors[0]]).toEqual([1, expect.stringContaining('VECTOR_FILE_UNREADABLE')])
  })

  it('succinct receipts take a circuit, and only that of RISC Zero', async () => {
    const file = written('succinct.json', '{}')
    expect((await quern('conformance', 'risc0-succinct', file)).code).toBe(2)
    const { code, errors } = await quern('conformance', 'risc0-succinct', file, '--circuit', written('c.json', '{}'))
    expect([code, errors[0]]).toEqual([1, expect.stringContaining('ZK_CIRCUIT_INVALID')])
    expect((await quern('conformance', 'smt', file, '--circuit', file)).code).toBe(2)
  })

  it('wrong use exits with 2', async () => {
    expect((await quern('conformance', 'poetry', 'x.json')).code).toBe(2)
    expect((await quern('conformance', 'smt')).code).toBe(2)
  })

  const SHARED = path.resolve(import.meta.dirname, '../../../../shared/vectors')
  const vector = (name: string) => path.join(SHARED, name)
  it.skipIf(!fs.existsSync(SHARED)).each([
    ['groth16', 'groth16_kip16.json', 14],
    ['risc0-groth16', 'risc0_groth16.json', 14],
    ['risc0-succinct', 'risc0_succinct_kip16.json', 28],
    ['kip21-dag', 'dag_goref_1060_tx_265_blocks.json.gz', 266],
    ['kip21-lanes', 'kip21_lane_smt.json', 387],
    ['smt', 'vprogs_smt.json', 70],
    ['script-tests', 'kaspa_script_tests.json', 478],
  ])('%s %s', async (kind, name, passed) => {
    const circuit = kind === 'risc0-succinct' ? ['--circuit', vector('risc0_recursion_circuit.json')] : []
    const { code, out } = await quern('conformance', kind, vector(name), '--json', ...circuit)
    expect(JSON.parse(out[0]!)).toMatchObject({ passed, failed: 0, skipped: 0 })
    expect(code).toBe(0)
  })
})
