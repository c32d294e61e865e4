import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyBlock, anyCertificate, anyMessage } from '../consensus/testing/arbitraries.ts'
import { equalBytes } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { MemoryHub } from './memory.ts'
import type { NetworkMessage, PeerRequest, PeerResponse, TransportHandlers } from './transport.ts'
import {
  decodeNetworkMessage,
  decodeRequest,
  decodeResponse,
  encodeNetworkMessage,
  encodeRequest,
  encodeResponse,
} from './wire.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const count = fc.maxSafeNat()
const maybe = fc.option(anyCertificate, { nil: undefined })

const signature = fc.uint8Array({ minLength: 96, maxLength: 96 })
const anyStatement = fc.record({
  type: fc.constantFrom('proposal', 'notarize', 'finalize'),
  blockHash: hash,
  signature,
})

const anyNetworkMessage: fc.Arbitrary<NetworkMessage> = fc.oneof(
  anyMessage.map((message) => ({ type: 'consensus' as const, message })),
  fc.record({
    type: fc.constant('transactions' as const),
    transactions: fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 4 }),
  }),
  fc.record({
    type: fc.constant('evidence' as const),
    evidence: fc.record({
      validator: fc.uint8Array({ minLength: 20, maxLength: 20 }),
      epoch: count,
      view: count,
      first: anyStatement,
      second: anyStatement,
    }),
  }),
)

const anyRequest: fc.Arbitrary<PeerRequest> = fc.oneof(
  fc.constant({ type: 'status' as const }),
  hash.map((h) => ({ type: 'block' as const, hash: h })),
  fc.record({ type: fc.constant('range' as const), fromHeight: count, count }),
  fc.record({ type: fc.constant('certificates' as const), epoch: count, fromView: count, toView: count }),
)

const anyResponse: fc.Arbitrary<PeerResponse> = fc.oneof(
  fc
    .record({ genesisHash: hash, height: count, hash, blocksFrom: count, statesFrom: count })
    .map((status) => ({ type: 'status' as const, status })),
  fc.option(anyBlock, { nil: undefined }).map((block) => ({ type: 'block' as const, block })),
  fc
    .array(fc.record({ block: anyBlock, notarization: maybe, finalization: maybe }), { maxLength: 3 })
    .map((blocks) => ({ type: 'range' as const, blocks })),
  fc.array(anyCertificate, { maxLength: 3 }).map((certificates) => ({ type: 'certificates' as const, certificates })),
)

/**
 * Round trip, and: altered bytes are refused with a typed error or are the one encoding of something else, except for what is
 * `foreign`, of which only a part is read.
 */
function checkCodec<T>(
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
  foreign: (value: T) => boolean = () => false,
): void {
  fc.assert(
    fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, by) => {
      const bytes = encode(value)
      expect(decode(bytes)).toEqual(value)
      const altered = bytes.map((byte, i) => (i === at % bytes.length ? byte ^ by : byte))
      try {
        const other = decode(altered)
        expect(foreign(other) || equalBytes(encode(other), altered)).toBe(true)
      } catch (error) {
        if (!(error instanceof QuernError)) throw error
      }
    }),
    { numRuns: 150 },
  )
}

const silent: TransportHandlers = {
  message: () => 'accept',
  request: async () => ({ type: 'certificates', certificates: [] }),
}

describe('wire', () => {
  it('has one form for each message, request and response', () => {
    checkCodec(anyNetworkMessage, encodeNetworkMessage, decodeNetworkMessage)
    checkCodec(anyRequest, encodeRequest, decodeRequest)
    const hasNewer = (response: PeerResponse) => response.type === 'range' && response.newer !== undefined
    checkCodec(anyResponse, encodeResponse, decodeResponse, hasNewer)
  })

  it('refuses unknown tags and oversized gossip before it allocates for it', () => {
    expect(() => decodeNetworkMessage(Uint8Array.of(7, 0xc0))).toThrow('unknown message type')
    expect(() => decodeRequest(Uint8Array.of(9, 0xc0))).toThrow('unknown message type')
    const many = { type: 'transactions' as const, transactions: Array(600).fill(Uint8Array.of(1)) }
    expect(() => decodeNetworkMessage(encodeNetworkMessage(many))).toThrow('too many')
  })
})

describe('memory hub', () => {
  it('delivers later, in order, as bytes of its own, to running nodes that are reachable', async () => {
    const hub = new MemoryHub()
    const [a, b, c] = ['a', 'b', 'c'].map((id) => hub.connect(id))
    const got: { readonly at: string; readonly from: string; readonly message: NetworkMessage }[] = []
    for (const [at, transport] of [
      ['b', b!],
      ['c', c!],
    ] as const) {
      transport.start({
        ...silent,
        message: (from, message) => {
          got.push({ at, from, message })
          return 'accept'
        },
      })
    }
    a!.start(silent)
    hub.setFilter((_, to) => to !== 'c')
    const raw = Uint8Array.of(1, 2, 3)
    a!.broadcast({ type: 'transactions', transactions: [raw] })
    a!.send('b', { type: 'transactions', transactions: [] })
    expect(got).toEqual([])
    raw.fill(9)
    await new Promise((resolve) => setImmediate(resolve))
    expect(got).toEqual([
      { at: 'b', from: 'a', message: { type: 'transactions', transactions: [Uint8Array.of(1, 2, 3)] } },
      { at: 'b', from: 'a', message: { type: 'transactions', transactions: [] } },
    ])
    expect(a!.peers()).toEqual(['b'])
  })

  it('answers requests, and says when a peer is gone or answers something else', async () => {
    const hub = new MemoryHub()
    const a = hub.connect('a')
    const b = hub.connect('b')
    a.start(silent)
    await expect(a.request('b', { type: 'status' })).rejects.toMatchObject({ code: 'PEER_UNKNOWN' })
    b.start(silent)
    await expect(a.request('b', { type: 'status' })).rejects.toMatchObject({ code: 'PEER_ANSWER_INVALID' })
    const request = { type: 'certificates', epoch: 0, fromView: 0, toView: 1 } as const
    expect(await a.request('b', request)).toEqual({ type: 'certificates', certificates: [] })
    await b.stop()
    b.start({ ...silent, request: () => Promise.reject(new Error('a failure of its own')) })
    await expect(a.request('b', request)).rejects.toMatchObject({ code: 'PEER_TIMEOUT' })
    await b.stop()
    await expect(a.request('b', { type: 'status' })).rejects.toMatchObject({ code: 'PEER_UNKNOWN' })
  })
})
