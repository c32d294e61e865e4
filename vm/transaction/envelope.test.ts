import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, EMPTY_BYTES, equalBytes, fromHex, hexKey, ZERO_ADDRESS } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { keccak256 } from '../../core/hash.ts'
import { decodeRlp, encodeRlp, encodeUint, type RlpItem, rlpList } from '../../core/rlp.ts'
import { signHash } from '../../core/secp256k1.ts'
import { PRESETS } from '../params.ts'
import { ACTIONS, anyAction, signFields } from '../testing/transactions.ts'
import { testWallet } from '../testing/wallet.ts'
import {
  type DecodeOptions,
  decodeEnvelope,
  decodeOptions,
  decodeTransaction,
  encodeEnvelope,
  signingHash,
} from './envelope.ts'
import { signEip1559Transfer, signLegacyTransfer, signNative } from './sign.ts'
import type { Action, Envelope } from './types.ts'

const CHAIN = 26_180
const DEV = { devKinds: true }
const alice = testWallet(1)
const base = { chainId: CHAIN, nonce: 7, maxPriorityFeePerGas: 2n, maxFeePerGas: 5_000n, gasLimit: 50_000 }
const transfer: Action = { kind: 'TRANSFER', to: testWallet(2).address, value: 12n, memo: EMPTY_BYTES }

function codeOf(raw: Uint8Array, options: DecodeOptions = DEV): string {
  try {
    decodeTransaction(raw, CHAIN, options)
    return 'accepted'
  } catch (error) {
    if (error instanceof QuernError) return error.code
    throw error
  }
}

/** Signs whatever list is given, canonical or not, as an envelope of this type. */
function forge(prefix: number[], unsigned: readonly RlpItem[]): Uint8Array {
  const head = Uint8Array.from(prefix)
  const { yParity, r, s } = signHash(keccak256(concatBytes(head, encodeRlp(unsigned))), alice.privateKey)
  return concatBytes(head, encodeRlp([...unsigned, encodeUint(yParity), encodeUint(r), encodeUint(s)]))
}

const native = (over: Partial<Record<number, RlpItem>> = {}): RlpItem[] =>
  [
    encodeUint(CHAIN),
    encodeUint(7),
    encodeUint(2),
    encodeUint(5_000),
    encodeUint(50_000),
    encodeUint(1),
    [ZERO_ADDRESS, encodeUint(12), EMPTY_BYTES],
  ].map((item, i) => over[i] ?? item)

const eip1559 = (over: Partial<Record<number, RlpItem>> = {}): RlpItem[] =>
  [
    encodeUint(CHAIN),
    encodeUint(7),
    encodeUint(2),
    encodeUint(5_000),
    encodeUint(21_000),
    ZERO_ADDRESS,
    encodeUint(12),
    EMPTY_BYTES,
    [],
  ].map((item, i) => over[i] ?? item)

describe('round trips', () => {
  test('every native kind decodes to what was signed, and encodes to the same bytes', () => {
    for (const action of Object.values(ACTIONS)) {
      fc.assert(
        fc.property(action as fc.Arbitrary<Action>, signFields(CHAIN), (wanted, fields) => {
          const raw = signNative({ ...fields, action: wanted }, alice.privateKey)
          const tx = decodeTransaction(raw, CHAIN, DEV)
          expect(tx).toMatchObject({ ...fields, type: 'native', action: wanted })
          expect(tx.action).toEqual(wanted)
          expect(hexKey(tx.from)).toBe(hexKey(alice.address))
          expect(hexKey(tx.hash)).toBe(hexKey(keccak256(raw)))
          expect(hexKey(encodeEnvelope(tx, tx.signature))).toBe(hexKey(raw))
        }),
        { numRuns: 20 },
      )
    }
  })

  test('plain transfers of both Ethereum kinds we sign', () => {
    const { gasLimit, ...fields } = base
    const to = testWallet(2).address
    const modern = signEip1559Transfer({ ...fields, to, value: 12n }, alice.privateKey)
    expect(decodeTransaction(modern, CHAIN)).toMatchObject({ type: 'eip1559', gasLimit: 21_000, action: transfer })
    const legacy = signLegacyTransfer(
      { chainId: CHAIN, nonce: 7, gasPrice: 9n, gasLimit, to, value: 12n },
      alice.privateKey,
    )
    const decoded = decodeTransaction(legacy, CHAIN)
    expect(decoded).toMatchObject({ type: 'legacy', maxFeePerGas: 9n, maxPriorityFeePerGas: 9n, action: transfer })
    expect(hexKey(decoded.from)).toBe(hexKey(alice.address))
    expect(hexKey(encodeEnvelope(decoded, decoded.signature))).toBe(hexKey(legacy))
  })

  test('what was signed is found in every envelope type as it would be encoded anew', () => {
    const types = ['legacy', 'eip2930', 'eip1559', 'native'] as const
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.bigInt({ min: 0n, max: 1n << 200n }),
        fc.nat(),
        (type, value, nonce) => {
          const fees = type === 'legacy' || type === 'eip2930' ? { maxPriorityFeePerGas: 9n, maxFeePerGas: 9n } : {}
          const fields = { ...base, ...fees, type, nonce, action: { ...transfer, value } }
          const raw = encodeEnvelope(fields, { r: 1n + value, s: 2n, yParity: 1 })
          expect(decodeEnvelope(raw, CHAIN).signingHash).toEqual(signingHash(fields))
        },
      ),
    )
  })

  test('gasLimit defaults to what the action uses', () => {
    const { gasLimit: _, ...fields } = base
    const memo = Uint8Array.of(1, 2, 3)
    const raw = signNative({ ...fields, action: { ...transfer, memo } }, alice.privateKey)
    expect(decodeTransaction(raw, CHAIN).gasLimit).toBe(21_000 + 3 * 16)
  })
})

