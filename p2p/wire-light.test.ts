import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyCertificate, anyHeader } from '../consensus/testing/arbitraries.ts'
import { concatBytes } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { encodeRlp, encodeUint } from '../core/rlp.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from './wire.ts'
import {
  type LightRequest,
  type LightResponse,
  MAX_EDGES,
  MAX_HEADERS,
  MAX_LIGHT_BYTES,
  MAX_STATE_KEYS,
  MAX_STATE_REQUEST_BYTES,
} from './wire-light.ts'

const RUNS = { numRuns: 40 }
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const bytes = fc.uint8Array({ maxLength: 80 })
const count = fc.maxSafeNat()
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })
const type = <T extends LightRequest['type']>(name: T) => fc.constant(name)
const hashes = fc.array(hash, { maxLength: 4 })

const anyRequest: fc.Arbitrary<LightRequest> = fc.oneof(
  fc.record({ type: type('edges'), fromEpoch: count, count }),
  fc.record({ type: type('headers'), fromHeight: count, count }),
  fc.record({ type: type('state'), height: count, keys: fc.array(hash, { minLength: 1, maxLength: MAX_STATE_KEYS }) }),
  fc.record({
    type: type('result'),
    of: fc.oneof(fc.record({ transaction: hash }), fc.record({ height: count, index: count })),
  }),
)

const anyEdge = fc.record({ header: anyHeader, finalization: anyCertificate, set: bytes, proof: bytes })
const anyLine = fc.record({ header: anyHeader, finalization: optional(anyCertificate) })
const anyState = fc.record({ values: fc.array(optional(bytes), { maxLength: MAX_STATE_KEYS }), proof: bytes })
const anyResult = fc.record({
  height: count,
  envelope: bytes,
  index: count,
  count,
  path: hashes,
  resultIndex: count,
  resultPath: hashes,
})
const anyResponse: fc.Arbitrary<LightResponse> = fc.oneof(
  fc.record({ type: type('edges'), edges: fc.array(anyEdge, { maxLength: 3 }) }),
  fc.record({ type: type('headers'), headers: fc.array(anyLine, { maxLength: 3 }) }),
  fc.record({ type: type('state'), state: optional(anyState) }),
  fc.record({ type: type('result'), result: optional(anyResult) }),
)

const codeOf = (decode: () => unknown): string => {
  try {
    decode()
    return 'decoded'
  } catch (error) {
    if (error instanceof QuernError) return error.code
    throw error
  }
}

describe('light questions and answers', () => {
  it('arrive as they were sent', () => {
    fc.assert(
      fc.property(anyRequest, (sent) => {
        expect(decodeRequest(encodeRequest(sent))).toEqual(sent)
      }),
      RUNS,
    )
    fc.assert(
      fc.property(anyResponse, (sent) => {
        expect(decodeResponse(encodeResponse(sent))).toEqual(sent)
      }),
      RUNS,
    )
  })

  it('have one spelling each, and everything else is refused by a code', () => {
    const damage = fc.tuple(anyResponse, fc.nat(), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(damage, ([sent, at, by]) => {
        const whole = encodeResponse(sent)
        const damaged = whole.map((byte, i) => (i === at % whole.length ? byte ^ by : byte))
        let read: ReturnType<typeof decodeResponse>
        try {
          read = decodeResponse(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(QuernError)
          return
        }
        expect(encodeResponse(read)).toEqual(damaged)
      }),
      RUNS,
    )
  })

  it('name some keys of the state, not none and not many', () => {
    const asking = (keys: number) => {
      const list = Array.from({ length: keys }, () => new Uint8Array(32))
      return codeOf(() => decodeRequest(concatBytes(Uint8Array.of(50), encodeRlp([encodeUint(1), list]))))
    }
    expect([0, 1, MAX_STATE_KEYS].map(asking)).toEqual(['RLP_SHAPE', 'decoded', 'decoded'])
    expect(asking(MAX_STATE_KEYS + 1)).toMatch(/^RLP_/)
    const keys = Array.from({ length: MAX_STATE_KEYS }, () => new Uint8Array(32))
    const largest = encodeRequest({ type: 'state', height: Number.MAX_SAFE_INTEGER, keys })
    expect(largest.length).toBeLessThanOrEqual(MAX_STATE_REQUEST_BYTES + 1)
    expect(codeOf(() => decodeRequest(new Uint8Array(MAX_STATE_REQUEST_BYTES + 2).fill(50)))).toBe('RLP_LIMIT')
  })

  it('are bounded where they are read', () => {
    const [edge] = fc.sample(anyEdge, { numRuns: 1, seed: 1 })
    const [line] = fc.sample(anyLine, { numRuns: 1, seed: 1 })
    const many = (n: number, response: (n: number) => LightResponse) =>
      codeOf(() => decodeResponse(encodeResponse(response(n))))
    const edges = (n: number): LightResponse => ({ type: 'edges', edges: Array.from({ length: n }, () => edge!) })
    const headers = (n: number): LightResponse => ({ type: 'headers', headers: Array.from({ length: n }, () => line!) })
    expect([many(MAX_EDGES, edges), many(2 * MAX_EDGES, edges)]).toEqual(['decoded', 'RLP_LIMIT'])
    expect([many(MAX_HEADERS, headers), many(2 * MAX_HEADERS, headers)]).toEqual(['decoded', 'RLP_LIMIT'])
    for (const tag of [48, 49, 50, 51]) {
      const huge = new Uint8Array(MAX_LIGHT_BYTES + 2).fill(0)
      huge[0] = tag
      expect(codeOf(() => decodeResponse(huge))).toBe('RLP_LIMIT')
    }
  })
})
