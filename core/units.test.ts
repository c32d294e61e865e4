import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatCpc, parseCpc } from './units.ts'

describe('CPC amounts', () => {
  it('parses exactly where floats would not', () => {
    expect(parseCpc('4.35')).toBe(4_350_000_000_000_000_000n)
    expect(parseCpc('0.000000000000000001')).toBe(1n)
    expect(parseCpc('123456789012345678901234567890')).toBe(123456789012345678901234567890n * 10n ** 18n)
  })

  it('round-trips every amount', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 1n << 120n }), (wei) => parseCpc(formatCpc(wei)) === wei))
  })

  it.each(['', '.5', '1.', '-1', '1e18', '1,000', ' 1', '0.0000000000000000001', '0x10', 'NaN'])(
    'refuses %j',
    (text) => {
      expect(() => parseCpc(text)).toThrow(expect.objectContaining({ code: 'AMOUNT_INVALID' }))
    },
  )
})
