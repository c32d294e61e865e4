/** What a quorum is: more than two thirds of the power, to the wei. PROTOCOL 5. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QUORUMS, UNEQUAL } from './testing/quorums.ts'
import { isQuorum, totalPower, validatorsHash } from './validator-set.ts'

const setOf = (powers: readonly bigint[], epoch = 0) => ({
  epoch,
  members: powers.map((power, i) => ({
    address: new Uint8Array(20).fill(i),
    blsPublicKey: new Uint8Array(48).fill(i),
    power,
    weight: 1n,
  })),
})

describe('a quorum', () => {
  it('of 1 to 100 equal validators has the size that is written down', () => {
    expect(QUORUMS).toHaveLength(100)
    for (const [i, quorum] of QUORUMS.entries()) {
      const n = BigInt(i + 1)
      for (const power of [1n, 1_000n * 10n ** 18n]) {
        const sizes = Array.from({ length: i + 2 }, (_, signers) => isQuorum(BigInt(signers) * power, n * power))
        expect(sizes.indexOf(true), `of ${n}`).toBe(quorum)
        expect(sizes.slice(quorum).every(Boolean), `of ${n}`).toBe(true)
      }
    }
  })

  it('outlives fewer than a third that are away: 1 of 4, 33 of 100', () => {
    expect(QUORUMS.map((quorum, i) => i + 1 - quorum).slice(0, 12)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    expect(100 - QUORUMS[99]!).toBe(33)
  })

  for (const { what, powers, signers, isQuorum: expected } of UNEQUAL) {
    it(`${what}: ${expected ? 'yes' : 'no'}`, () => {
      const power = signers.reduce((sum, index) => sum + powers[index]!, 0n)
      expect(isQuorum(power, totalPower(setOf(powers)))).toBe(expected)
    })
  }

  it('shares more than a third of the power with every other', () => {
    const weighed = fc.array(fc.tuple(fc.bigInt({ min: 1n, max: 10n ** 27n }), fc.nat(3)), { minLength: 1 })
    fc.assert(
      fc.property(weighed, (members) => {
        // Bit 0: signs the first, bit 1: signs the second.
        const powerOf = (bits: number) =>
          members.reduce((sum, [power, signs]) => ((signs & bits) === bits ? sum + power : sum), 0n)
        const total = powerOf(0)
        fc.pre(isQuorum(powerOf(1), total) && isQuorum(powerOf(2), total))
        expect(powerOf(3) * 3n > total).toBe(true)
      }),
    )
  })
})

describe('a validator set', () => {
  it('has one hash for each epoch, order, key, power and weight', () => {
    const set = setOf([1n, 2n])
    const [first, second] = set.members
    const others = [
      setOf([1n, 2n], 1),
      setOf([2n, 1n]),
      setOf([1n, 2n, 3n]),
      { ...set, members: [second!, first!] },
      { ...set, members: [{ ...first!, weight: 2n }, second!] },
      { ...set, members: [{ ...first!, blsPublicKey: new Uint8Array(48).fill(9) }, second!] },
    ]
    const hashes = [set, ...others].map((each) => validatorsHash(each).join())
    expect(new Set(hashes).size).toBe(hashes.length)
    expect(validatorsHash(setOf([1n, 2n]))).toEqual(validatorsHash(set))
  })
})