describe('one encoding per transaction', () => {
  const decodeOrUndefined = (raw: Uint8Array): Envelope | undefined => {
    try {
      return decodeEnvelope(raw, CHAIN, DEV)
    } catch (error) {
      if (error instanceof QuernError && error.code.startsWith('TX_')) return undefined
      throw error
    }
  }

  const signed = fc
    .tuple(anyAction, signFields(CHAIN), fc.constantFrom('native', 'eip1559', 'legacy'))
    .map(([action, f, type]) => {
      const { chainId, nonce, gasLimit } = f
      const to = testWallet(2).address
      if (type === 'native') return signNative({ ...f, action }, alice.privateKey)
      if (type === 'eip1559') return signEip1559Transfer({ ...f, to, value: 5n }, alice.privateKey)
      return signLegacyTransfer({ chainId, nonce, gasLimit, gasPrice: f.maxFeePerGas, to, value: 5n }, alice.privateKey)
    })

  test('changed bytes are refused, or are the one encoding of another envelope', () => {
    const edit = fc.record({ at: fc.nat(), byte: fc.nat(255), how: fc.constantFrom('set', 'insert', 'remove') })
    let decodedOnes = 0
    fc.assert(
      fc.property(signed, fc.array(edit, { minLength: 1, maxLength: 2 }), (raw, edits) => {
        let bytes = [...raw]
        for (const { at, byte, how } of edits) {
          const i = at % bytes.length
          const middle = how === 'set' ? [byte] : how === 'insert' ? [byte, bytes[i]!] : []
          bytes = [...bytes.slice(0, i), ...middle, ...bytes.slice(i + 1)]
        }
        const changed = Uint8Array.from(bytes)
        const envelope = decodeOrUndefined(changed)
        if (envelope === undefined) return
        decodedOnes++
        expect(hexKey(encodeEnvelope(envelope, envelope.signature))).toBe(hexKey(changed))
      }),
      { numRuns: 1_500 },
    )
    // Without some that still decode, the property would say nothing.
    expect(decodedOnes).toBeGreaterThan(50)
  })

  test('truncated and extended envelopes are refused', () => {
    const raw = signNative({ ...base, action: transfer }, alice.privateKey)
    for (let length = 0; length < raw.length; length++) expect(codeOf(raw.subarray(0, length))).toBe('TX_MALFORMED')
    expect(codeOf(concatBytes(raw, Uint8Array.of(0)))).toBe('TX_MALFORMED')
  })
})

