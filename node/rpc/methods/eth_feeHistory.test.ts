import { describe, expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { eth_feeHistory } from './eth_feeHistory.ts'

interface History {
  oldestBlock: string
  baseFeePerGas: string[]
  gasUsedRatio: number[]
  reward?: string[][]
}
const call = (params: unknown[]) => callMethod<History>(fixture().context, eth_feeHistory, params)

describe('eth_feeHistory', () => {
  it('gives one base fee more than blocks', async () => {
    const { oldestBlock, baseFeePerGas, gasUsedRatio, reward } = await call(['0x4', 'latest', [10, 50, 100]])
    expect(oldestBlock).toBe('0x9')
    expect(baseFeePerGas).toEqual(Array(5).fill('0x3e8'))
    expect(gasUsedRatio).toEqual([0, 0, 21_000 / 240e6, 80_000 / 240e6])
    const zeros = ['0x0', '0x0', '0x0']
    expect(reward).toEqual([zeros, zeros, ['0x7d0', '0x7d0', '0x7d0'], ['0x7d0', '0x7d0', '0x7d0']])
  })

  it('weighs percentiles by gas', async () => {
    // Block 2: tips 2,000 and 3,000 over equal gas.
    const { reward } = await call([1, '0x2', [0, 50, 51, 100]])
    expect(reward).toEqual([['0x7d0', '0x7d0', '0xbb8', '0xbb8']])
  })

  it('stops at genesis and leaves out what was not asked for', async () => {
    const { oldestBlock, gasUsedRatio, reward } = await call(['0x400', '0x3'])
    expect(oldestBlock).toBe('0x0')
    expect(gasUsedRatio).toHaveLength(4)
    expect(reward).toBeUndefined()
  })

  it('refuses disorder', async () => {
    const tag = (params: unknown[]) => refusalTag(fixture().context, eth_feeHistory, params)
    expect(await tag([1, 'latest', [50, 10]])).toBe('INVALID_PARAMS')
    expect(await tag([1, 'latest', [101]])).toBe('INVALID_PARAMS')
    expect(await tag([0, 'latest'])).toBe('INVALID_PARAMS')
    expect(await tag([1, '0x99'])).toBe('BLOCK_UNKNOWN')
  })
})
