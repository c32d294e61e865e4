/** CPC amounts as people write them: decimal strings, exact. 1 CPC = 10^18 wei. */
import { QuernError } from './errors.ts'

export const CPC_DECIMALS = 18
export const WEI_PER_CPC = 10n ** 18n

/**
 * Parses a decimal CPC amount exactly: digits, at most one point, at most 18 decimals. No sign, exponent or separator.
 * @throws QuernError `AMOUNT_INVALID`
 */
export function parseCpc(text: string): bigint {
  const match = /^(\d{1,60})(?:\.(\d{1,18}))?$/.exec(text)
  if (match === null) {
    throw new QuernError(
      'AMOUNT_INVALID',
      `not an amount of CPC: "${text}"; write it like 12 or 0.5, with at most 18 decimals`,
    )
  }
  return BigInt(match[1]!) * WEI_PER_CPC + BigInt((match[2] ?? '').padEnd(CPC_DECIMALS, '0'))
}

/** The shortest decimal that `parseCpc` reads back to the same wei. */
export function formatCpc(wei: bigint): string {
  const sign = wei < 0n ? '-' : ''
  const digits = (wei < 0n ? -wei : wei).toString().padStart(CPC_DECIMALS + 1, '0')
  const whole = digits.slice(0, -CPC_DECIMALS)
  const fraction = digits.slice(-CPC_DECIMALS).replace(/0+$/, '')
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
}