describe('refusals', () => {
  test('the forging helper makes valid envelopes when nothing is changed', () => {
    expect(codeOf(forge([0x71], native()))).toBe('accepted')
    expect(codeOf(forge([2], eip1559()))).toBe('accepted')
  })

  test.each<[string, number[], RlpItem[], string]>([
    ['another chain', [0x71], native({ 0: encodeUint(1) }), 'TX_CHAIN_ID'],
    ['another chain, 0x02', [2], eip1559({ 0: encodeUint(1) }), 'TX_CHAIN_ID'],
    ['priority fee above the maximum', [2], eip1559({ 2: encodeUint(5_001) }), 'TX_FEE_ORDER'],
    ['contract creation', [2], eip1559({ 5: EMPTY_BYTES }), 'TX_NO_EVM'],
    ['data', [2], eip1559({ 7: Uint8Array.of(1) }), 'TX_NO_EVM'],
    ['an access list', [2], eip1559({ 8: [[ZERO_ADDRESS, [new Uint8Array(32)]]] }), 'TX_NO_EVM'],
    ['an access list that is no list', [2], eip1559({ 8: EMPTY_BYTES }), 'TX_MALFORMED'],
    ['a short address', [2], eip1559({ 5: new Uint8Array(19) }), 'TX_MALFORMED'],
    ['a value over 256 bits', [2], eip1559({ 6: new Uint8Array(33).fill(1) }), 'TX_MALFORMED'],
    ['a leading zero', [0x71], native({ 2: Uint8Array.of(0, 2) }), 'TX_MALFORMED'],
    ['a nonce of 2^53', [0x71], native({ 1: encodeUint(1n << 53n) }), 'TX_MALFORMED'],
    ['a nonce of 2^53 - 1', [0x71], native({ 1: encodeUint(2 ** 53 - 1) }), 'TX_MALFORMED'],
    ['kind 0', [0x71], native({ 5: EMPTY_BYTES }), 'TX_KIND_UNKNOWN'],
    ['task market kinds', [0x71], native({ 5: encodeUint(32) }), 'TX_KIND_UNKNOWN'],
    ['a body that is no list', [0x71], native({ 6: Uint8Array.of(5) }), 'TX_MALFORMED'],
    [
      'a body with a field too many',
      [0x71],
      native({ 6: [ZERO_ADDRESS, EMPTY_BYTES, EMPTY_BYTES, EMPTY_BYTES] }),
      'TX_MALFORMED',
    ],
    ['a memo of 257 bytes', [0x71], native({ 6: [ZERO_ADDRESS, EMPTY_BYTES, new Uint8Array(257)] }), 'TX_MALFORMED'],
    ['no claim positions', [0x71], native({ 5: encodeUint(10), 6: [] }), 'TX_MALFORMED'],
    ['17 claim positions', [0x71], native({ 5: encodeUint(10), 6: Array(17).fill([ZERO_ADDRESS]) }), 'TX_MALFORMED'],
    [
      'openToWorkers of 2',
      [0x71],
      native({ 5: encodeUint(4), 6: [EMPTY_BYTES, EMPTY_BYTES, EMPTY_BYTES, EMPTY_BYTES, encodeUint(2)] }),
      'TX_MALFORMED',
    ],
    [
      'a BLS key of 47 bytes',
      [0x71],
      native({ 5: encodeUint(2), 6: [encodeUint(1), [new Uint8Array(47), new Uint8Array(96)]] }),
      'TX_MALFORMED',
    ],
    [
      'set balance of 2^128',
      [0x71],
      native({ 5: encodeUint(240), 6: [ZERO_ADDRESS, encodeUint(1n << 128n)] }),
      'TX_MALFORMED',
    ],
    ['an unknown envelope type', [0x70], native(), 'TX_MALFORMED'],
    ['a blob transaction', [3], native(), 'TX_NO_EVM'],
    ['a set-code transaction', [4], native(), 'TX_NO_EVM'],
  ])('%s', (_, prefix, items, code) => {
    expect(codeOf(forge(prefix, items))).toBe(code)
  })

  test('a nullify statement that names a block', () => {
    const statement = (type: number, hash: Uint8Array): RlpItem => [encodeUint(type), hash, new Uint8Array(96)]
    const body = (hash: Uint8Array): RlpItem => [
      ZERO_ADDRESS,
      EMPTY_BYTES,
      EMPTY_BYTES,
      statement(3, new Uint8Array(32).fill(1)),
      statement(2, hash),
    ]
    expect(codeOf(forge([0x71], native({ 5: encodeUint(11), 6: body(new Uint8Array(32)) })))).toBe('accepted')
    expect(codeOf(forge([0x71], native({ 5: encodeUint(11), 6: body(new Uint8Array(32).fill(1)) })))).toBe(
      'TX_MALFORMED',
    )
  })

  test('legacy without a chain id', () => {
    const items = [encodeUint(7), encodeUint(9), encodeUint(21_000), ZERO_ADDRESS, encodeUint(12), EMPTY_BYTES]
    const { yParity, r, s } = signHash(keccak256(encodeRlp(items)), alice.privateKey)
    const raw = encodeRlp([...items, encodeUint(27 + yParity), encodeUint(r), encodeUint(s)])
    expect(codeOf(raw)).toBe('TX_UNPROTECTED')
    expect(codeOf(encodeRlp([...items, encodeUint(29), encodeUint(r), encodeUint(s)]))).toBe('TX_MALFORMED')
    expect(codeOf(encodeRlp([...items, encodeUint(37 + yParity), encodeUint(r), encodeUint(s)]))).toBe('TX_CHAIN_ID')
  })

  test('sizes are bounded by type before anything is decoded', () => {
    const long = (first: number, length: number): Uint8Array => {
      const raw = new Uint8Array(length)
      raw[0] = first
      return raw
    }
    expect(codeOf(long(0x71, (300 << 10) + 1))).toBe('TX_TOO_LARGE')
    expect(codeOf(long(0x71, 300 << 10))).toBe('TX_MALFORMED')
    expect(codeOf(long(2, (128 << 10) + 1))).toBe('TX_TOO_LARGE')
    expect(codeOf(long(0xf8, (128 << 10) + 1))).toBe('TX_TOO_LARGE')
  })

  test('the other s of a signature, and signatures out of range', () => {
    const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const raw = signNative({ ...base, action: transfer }, alice.privateKey)
    const { signature, ...fields } = decodeEnvelope(raw, CHAIN)
    const { r, s, yParity } = signature
    const flipped = yParity === 0 ? 1 : 0
    for (const bad of [
      { r, s: ORDER - s, yParity: flipped },
      { r: 0n, s, yParity },
      { r, s: 0n, yParity },
      { r: ORDER, s, yParity },
    ] as const) {
      expect(codeOf(encodeEnvelope(fields, bad))).toBe('TX_SIGNATURE_INVALID')
    }
  })

  test('C4: text that is not UTF-8, or not text at all, never reaches the state', () => {
    const update = (name: RlpItem): RlpItem[] =>
      native({ 5: encodeUint(4), 6: [name, EMPTY_BYTES, EMPTY_BYTES, EMPTY_BYTES, EMPTY_BYTES] })
    expect(codeOf(forge([0x71], update(Uint8Array.of(0x78))))).toBe('accepted')
    expect(codeOf(forge([0x71], update([Uint8Array.of(0x78)])))).toBe('TX_MALFORMED')
    expect(codeOf(forge([0x71], update(Uint8Array.of(0xff))))).toBe('TX_MALFORMED')
    expect(codeOf(forge([0x71], update(fromHex('eda080'))))).toBe('TX_MALFORMED')
    expect(codeOf(forge([0x71], update(new Uint8Array(65).fill(0x78))))).toBe('TX_MALFORMED')
  })

  test('DEV_SET_BALANCE exists only where the parameters name an authority', () => {
    const raw = signNative(
      { ...base, action: { kind: 'DEV_SET_BALANCE', account: alice.address, balance: 1n } },
      alice.privateKey,
    )
    expect(codeOf(raw, decodeOptions(PRESETS.mainnet))).toBe('TX_KIND_UNKNOWN')
    expect(codeOf(raw, decodeOptions({ ...PRESETS.devnet, devAuthority: hexKey(alice.address) }))).toBe('accepted')
  })
})

