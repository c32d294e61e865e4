import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRlp, encodeRlp, type RlpItem } from '../../../core/rlp.ts'
import { type CovenantBody, MAX_GRAINS, MAX_INPUTS } from '../../covenant/types.ts'
import { covenantBody, isLaneId, laneBody } from './covenant.ts'

const LANE = Uint8Array.of(1, 2, 3, 4, ...new Uint8Array(16))

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const script = fc.uint8Array({ maxLength: 40 })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const anyBody: fc.Arbitrary<CovenantBody> = fc.record({
  laneId: fc.constantFrom(undefined, LANE),
  payload: fc.uint8Array({ maxLength: 80 }),
  lockTime: u64,
  inputs: fc.array(
    fc.record({
      outpoint: fc.record({ txId: hash, index: fc.nat(2 ** 31 - 1) }),
      sequence: u64,
      signatureScript: script,
    }),
    { maxLength: 5 },
  ),
  outputs: fc.array(
    fc.oneof(
      fc.record({
        value: fc.bigInt({ min: 1n, max: MAX_GRAINS }),
        spk: fc.record({ version: fc.nat(65_535), script }),
      }),
      fc.record({
        value: fc.bigInt({ min: 1n, max: MAX_GRAINS }),
        spk: fc.record({ version: fc.nat(65_535), script }),
        binding: fc.record({ authorizingInput: fc.nat(65_535), covenantId: hash }),
      }),
    ),
    { maxLength: 5 },
  ),
})

describe('bodies of LANE and COVENANT', () => {
  it('have one encoding', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const action = { kind: 'COVENANT' as const, ...body }
        expect(covenantBody.decode(decodeRlp(encodeRlp(covenantBody.encode(action))))).toEqual(action)
      }),
    )
  })

  const plain = { laneId: LANE, payload: LANE, lockTime: 0n, inputs: [], outputs: [] }
  const sound = laneBody.encode({ kind: 'LANE', ...plain }) as RlpItem[]
  const out = (grains: Uint8Array, version: Uint8Array): RlpItem => [grains, version, LANE, []]
  it.each([
    ['a lane without namespace', 0, new Uint8Array(20)],
    ['the coinbase lane', 0, Uint8Array.of(1, ...new Uint8Array(19))],
    ['a lane with a tail', 0, new Uint8Array(20).fill(1)],
    ['too many inputs', 3, Array(MAX_INPUTS + 1).fill([LANE])],
    ['an output of nothing', 4, [out(new Uint8Array(0), new Uint8Array(0))]],
    ['an output of more than a number holds', 4, [out(Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0), new Uint8Array(0))]],
    ['a version beyond 16 bits', 4, [out(Uint8Array.of(1), Uint8Array.of(1, 0, 0))]],
    ['no lane', 0, new Uint8Array(0)],
    ['a lock time beyond 64 bits', 2, new Uint8Array(9).fill(1)],
  ])('are refused with %s', (_, at, item) => {
    expect(() => laneBody.decode(sound.with(at, item))).toThrow()
    expect(() => laneBody.decode(sound)).not.toThrow()
  })

  it('name lanes of four bytes', () => {
    expect(isLaneId(LANE)).toBe(true)
    expect(isLaneId(Uint8Array.of(1, 0, 0, 1, ...new Uint8Array(16)))).toBe(true)
    expect(isLaneId(LANE.subarray(1))).toBe(false)
  })
})
