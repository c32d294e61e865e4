import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { P } from '../../../vm/zk/risc0/babybear.ts'
import { type Poseidon2, type Poseidon2Constants, purePoseidon2, WIDTH } from '../../../vm/zk/risc0/poseidon2.ts'
import { succinctVerifier } from '../../../vm/zk/risc0/receipt.ts'
import { proveToyReceipt } from '../../../vm/zk/testing/toy-stark.ts'
import { loadPoseidon2, wasmPoseidon2 } from './kernel.ts'

const word = fc.oneof(fc.integer({ min: 0, max: P - 1 }), fc.constantFrom(0, 1, P - 1, P - 2))
const words = (length: number) => fc.array(word, { minLength: length, maxLength: length })

/** Any constants: the kernels must not depend on which. */
const some = (seed: number, length: number) => Array.from({ length }, (_, i) => (seed + i * 0x1234_5677) % P)
const CONSTANTS: Poseidon2Constants = { full: some(1, 192), partial: some(2, 21), diagonal: some(3, 24) }

describe('Poseidon2 in WebAssembly', () => {
  const fast = wasmPoseidon2(CONSTANTS)
  const reference = purePoseidon2(CONSTANTS)

  it('permutes as the reference', () => {
    fc.assert(
      fc.property(words(WIDTH), (cells) => {
        const [ours, theirs] = [Int32Array.from(cells), Int32Array.from(cells)]
        fast.permute(ours)
        reference.permute(theirs)
        expect(ours).toEqual(theirs)
        expect(ours.every((value) => value >= 0 && value < P)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('hashes every length as the reference, from any place', () => {
    const many = Int32Array.from({ length: 20_000 }, (_, i) => (i * 7_919_771) % P)
    const equal = (from: number, count: number) =>
      expect(fast.hash(many, from, count), `${count} words from ${from}`).toEqual(reference.hash(many, from, count))
    for (let count = 0; count <= 50; count++) equal(count, count)
    // More than the kernel takes in at once, and one word past that.
    for (const count of [8_192, 8_193, 16_384, 16_500]) equal(7, count)
  })

  it('keeps nothing from one hash to the next, and one kernel nothing from another', () => {
    const other: Poseidon2 = wasmPoseidon2({ ...CONSTANTS, partial: some(9, 21) })
    const input = Int32Array.from(some(4, 40))
    const first = fast.hash(input, 0, 40)
    expect(other.hash(input, 0, 40)).not.toEqual(first)
    fast.permute(Int32Array.from(some(5, 24)))
    expect(fast.hash(input, 0, 40)).toEqual(first)
    expect(loadPoseidon2(CONSTANTS).hash(input, 0, 40)).toEqual(first)
  })
})

it('a receipt gets the reference verdict', () => {
  const toy = proveToyReceipt({}, wasmPoseidon2)
  for (const load of [wasmPoseidon2, purePoseidon2]) {
    const verify = succinctVerifier(toy.circuit, load)
    expect(() => verify(toy.operands)).not.toThrow()
    for (const at of [140, 4_000, 20_000, toy.operands.seal.length - 8]) {
      const seal = toy.operands.seal.slice()
      seal[at]! ^= 1
      expect(() => verify({ ...toy.operands, seal })).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ZK_/) }),
      )
    }
  }
})
