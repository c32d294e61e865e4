import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../core/bytes.ts'
import { encodeRlp, encodeUint } from '../core/rlp.ts'
import { positionOf } from '../core/smt/index.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from './wire.ts'
import { decodeChunk, encodeChunk, MAX_CHUNK_BYTES, MAX_SPLIT_BITS, type StateChunk } from './wire-snapshot.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const record = fc.record({ key: bytes(32), value: fc.uint8Array({ maxLength: 80 }) })
const kind = fc.constantFrom(0 as const, 1 as const, 2 as const)
const proof = fc.record({
  siblings: fc.array(fc.record({ kind, hash: bytes(32) }), { maxLength: 20 }),
  witness: fc.option(fc.record({ key: bytes(32), valueHash: bytes(32) }), { nil: undefined }),
})
const chunk: fc.Arbitrary<StateChunk> = fc.oneof(
  fc.constant({ kind: 'unheld' as const }),
  fc.integer({ min: 1, max: MAX_SPLIT_BITS }).map((bits) => ({ kind: 'split' as const, bits })),
  fc
    .record({ records: fc.array(record, { maxLength: 20 }), proof })
    .map((answer) => ({ kind: 'records' as const, ...answer })),
)
const position = fc.tuple(bytes(32), fc.nat(256)).map(([path, level]) => positionOf(path, level))
const receipt = fc.record({
  status: fc.constant(1 as const),
  gasUsed: fc.nat(),
  gramUsed: fc.nat(),
  cumulativeGasUsed: fc.nat(),
  effectiveGasPrice: fc.bigInt({ min: 0n, max: 1n << 100n }),
})

describe('state and receipts on the wire', () => {
  it('come back as they were sent', () => {
    fc.assert(
      fc.property(fc.nat(), position, chunk, (height, at, answer) => {
        const request = { type: 'chunk', height, position: at } as const
        expect(decodeRequest(encodeRequest(request))).toEqual(request)
        expect(encodeRequest(request).length).toBeLessThanOrEqual(64)
        const response = { type: 'chunk', chunk: answer } as const
        expect(decodeResponse(encodeResponse(response))).toEqual(response)
      }),
    )
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.array(fc.array(receipt, { maxLength: 4 }), { maxLength: 4 }),
        (from, n, blocks) => {
          const request = { type: 'receipts', fromHeight: from, count: n } as const
          expect(decodeRequest(encodeRequest(request))).toEqual(request)
          const response = { type: 'receipts', blocks } as const
          expect(decodeResponse(encodeResponse(response))).toEqual(response)
        },
      ),
    )
  })

  it('are refused where a place has another spelling, or there is none', () => {
    const request = (at: Uint8Array) => () =>
      decodeRequest(concatBytes(Uint8Array.of(32), encodeRlp([encodeUint(1), at])))
    const spelt = positionOf(new Uint8Array(32).fill(255), 9)
    expect(request(spelt)()).toMatchObject({ position: spelt })
    expect(request(spelt.with(2, 1))).toThrow('no such position')
    expect(request(spelt.with(32, 2))).toThrow('no such position')
    expect(request(spelt.subarray(0, 33))).toThrow()
  })

  it('are refused whatever else they are, by typed errors', () => {
    const honest = encodeChunk({
      kind: 'records',
      records: [{ key: new Uint8Array(32), value: Uint8Array.of(1) }],
      proof: { siblings: [{ kind: 2, hash: new Uint8Array(32) }], witness: undefined },
    })
    fc.assert(
      fc.property(fc.nat(honest.length - 1), fc.nat(255), (at, byte) => {
        try {
          decodeChunk(honest.with(at, byte))
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^RLP_/)
        }
      }),
    )
    const item = (...fields: Parameters<typeof encodeRlp>[0][]) => encodeRlp(fields)
    expect(() => decodeChunk(item(encodeUint(2), encodeUint(0)))).toThrow('too many levels')
    expect(() => decodeChunk(item(encodeUint(2), encodeUint(MAX_SPLIT_BITS + 1)))).toThrow('too many levels')
    expect(() => decodeChunk(item(encodeUint(3)))).toThrow('no known answer')
    expect(() => decodeChunk(item(encodeUint(1), [new Uint8Array(32)], [], []))).toThrow('key without a value')
    expect(() => decodeChunk(item(encodeUint(1), [], [new Uint8Array(33).fill(3)], []))).toThrow('kind of sibling')
    expect(() => decodeChunk(new Uint8Array(MAX_CHUNK_BYTES + 1))).toThrow()
    const path = Array.from({ length: 257 }, () => new Uint8Array(33))
    expect(() => decodeChunk(item(encodeUint(1), [], path, []))).toThrow('deep')
  })
})
