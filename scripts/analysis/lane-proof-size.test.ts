import { describe, expect, it } from 'vitest'
import { proofSizes } from './lane-proof-size.ts'

const HASH_BYTES = 32

const differences = (sizes: readonly number[]): number[] => sizes.slice(1).map((size, i) => size - sizes[i]!)

describe('two-anchor proofs', () => {
  it('grow by the same with each block that touches the lane, and with each of its transactions', () => {
    const perBlock = [1, 2, 3].map((transactions) => [...new Set(differences(proofSizes(64, 30, transactions)))])
    expect(perBlock).toEqual([[71], [71 + 38], [71 + 2 * 38]])
  })

  it('do not grow with other lanes, but for siblings at the two ends', () => {
    const blocks = 4
    const found = [64, 128, 256, 512, 1_024, 2_048].map((others) => proofSizes(others, blocks, 1))
    const growth = found.map((sizes) => sizes.at(-1)! - sizes[0]!)
    expect(new Set(growth).size).toBe(1)
    const ends = found.map((sizes) => sizes[0]!)
    expect(ends).toEqual(ends.toSorted((a, b) => a - b))
    // 2^5 times the lanes are five levels more, give or take how close the nearest lanes are to this one.
    expect(ends.at(-1)! - ends[0]!).toBeLessThanOrEqual(2 * HASH_BYTES * (5 + 3))
    expect(ends.at(-1)!).toBeLessThan(2 * ends[0]!)
  })
})
