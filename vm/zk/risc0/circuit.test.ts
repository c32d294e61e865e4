import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TOY_CIRCUIT, TOY_TABLE } from '../testing/toy-stark.ts'
import { circuitDigest, loadCircuit, parseCircuit } from './circuit.ts'

const codeOf = (json: unknown, read = parseCircuit): string => {
  try {
    read(json)
    return 'ok'
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

describe("a circuit's table", () => {
  it('is read as it is written', () => {
    const circuit = parseCircuit(JSON.parse(JSON.stringify(TOY_TABLE)))
    expect(circuit).toEqual({ ...TOY_CIRCUIT, controlRoot: new Uint8Array(32) })
  })

  it('is refused by name when it is not the one the chain verifies by', () => {
    expect(codeOf(TOY_TABLE, loadCircuit)).toBe('ZK_CIRCUIT_MISMATCH')
  })

  it('has a digest in which everything counts that a verdict depends on', () => {
    const { poseidon2, steps } = TOY_TABLE
    const changes: readonly Record<string, unknown>[] = [
      {},
      { steps: [[2, 1], ...steps.slice(1)] },
      { ret: 4 },
      { allowed_control_root: '11'.repeat(32) },
      { circuit_info: 'TOYSUM:rev2v1___' },
      { poseidon2: { ...poseidon2, m_int_diag: [...Array.from(poseidon2.m_int_diag)].toReversed() } },
    ]
    const digests = changes.map((change) => circuitDigest(parseCircuit({ ...TOY_TABLE, ...change })))
    expect(new Set(digests).size).toBe(changes.length)
  })

  it.each([
    [{ steps: 7 }],
    [{ steps: [[6, 0, 0]] }],
    [{ steps: [[99]] }],
    [{ steps: [[0]] }],
    [{ steps: [[0, 2_013_265_921]] }],
    [{ steps: [[2, 5]] }],
    [{ steps: [[3, 1, 20]] }],
    [{ steps: [[3, 2, 0]] }],
    [{ steps: [[7], [8, 1, 0]] }],
    [{ steps: [[7], [9, 0, 0, 0]] }],
    [{ steps: Array(50_001).fill([7]) }],
    [{ ret: -1 }],
    [{ ret: 6 }],
    [{ ret: 0.5 }],
    [{ taps: [[0, 0, 0, 0, 0]] }],
    [{ taps: TOY_TABLE.taps.slice(1) }],
    [{ taps: TOY_TABLE.taps.toReversed() }],
    [{ taps: TOY_TABLE.taps.map((tap, i) => (i === 4 ? [3, ...tap.slice(1)] : tap)) }],
    [{ taps: [[0, 0, 3, 0, 1]] }],
    [{ combo_begin: [0, 0] }],
    [{ combo_taps: [1] }],
    [{ poseidon2: { ...TOY_TABLE.poseidon2, partial_round_constants: [1] } }],
    [{ poseidon2: { ...TOY_TABLE.poseidon2, cells: 16 } }],
    [{ ops: [] }],
    [{ output_size: 33 }],
    [{ circuit_info: 'x' }],
    [{ allowed_control_root: 'zz' }],
  ] as const)('%j is refused', (change) => expect(codeOf({ ...TOY_TABLE, ...change })).toBe('ZK_CIRCUIT_INVALID'))

  it('of any shape is read or refused by name', () => {
    for (const json of [null, 7, 'x', [], {}, { poseidon2: {} }]) expect(codeOf(json)).toBe('ZK_CIRCUIT_INVALID')
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(TOY_TABLE)), fc.jsonValue(), (key, value) => {
        expect(codeOf({ ...TOY_TABLE, [key]: value })).toMatch(/^(ok|ZK_CIRCUIT_INVALID)$/)
      }),
    )
  })
})