describe('C2: signed amounts cannot be rewritten', () => {
  const digits = (nonce: number, value: bigint): Uint8Array =>
    decodeEnvelope(signNative({ ...base, nonce, action: { ...transfer, value } }, alice.privateKey), CHAIN).signingHash

  test('moving a digit from one field to the next changes what is signed', () => {
    expect(hexKey(digits(12, 345n))).not.toBe(hexKey(digits(123, 45n)))
    expect(hexKey(digits(1, 2345n))).not.toBe(hexKey(digits(12, 345n)))
  })

  test('an envelope with any field changed does not come from the signer', () => {
    const raw = signNative({ ...base, action: transfer }, alice.privateKey)
    const { signature, ...fields } = decodeEnvelope(raw, CHAIN)
    const changes: Partial<typeof fields>[] = [
      { nonce: 8 },
      { maxPriorityFeePerGas: 3n },
      { maxFeePerGas: 5_001n },
      { gasLimit: 50_001 },
      { action: { ...transfer, value: 13n } },
      { action: { ...transfer, to: testWallet(3).address } },
      { action: { ...transfer, memo: Uint8Array.of(0) } },
      { action: { kind: 'DELEGATE', validator: transfer.to, amount: 12n } },
      { type: 'eip1559' },
    ]
    for (const change of changes) {
      const changed = encodeEnvelope({ ...fields, ...change }, signature)
      let from = EMPTY_BYTES
      try {
        from = decodeTransaction(changed, CHAIN).from
      } catch (error) {
        expect(error).toMatchObject({ code: 'TX_SIGNATURE_INVALID' })
      }
      expect(equalBytes(from, alice.address)).toBe(false)
    }
  })
})

test('the list of the native envelope has ten items in the order of the protocol', () => {
  const raw = signNative({ ...base, action: transfer }, alice.privateKey)
  const items = rlpList(decodeRlp(raw.subarray(1)), 10)
  expect(items.slice(0, 6).map((item) => hexKey(item as Uint8Array))).toEqual([
    '6644',
    '07',
    '02',
    '1388',
    'c350',
    '01',
  ])
})
