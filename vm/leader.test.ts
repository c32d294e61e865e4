/** Leader election: the pick itself, written a second time. Its shares: leader-shares.test.ts. PROTOCOL 5. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { hexKey, u32be } from '../core/bytes.ts'
import { sha256 } from '../core/hash.ts'
import { leaderOf, nextRandomness } from './leader.ts'
import type { ValidatorSet } from './validator-set.ts'

const setOf = (epoch: number, weights: readonly bigint[]): ValidatorSet => ({
  epoch,
  members: weights.map((weight, i) => ({
    address: new Uint8Array(20).fill(i),
    blsPublicKey: new Uint8Array(48).fill(i),
    power: 1n,
    weight,
  })),
})

const u64 = (value: number) => value.toString(16).padStart(16, '0')

/** Straight from the text, over hex strings and another SHA-256. */
function referenceLeader(set: ValidatorSet, randomness: Uint8Array, view: number): number {
  const domain = Buffer.from('quern/leader/1\0').toString('hex')
  const preimage = Buffer.from(domain + hexKey(randomness) + u64(set.epoch) + u64(view), 'hex')
  const weights = set.members.map(({ weight }) => weight)
  const x = BigInt(`0x${createHash('sha256').update(preimage).digest('hex')}`) % weights.reduce((a, b) => a + b, 0n)
  return weights.findIndex((_, i) => x < weights.slice(0, i + 1).reduce((a, b) => a + b, 0n))
}

describe('leader election', () => {
  it('agrees with the text', () => {
    for (let i = 0; i < 300; i++) {
      const set = setOf(i % 7, [3n, 0n, 10n ** 24n, BigInt(i) * 10n ** 23n, 1n])
      const randomness = sha256(u32be(i))
      expect(leaderOf(set, randomness, i)).toBe(referenceLeader(set, randomness, i))
    }
  })

  it('nobody leads without weight, and a set without any has no leader', () => {
    const set = setOf(1, [0n, 5n, 0n])
    for (let view = 0; view < 50; view++) expect(leaderOf(set, sha256(), view)).toBe(1)
    expect(() => leaderOf(setOf(1, [0n, 0n]), sha256(), 0)).toThrow('no weight')
  })

  it('depends on randomness, epoch and view', () => {
    const picks = (epoch: number, seed: number, from: number) =>
      Array.from({ length: 40 }, (_, view) =>
        leaderOf(setOf(epoch, [1n, 1n, 1n, 1n]), sha256(u32be(seed)), from + view),
      ).join()
    expect(new Set([picks(1, 1, 0), picks(2, 1, 0), picks(1, 2, 0), picks(1, 1, 1)]).size).toBe(4)
  })

  it('randomness is chained over reveals', () => {
    const reveal = new Uint8Array(96).fill(5)
    const expected = createHash('sha256')
      .update(Buffer.concat([Buffer.from('quern/randomness/1\0'), sha256(), reveal]))
      .digest('hex')
    expect(hexKey(nextRandomness(sha256(), reveal))).toBe(expected)
  })
})
