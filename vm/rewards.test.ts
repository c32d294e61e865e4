import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { distributeRewards, emissionWei, splitEmission } from './rewards.ts'
import { account, TEST_PARAMS, TestChain } from './staking/fixtures.ts'
import { carry, epochs, supply, validators } from './state/tables.ts'
import { StateView } from './state/view.ts'

describe('emission', () => {
  it('halves at exact heights and ends', () => {
    const params = { emissionWei: 1_000n, halvingBlocks: 10 }
    expect([1, 9, 10, 19, 20, 99, 100, 1e15].map((height) => emissionWei(height, params))).toEqual([
      1_000n,
      1_000n,
      500n,
      500n,
      250n,
      1n,
      0n,
      0n,
    ])
  })
})

describe('splitEmission', () => {
  const params = TEST_PARAMS

  it('pays 60, 30 and 10 per cent when everybody voted', () => {
    const split = splitEmission({ emissionWei: 1_000n, carryWei: 0n, signerPowers: [2n, 1n], totalPower: 3n, params })
    expect(split).toEqual({
      workersWei: 600n,
      leaderWei: 100n,
      votersWei: [200n, 100n],
      mintedWei: 1_000n,
      carryWei: 0n,
    })
  })

  it('does not mint what absent voters would have got', () => {
    const split = splitEmission({ emissionWei: 1_000n, carryWei: 0n, signerPowers: [2n], totalPower: 3n, params })
    expect(split).toMatchObject({ votersWei: [200n], mintedWei: 900n, carryWei: 0n })
  })

  it('hands the carry out with the next emission', () => {
    const first = splitEmission({ emissionWei: 1_003n, carryWei: 0n, signerPowers: [1n, 1n], totalPower: 2n, params })
    // 1,003 splits into 601 + 300 + 100; 2 stay over.
    expect(first).toMatchObject({ mintedWei: 1_003n, carryWei: 2n })
    const second = splitEmission({ ...first, emissionWei: 1_008n, signerPowers: [1n, 1n], totalPower: 2n, params })
    expect(second).toMatchObject({ workersWei: 606n, leaderWei: 101n, votersWei: [151n, 151n], carryWei: 1n })
  })

  it('keeps the excess when carried wei outlive the emission', () => {
    const split = splitEmission({ emissionWei: 0n, carryWei: 10n, signerPowers: [], totalPower: 3n, params })
    expect(split).toEqual({ workersWei: 6n, leaderWei: 1n, votersWei: [], mintedWei: 0n, carryWei: 3n })
  })

  it('refuses signers with more power than their set', () => {
    expect(() => splitEmission({ emissionWei: 1n, carryWei: 0n, signerPowers: [4n], totalPower: 3n, params })).toThrow(
      'power',
    )
  })

  it('conserves every wei, mints at most E(h), and carries only dust', () => {
    const powers = fc.array(fc.record({ power: fc.bigInt(1n, 10n ** 27n), signed: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
    })
    const shares = fc.tuple(fc.nat(10_000), fc.nat(10_000)).map(([a, b]) => {
      const [low, high] = a < b ? [a, b] : [b, a]
      return { workerShareBps: low, voterShareBps: high - low, leaderShareBps: 10_000 - high }
    })
    const mostlyVoters = { workerShareBps: 0, voterShareBps: 8_889, leaderShareBps: 1_111 }
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 19n),
        fc.bigInt(0n, 10n ** 3n),
        powers,
        shares,
        (emission, carried, set, split) => {
          const totalPower = set.reduce((sum, m) => sum + m.power, 0n)
          const signerPowers = set.filter((m) => m.signed).map((m) => m.power)
          const out = splitEmission({
            emissionWei: emission,
            carryWei: carried,
            signerPowers,
            totalPower,
            params: split,
          })
          const paid = out.votersWei.reduce((sum, wei) => sum + wei, out.workersWei + out.leaderWei)
          expect(out.mintedWei + carried).toBe(paid + out.carryWei)
          expect(out.mintedWei).toBeGreaterThanOrEqual(0n)
          expect(out.mintedWei).toBeLessThanOrEqual(emission)
          // Three shares, each signer and the absent part round down by less than a wei. What absent voters would have got of
          // carried wei cannot be left unminted: it stays.
          const votersShare = ((emission + carried) * BigInt(split.voterShareBps)) / 10_000n
          const absentExcess = votersShare > emission ? votersShare - emission : 0n
          expect(out.carryWei).toBeGreaterThanOrEqual(0n)
          expect(out.carryWei).toBeLessThan(BigInt(signerPowers.length + 4) + absentExcess)
        },
      ),
      { examples: [[5n, 4n, [{ power: 1n, signed: false }], mostlyVoters]] },
    )
  })
})

