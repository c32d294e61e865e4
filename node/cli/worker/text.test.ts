import { describe, expect, it } from 'vitest'
import { amount, cutTo, duration, gmacs, printable, shortCpc } from './text.ts'

describe('text for the screen', () => {
  it.each([
    [0, '0 s'],
    [45_400, '45 s'],
    [200_000, '3 min 20 s'],
    [7_200_000, '2 h'],
    [7_500_000, '2 h 5 min'],
    [273_600_000, '3 d 4 h'],
    [-5, '0 s'],
  ])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text))

  it.each([
    [0n, '0 CPC'],
    [1n, '0 CPC'],
    [1_999_999_999_999_999_999n, '1.9999 CPC'],
    [1_234_567n * 10n ** 18n + 5n * 10n ** 17n, '1,234,567.5 CPC'],
  ])('%d wei is %s', (wei, text) => expect(shortCpc(wei)).toBe(text))

  it('figures keep what matters', () => {
    expect([amount(0.0123456), amount(12.3456), amount(999.96), amount(12_345.6)]).toEqual([
      '0.01235',
      '12.35',
      '1000',
      '12,346',
    ])
    expect([gmacs(0), gmacs(9.994e9), gmacs(123.45e9)]).toEqual(['0.00', '9.99', '123.5'])
  })

  it('foreign text cannot move the cursor or fake a width', () => {
    expect(printable('a\x1b[31mb\r\n\u009bc\u{1f600}d')).toBe('a [31mb c d')
  })

  it('cuts within pieces, with styles closed', () => {
    const line = [{ text: 'ab', style: 'bold' as const }, { text: 'cdef', style: 'red' as const }, { text: 'g' }]
    expect(cutTo(line, 4, false)).toBe('abcd')
    expect(cutTo(line, 4, true)).toBe('\x1b[1mab\x1b[0m\x1b[31mcd\x1b[0m')
    expect(cutTo(line, 0, true)).toBe('')
  })
})
