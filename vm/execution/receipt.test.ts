import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hexKey, utf8 } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { EMPTY_MERKLE_ROOT, leafHash } from '../../core/merkle.ts'
import { encodeRlp, encodeUint } from '../../core/rlp.ts'
import { decodeReceipt, encodeReceipt, receiptRoot } from './receipt.ts'
import type { Receipt } from './types.ts'

const amounts = fc.record({
  gasUsed: fc.maxSafeNat(),
  gramUsed: fc.maxSafeNat(),
  cumulativeGasUsed: fc.maxSafeNat(),
  effectiveGasPrice: fc.bigInt(0n, (1n << 256n) - 1n),
})
const receipt: fc.Arbitrary<Receipt> = fc.oneof(
  amounts.map((a): Receipt => ({ status: 1, ...a })),
  fc
    .tuple(amounts, fc.constantFrom('AMOUNT_ZERO' as const, 'RESULT_HASH_MISMATCH' as const))
    .map(([a, error]): Receipt => ({ status: 0, error, ...a })),
)

test('round trip', () => {
  fc.assert(
    fc.property(receipt, (r) => {
      expect(decodeReceipt(encodeReceipt(r))).toEqual(r)
    }),
    { numRuns: 100 },
  )
})

test('changed bytes are refused or are the one encoding of another receipt', () => {
  fc.assert(
    fc.property(receipt, fc.nat(), fc.nat(255), (r, at, byte) => {
      const bytes = encodeReceipt(r)
      bytes[at % bytes.length] = byte
      try {
        expect(hexKey(encodeReceipt(decodeReceipt(bytes)))).toBe(hexKey(bytes))
      } catch (error) {
        expect(error).toBeInstanceOf(QuernError)
      }
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['an unknown code', 0, 'SOMETHING_ELSE'],
  ['the name of an inherited property', 0, 'toString'],
  ['failure without a code', 0, ''],
  ['success with a code', 1, 'AMOUNT_ZERO'],
])('%s is refused', (_, status, code) => {
  const bytes = encodeRlp([encodeUint(status), utf8(code), ...[1, 2, 3, 4].map(encodeUint)])
  expect(() => decodeReceipt(bytes)).toThrow(expect.objectContaining({ code: 'RECEIPT_INVALID' }))
})

test('receiptRoot is the RFC 6962 root over the encodings', () => {
  const one: Receipt = { status: 1, gasUsed: 1, gramUsed: 0, cumulativeGasUsed: 1, effectiveGasPrice: 1n }
  expect(receiptRoot([])).toEqual(EMPTY_MERKLE_ROOT)
  expect(receiptRoot([one])).toEqual(leafHash(encodeReceipt(one)))
  expect(receiptRoot([one, one])).not.toEqual(receiptRoot([one, one, one]))
})
