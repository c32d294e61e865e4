import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes, hexKey, toHex } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { sha256 } from '../core/hash.ts'
import { decodeRlp, encodeRlp, type RlpItem, rlpList } from '../core/rlp.ts'
import {
  blockSize,
  decodeBlock,
  decodeProposal,
  emptyBlockSize,
  encodeBlock,
  encodeProposal,
  envelopeSize,
  MAX_BLOCK_BYTES,
  makeBlock,
} from './block.ts'
import { decodeHeader, encodeHeader, headerHash } from './header.ts'
import { anyBlock, anyHeader, anyMessage, anyProposal, SAMPLE_BLOCK } from './testing/arbitraries.ts'
import { decodeMessage, encodeMessage } from './wire.ts'

const vectors = JSON.parse(readFileSync(new URL('./block.vectors.json', import.meta.url), 'utf8')) as Record<
  string,
  string
>

/** Decodes, or undefined where the decoder refused with a typed error. Any other error is a failure. */
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    if (error instanceof QuernError) return undefined
    throw error
  }
}

/** A canonical encoding with one byte changed, cut or added. */
const mutation = (bytes: Uint8Array) =>
  fc
    .tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.constantFrom('flip', 'cut', 'add'))
    .map(([at, by, how]) => {
      if (how === 'cut') return bytes.slice(0, at)
      if (how === 'add') return Uint8Array.from([...bytes.slice(0, at), by, ...bytes.slice(at)])
      return bytes.map((byte, i) => (i === at ? byte ^ by : byte))
    })

describe('header and block codec', () => {
  it('round trips', () => {
    fc.assert(
      fc.property(anyHeader, (header) => {
        expect(decodeHeader(encodeHeader(header))).toEqual(header)
      }),
    )
    fc.assert(
      fc.property(anyBlock, (block) => {
        expect(decodeBlock(encodeBlock(block))).toEqual(block)
        expect(blockSize(block)).toBe(encodeBlock(block).length)
      }),
    )
    fc.assert(
      fc.property(anyProposal, (p) => {
        expect(decodeProposal(encodeProposal(p))).toEqual(p)
      }),
    )
    fc.assert(
      fc.property(anyMessage, (m) => {
        expect(decodeMessage(encodeMessage(m))).toEqual(m)
      }),
    )
  })

  it('has one encoding for each object: whatever else decodes, decodes to another object with its own encoding', () => {
    const altered = anyMessage.map(encodeMessage).chain((bytes) => fc.tuple(fc.constant(bytes), mutation(bytes)))
    fc.assert(
      fc.property(altered, ([bytes, other]) => {
        const message = attempt(() => decodeMessage(other))
        if (message === undefined) return
        expect(equalBytes(encodeMessage(message), other)).toBe(true)
        expect(equalBytes(other, bytes)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('gives every header field its own place in the hash', () => {
    fc.assert(
      fc.property(anyHeader, fc.nat(24), (header, field) => {
        const item = rlpList(encodeHeader(header))
        const changed = item.map((value, i): RlpItem => (i === field ? otherValue(value as Uint8Array) : value))
        const other = attempt(() => decodeHeader(changed))
        if (other !== undefined) expect(hexKey(headerHash(other))).not.toBe(hexKey(headerHash(header)))
      }),
    )
  })

  it('refuses a block over 2 MiB, alone and in a proposal, and counts its size without encoding it', () => {
    const { header, parentCertificate } = SAMPLE_BLOCK
    const empty = emptyBlockSize(header, parentCertificate)
    const envelope = new Uint8Array(200_000).fill(1)
    const fitting = Math.floor((MAX_BLOCK_BYTES - empty) / envelopeSize(envelope))
    const full = makeBlock({ header, parentCertificate, transactions: Array(fitting).fill(envelope) })
    expect(decodeBlock(encodeBlock(full)).hash).toEqual(full.hash)
    const over = makeBlock({ header, parentCertificate, transactions: Array(fitting + 1).fill(envelope) })
    expect(() => decodeBlock(encodeBlock(over))).toThrow('at most')
    const proposal = { epoch: 0, view: 0, block: over, signature: new Uint8Array(96) }
    expect(() => decodeProposal(encodeProposal(proposal))).toThrow('at most')
  })

  it('refuses lists of other lengths and fields of other sizes', () => {
    const item = rlpList(encodeHeader(SAMPLE_BLOCK.header))
    for (const fields of [item.slice(1), [...item, new Uint8Array(0)], []]) {
      expect(() => decodeHeader(fields)).toThrow(QuernError)
    }
    for (const [field, size] of [
      [5, 31],
      [7, 21],
      [11, 31],
      [19, 95],
      [24, 33],
    ] as const) {
      expect(() => decodeHeader(item.map((v, i) => (i === field ? new Uint8Array(size).fill(1) : v)))).toThrow(
        QuernError,
      )
    }
    const [header, transactions] = rlpList(decodeRlp(encodeBlock(SAMPLE_BLOCK)))
    expect(() => decodeBlock(encodeRlp([header!, transactions!]))).toThrow(QuernError)
    expect(() => decodeBlock(encodeRlp([header!, [[]], []]))).toThrow(QuernError)
    expect(() => decodeMessage(Uint8Array.of(9, 0xc0))).toThrow('unknown message type')
    expect(() => decodeMessage(new Uint8Array(0))).toThrow(QuernError)
  })

  it('keeps the formats that are written down', () => {
    const proposal = { epoch: 3, view: 131, block: SAMPLE_BLOCK, signature: new Uint8Array(96).fill(13) }
    const digest = (bytes: Uint8Array): string => toHex(sha256(bytes))
    expect({
      sampleBlockHash: toHex(SAMPLE_BLOCK.hash),
      sampleBlockSha256: digest(encodeBlock(SAMPLE_BLOCK)),
      sampleProposalSha256: digest(encodeProposal(proposal)),
      sampleMessageSha256: digest(encodeMessage({ type: 'proposal', proposal })),
    }).toEqual(vectors)
  })
})

const otherValue = (value: Uint8Array): Uint8Array =>
  value.length === 0 ? Uint8Array.of(1) : value.map((byte, i) => (i === value.length - 1 ? byte ^ 1 : byte))
