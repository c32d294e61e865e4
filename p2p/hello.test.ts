import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { encodeRlp, encodeUint } from '../core/rlp.ts'
import { announcementEnvelope, decodeEnvelope, slotMsOf, wholeEnvelope } from './envelope.ts'
import { claimBytes, decodeHello, encodeHello, type Hello, MAX_HELLO_BYTES } from './hello.ts'
import { PROTOCOL_VERSION } from './protocols.ts'
import { transactions } from './testing/nodes.ts'
import { encodeNetworkMessage } from './wire.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const printable = fc.array(fc.integer({ min: 0x20, max: 0x7e }), { maxLength: 64 })

const anyHello: fc.Arbitrary<Hello> = fc.record({
  version: fc.constant(PROTOCOL_VERSION),
  genesisHash: bytes(32),
  agent: printable.map((codes) => String.fromCharCode(...codes)),
  height: fc.maxSafeNat(),
  hash: bytes(32),
  blocksFrom: fc.maxSafeNat(),
  statesFrom: fc.maxSafeNat(),
  claim: fc.option(fc.record({ address: bytes(20), blsPublicKey: bytes(48), signature: bytes(96) }), {
    nil: undefined,
  }),
})

describe('hello', () => {
  it('has one form, within its limit', () => {
    fc.assert(
      fc.property(anyHello, (hello) => {
        const encoded = encodeHello(hello)
        expect(encoded.length).toBeLessThanOrEqual(MAX_HELLO_BYTES)
        expect(decodeHello(encoded)).toEqual(hello)
      }),
    )
  })

  it('is refused with a typed error, whatever the bytes are', () => {
    fc.assert(
      fc.property(anyHello, fc.nat(), fc.integer({ min: 1, max: 255 }), (hello, at, by) => {
        const encoded = encodeHello(hello)
        const altered = encoded.map((byte, i) => (i === at % encoded.length ? byte ^ by : byte))
        try {
          decodeHello(altered)
        } catch (error) {
          if (!(error instanceof QuernError)) throw error
        }
      }),
    )
  })

  it('brings no control characters and no long names to a log', () => {
    const place = { height: 0, hash: new Uint8Array(32), blocksFrom: 0, statesFrom: 0 }
    const hello = { version: PROTOCOL_VERSION, genesisHash: new Uint8Array(32), ...place, claim: undefined }
    expect(decodeHello(encodeHello({ ...hello, agent: 'a\u001b[2J\n' })).agent).toBe('a?[2J?')
    const parts = (agent: Uint8Array) =>
      encodeRlp([encodeUint(1), hello.genesisHash, agent, encodeUint(0), hello.hash, encodeUint(0), encodeUint(0), []])
    expect(() => decodeHello(parts(utf8('a\n')))).toThrow('printable')
    expect(() => decodeHello(parts(utf8('a'.repeat(65))))).toThrow('printable')
  })

  it('of another version is told by its first field alone, whatever shape that version gave it', () => {
    for (const fields of [[], [utf8('anything'), [utf8('nested')]]]) {
      const hello = encodeRlp([encodeUint(PROTOCOL_VERSION + 1), ...fields])
      expect(() => decodeHello(hello)).toThrow(expect.objectContaining({ code: 'OTHER_VERSION' }))
    }
  })

  it('claims for one genesis and one peer', () => {
    const at = (genesis: number, peer: number) =>
      claimBytes(new Uint8Array(32).fill(genesis), new Uint8Array(38).fill(peer)).join()
    expect(new Set([at(1, 1), at(1, 2), at(2, 1)]).size).toBe(3)
  })
})

describe('envelope', () => {
  const announcement = {
    epoch: 3,
    view: 9,
    blockHash: new Uint8Array(32).fill(1),
    author: new Uint8Array(20).fill(2),
    signature: new Uint8Array(96).fill(3),
  }

  it('carries a message or an announcement, in its slot', () => {
    const message = transactions(4)
    const payload = encodeNetworkMessage(message)
    expect(decodeEnvelope(wholeEnvelope(0, payload))).toEqual({ slot: 0, type: 'message', message, payload })
    expect(decodeEnvelope(announcementEnvelope(2 ** 32 - 1, announcement))).toEqual({
      slot: 2 ** 32 - 1,
      type: 'announcement',
      announcement,
    })
  })

  it('refuses what is none', () => {
    const good = announcementEnvelope(1, announcement)
    for (const bad of [
      good.subarray(0, 4),
      good.subarray(0, 40),
      Uint8Array.of(0, 0, 0, 1, 3, 0xc0),
      wholeEnvelope(0, new Uint8Array(600 << 10)),
    ]) {
      expect(() => decodeEnvelope(bad)).toThrow(QuernError)
    }
  })

  it('is repeated once in four D, within bounds', () => {
    expect([50, 400, 2_000, 60_000].map(slotMsOf)).toEqual([1_000, 1_600, 8_000, 30_000])
  })
})