describe('distributeRewards', () => {
  const chainOf = () => new TestChain({ stakes: [4_096n, 8_192n, 4_096n] })

  it('gives block 1 no voters share, and does not mint it', () => {
    const chain = chainOf()
    chain.endBlock()
    expect(chain.read(supply, undefined)).toMatchObject({ minted: 700n, accrued: 100n, workerPool: 600n, carry: 0n })
    expect(chain.validator(0).rewardPot).toBe(100n)
  })

  it('pays voters by power, the leader its share and the fees, the pool of the epoch', () => {
    const chain = chainOf()
    chain.endBlock()
    chain.endBlock({ proposer: account(2), parentSigners: [1, 2] }, 17n)
    expect(chain.validator(0).rewardPot).toBe(100n)
    expect(chain.validator(1).rewardPot).toBe(150n)
    expect(chain.validator(2).rewardPot).toBe(75n + 100n + 17n)
    expect(chain.read(epochs, 0)?.poolWei).toBe(1_200n)
    expect(chain.read(supply, undefined)?.minted).toBe(700n + 925n)
  })

  it('pays the voters of an epoch by its own set in the first block of the next', () => {
    const chain = chainOf()
    // Validator 2 leaves before the set of epoch 2 is fixed; it still votes for the last block of epoch 1.
    chain.send(2, { kind: 'UNSTAKE', amount: 4_096n })
    chain.toEpoch(2)
    expect(chain.set.members).toHaveLength(2)
    const before = chain.validator(2).rewardPot
    chain.endBlock({ parentSigners: [2] })
    expect(chain.validator(2).rewardPot - before).toBe(75n)
  })

  it('takes the commission from every reward', () => {
    const chain = chainOf()
    chain.change((state) => state.set(validators, account(1), { ...chain.validator(1), commissionBps: 2_000 }))
    chain.endBlock()
    chain.endBlock({ proposer: account(1) })
    expect(chain.validator(1)).toMatchObject({ rewardPot: 250n, commissionAccrued: 30n + 20n })
  })

  it('goes on paying a validator that is jailed or tombstoned but still in its set', () => {
    const chain = chainOf()
    chain.change((state) =>
      state.set(validators, account(0), { ...chain.validator(0), tombstoned: true, jailedUntilEpoch: 9 }),
    )
    chain.endBlock()
    expect(chain.validator(0).rewardPot).toBe(100n)
  })

  it('refuses signers that are not ascending indexes into the set', () => {
    const chain = chainOf()
    for (const parentSigners of [[1, 0], [1, 1], [3]]) {
      const context = chain.context({ parentSigners })
      expect(() => distributeRewards(new StateView(chain), context, chain.rules, 0n)).toThrow('ascending')
    }
  })

  it('never mints more than the sum of E(h), with odd numbers and any voters', () => {
    const block = fc.record({ proposer: fc.nat(2), signers: fc.subarray([0, 1, 2]), fees: fc.bigInt(0n, 50n) })
    fc.assert(
      fc.property(fc.array(block, { maxLength: 12 }), fc.bigInt(0n, 9_999n), (blocks, emission) => {
        const chain = new TestChain({
          stakes: [1_013n, 7_919n, 3_001n],
          params: { emissionWei: emission, halvingBlocks: 5 },
        })
        let allowed = 0n
        for (const { proposer, signers, fees } of blocks) {
          allowed += emissionWei(chain.height, chain.rules.params)
          const parentSigners = chain.height === 1 ? [] : signers
          chain.endBlock({ proposer: account(proposer), parentSigners }, fees)
        }
        const totals = chain.read(supply, undefined)
        expect(totals?.minted).toBeLessThanOrEqual(allowed)
        expect(totals?.carry).toBe(chain.read(carry, undefined) ?? 0n)
        expect(totals?.carry).toBeLessThan(10n)
      }),
      { numRuns: 50 },
    )
  })
})
