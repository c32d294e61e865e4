import { describe, expect, it } from 'vitest'
import { ZERO_HASH } from '../core/bytes.ts'
import { changeEpoch } from './epoch.ts'
import { leaderOf } from './leader.ts'
import { account, TEST_PARAMS, TestChain } from './staking/fixtures.ts'
import {
  epochSets,
  epochs,
  epochValidatorIndex,
  epochValidators,
  payouts,
  randomness,
  validators,
  workerEpochIndex,
  workerEpochs,
} from './state/tables.ts'
import { StateView } from './state/view.ts'

const chainOf = (params = {}) => new TestChain({ stakes: [4_096n, 8_192n], params })
const members = (chain: TestChain, epoch: number) => chain.read(epochSets, epoch)?.members ?? []

/** Verified work of one worker in the current epoch, as SUBMIT_RESULT books it. */
function addWork(chain: TestChain, workMacs: bigint, creditedTo?: number): void {
  const { epoch } = chain
  chain.change((state) => {
    const record = state.get(epochs, epoch)
    if (record === undefined) throw new Error('no epoch')
    state.set(epochs, epoch, { ...record, workMacs, results: 1, workers: 1 })
    state.set(workerEpochs, { epoch, worker: account(7) }, workMacs)
    state.set(workerEpochIndex, { epoch, chunk: 0 }, [account(7)])
    if (creditedTo === undefined) return
    const key = { epoch, validator: account(creditedTo) }
    state.set(epochValidators, key, { workMacs, proposedViews: 0, missedViews: 0 })
    state.set(epochValidatorIndex, epoch, [account(creditedTo)])
  })
}

describe('changeEpoch', () => {
  it('fixes the set two epochs ahead, from the stake there is now', () => {
    const chain = chainOf()
    chain.send(0, { kind: 'STAKE', amount: 904n })
    chain.toEpoch(1)
    expect(members(chain, 1).map((m) => m.power)).toEqual([4_096n, 8_192n])
    expect(members(chain, 2).map((m) => m.power)).toEqual([5_000n, 8_192n])
    chain.send(0, { kind: 'UNSTAKE', amount: 1_000n })
    expect(members(chain, 2).map((m) => m.power)).toEqual([5_000n, 8_192n])
  })

  it('weighs by the work of the epoch that ends', () => {
    const chain = chainOf()
    addWork(chain, 64n, 0)
    chain.toEpoch(1)
    const total = 12_288n
    expect(members(chain, 2).map((m) => m.weight)).toEqual([
      5_000n * 4_096n * 64n + 5_000n * 64n * total,
      5_000n * 8_192n * 64n,
    ])
    chain.toEpoch(2)
    expect(members(chain, 3).map((m) => m.weight)).toEqual([4_096n, 8_192n])
  })

  it('leaves out the jailed, the tombstoned and who has less than the minimum stake, and caps the number', () => {
    const chain = new TestChain({
      stakes: [1_000n, 2_000n, 3_000n, 4_000n, 4_000n, 4_000n],
      params: { maxValidators: 2 },
    })
    chain.send(0, { kind: 'UNSTAKE', amount: 1n })
    chain.change((state) => state.set(validators, account(3), { ...chain.validator(3), jailedUntilEpoch: 9 }))
    chain.toEpoch(1)
    expect(members(chain, 2).map((m) => m.address)).toEqual([account(4), account(5)])
    chain.change((state) => state.set(validators, account(4), { ...chain.validator(4), jailedUntilEpoch: 9 }))
    chain.toEpoch(2)
    expect(members(chain, 3).map((m) => m.address)).toEqual([account(2), account(5)])
    chain.change((state) => state.set(validators, account(5), { ...chain.validator(5), tombstoned: true }))
    chain.send(2, { kind: 'UNSTAKE', amount: 2_001n })
    chain.toEpoch(3)
    // Validators 0 and 2 are left with 999 wei.
    expect(members(chain, 4).map((m) => m.address)).toEqual([account(1)])
  })

  it('goes on with the newest set when nobody is eligible', () => {
    const chain = chainOf()
    addWork(chain, 64n, 0)
    chain.toEpoch(1)
    const newest = members(chain, 2)
    chain.send(0, { kind: 'UNSTAKE', amount: 4_096n })
    chain.send(1, { kind: 'UNSTAKE', amount: 8_192n })
    chain.toEpoch(2)
    expect(chain.read(epochSets, 3)).toEqual({ epoch: 3, members: newest })
    // The shares have left, so their owners alone earn the rewards.
    chain.toEpoch(4)
    expect(chain.validator(0).commissionAccrued).toBeGreaterThan(0n)
  })

  it('opens the next epoch with retargeted difficulty and the randomness of now', () => {
    const chain = chainOf()
    const next = new Uint8Array(32).fill(9)
    chain.change((state) => state.set(randomness, undefined, next))
    chain.toEpoch(1)
    expect(chain.read(epochs, 0)?.randomness).toEqual(ZERO_HASH)
    expect(chain.read(epochs, 1)).toMatchObject({
      difficultyMacs: TEST_PARAMS.genesisDifficultyMacs / 4n,
      workMacs: 0n,
      results: 0,
      workers: 0,
      randomness: next,
    })
  })

  it('carries the whole pool over when nobody worked, and only the remainder when somebody did', () => {
    const chain = chainOf()
    chain.toEpoch(1)
    expect(chain.read(epochs, 0)?.poolWei).toBe(0n)
    expect(chain.read(epochs, 1)?.poolWei).toBe(2_400n)
    addWork(chain, 10n ** 9n)
    chain.toEpoch(2)
    expect(chain.read(payouts, 0)).toEqual([{ worker: account(7), amountWei: 4_800n }])
    expect(chain.read(epochs, 2)?.poolWei).toBe(0n)
  })

  it('forgets what no rule reads any more, and keeps what evidence needs', () => {
    const chain = chainOf()
    chain.toEpoch(7)
    const kept = (table: typeof epochs | typeof epochSets | typeof epochValidatorIndex) =>
      Array.from({ length: 12 }, (_, epoch) => epoch).filter(
        (epoch) => chain.read<number, unknown>(table as never, epoch) !== undefined,
      )
    expect(kept(epochs)).toEqual([5, 6, 7])
    expect(kept(epochSets)).toEqual([4, 5, 6, 7, 8])
    expect(kept(epochValidatorIndex)).toEqual([6])
    expect(chain.read(epochValidators, { epoch: 5, validator: account(0) })).toBeUndefined()
    expect(chain.read(epochValidators, { epoch: 6, validator: account(0) })).toMatchObject({ proposedViews: 4 })
  })

  it('refuses to end an epoch twice', () => {
    const chain = chainOf()
    chain.toEpoch(1)
    expect(() => changeEpoch(new StateView(chain), chain.context({ epoch: 0 }), chain.rules)).toThrow('open already')
  })

  it('C12: leaders follow from the state alone, in the middle of an epoch as at its start', () => {
    const chain = chainOf()
    chain.toEpoch(2)
    const leaders = () => {
      const record = chain.read(epochs, chain.epoch)
      return Array.from({ length: 20 }, (_, view) => leaderOf(chain.set, record?.randomness ?? ZERO_HASH, view))
    }
    const atStart = leaders()
    chain.send(0, { kind: 'STAKE', amount: 50_000n })
    chain.change((state) => state.set(randomness, undefined, new Uint8Array(32).fill(3)))
    chain.endBlock()
    expect(leaders()).toEqual(atStart)
  })
})
