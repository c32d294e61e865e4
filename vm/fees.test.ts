import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { effectiveGasPrice, nextBaseFee, priorityFee } from './fees.ts'

const gasLimit = 30_000_000

describe('nextBaseFee', () => {
  // From the text of EIP-1559: full block +12.5 %, empty block -12.5 %, target unchanged.
  test.each([
    ['full', 30_000_000, 1_125_000_000n],
    ['at target', 15_000_000, 1_000_000_000n],
    ['empty', 0, 875_000_000n],
    ['a little over', 15_000_001, 1_000_000_008n],
  ])('%s', (_, gasUsed, expected) => {
    expect(nextBaseFee({ baseFeePerGas: 1_000_000_000n, gasUsed, gasLimit }, 7n)).toBe(expected)
  })

  test('rises by at least one wei over the target, and never falls below the floor', () => {
    expect(nextBaseFee({ baseFeePerGas: 7n, gasUsed: 15_000_001, gasLimit }, 7n)).toBe(8n)
    expect(nextBaseFee({ baseFeePerGas: 7n, gasUsed: 0, gasLimit }, 7n)).toBe(7n)
    expect(nextBaseFee({ baseFeePerGas: 1_000n, gasUsed: 0, gasLimit }, 990n)).toBe(990n)
  })

  test('moves by at most an eighth', () => {
    fc.assert(
      fc.property(fc.bigInt(8n, 1n << 80n), fc.nat(gasLimit), (baseFeePerGas, gasUsed) => {
        const next = nextBaseFee({ baseFeePerGas, gasUsed, gasLimit }, 1n)
        const step = baseFeePerGas / 8n
        expect(next <= baseFeePerGas + step && next >= baseFeePerGas - step).toBe(true)
      }),
    )
  })
})

test('what is paid is never above the maximum, and what the proposer gets never above the priority fee', () => {
  const fee = fc.bigInt(0n, 1n << 70n)
  fc.assert(
    fc.property(fee, fee, fee, (baseFee, more, maxPriorityFeePerGas) => {
      const caps = { maxFeePerGas: baseFee + more, maxPriorityFeePerGas }
      expect(effectiveGasPrice(caps, baseFee) <= caps.maxFeePerGas).toBe(true)
      expect(priorityFee(caps, baseFee) <= maxPriorityFeePerGas).toBe(true)
      expect(priorityFee(caps, baseFee) >= 0n).toBe(true)
      expect(priorityFee(caps, baseFee) === maxPriorityFeePerGas || priorityFee(caps, baseFee) === more).toBe(true)
    }),
  )
})
