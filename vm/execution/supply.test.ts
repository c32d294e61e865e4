/** Random blocks: whatever is sent, no wei appears or vanishes, and every node computes the same state. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Address, equalBytes, hexKey } from '../../core/bytes.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import {
  accounts,
  carry,
  epochs,
  payoutCursor,
  payouts,
  type Supply,
  supply,
  unbondingPools,
  validators,
} from '../state/tables.ts'
import { readRecord } from '../state/view.ts'
import {
  TEST_BLS_PROOF,
  TEST_PARAMS,
  TestChain,
  testBlsPublicKey,
  transferTo,
  validatorWallets,
} from '../testing/chain.ts'
import { testWallet } from '../testing/wallet.ts'
import type { Action, Transaction } from '../transaction/types.ts'
import { BlockExecution } from './execution.ts'
import type { BlockContext } from './types.ts'

const PARAMS = { ...TEST_PARAMS, epochBlocks: 4, seedWindowBlocks: 2, minStakeWei: 100n * WEI_PER_CPC }
const wallets = [1, 2, 3, 4].map(testWallet)
const authority = testWallet(9)
const owners: readonly Address[] = [...validatorWallets, ...wallets, authority].map(({ address }) => address)
const everyone: readonly Address[] = [...owners, ...[5, 6, 7, 8, 50, 51].map((i) => testWallet(i).address)]

const wei = fc.oneof(fc.bigInt(0n, 10n), fc.bigInt(0n, 3_000n * WEI_PER_CPC))
const owner = fc.constantFrom(...owners)
const anyone = fc.constantFrom(...everyone)

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.tuple(anyone, wei).map(([to, value]) => transferTo(to, value)),
  wei.map((amount): Action => ({ kind: 'STAKE', amount })),
  fc.tuple(wei, fc.nat(7)).map(
    ([amount, key]): Action => ({
      kind: 'STAKE',
      amount,
      registration: { blsPublicKey: testBlsPublicKey(key), proofOfPossession: TEST_BLS_PROOF },
    }),
  ),
  wei.map((amount): Action => ({ kind: 'UNSTAKE', amount })),
  fc.nat(2_500).map(
    (commissionBps): Action => ({
      kind: 'UPDATE_VALIDATOR',
      name: 'x',
      website: '',
      description: '',
      commissionBps,
      openToWorkers: true,
    }),
  ),
  fc.tuple(owner, wei).map(([validator, amount]): Action => ({ kind: 'DELEGATE', validator, amount })),
  fc.tuple(owner, wei).map(([validator, shares]): Action => ({ kind: 'UNDELEGATE', validator, shares })),
  fc
    .array(fc.record({ validator: owner, epoch: fc.nat(6) }, { requiredKeys: ['validator'] }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((positions): Action => ({ kind: 'CLAIM', positions })),
  fc.tuple(owner, fc.boolean()).map(
    ([validator, same]): Action => ({
      kind: 'SUBMIT_EVIDENCE',
      validator,
      epoch: 0,
      view: 1,
      first: { type: 'notarize', blockHash: new Uint8Array(32).fill(1), signature: TEST_BLS_PROOF },
      second: { type: 'notarize', blockHash: new Uint8Array(32).fill(same ? 1 : 2), signature: TEST_BLS_PROOF },
    }),
  ),
  fc.tuple(anyone, wei).map(([account, balance]): Action => ({ kind: 'DEV_SET_BALANCE', account, balance })),
)

interface Wish {
  readonly from: number
  readonly action: Action
  readonly tip: bigint
}

const sent: fc.Arbitrary<Wish> = fc.record({ from: fc.nat(8), action, tip: fc.bigInt(0n, 50_000n) })
/** What is wished for each block, and who of four signed its parent. */
const blocks = fc.array(fc.record({ sent: fc.array(sent, { maxLength: 6 }), signers: fc.nat(15) }), {
  minLength: 6,
  maxLength: 18,
})

/** Sums the records themselves, apart from what the state view keeps in books. */
function heldBy(chain: TestChain): Omit<Supply, 'genesis' | 'minted' | 'burned'> {
  const { state } = chain
  const sum = (values: readonly (bigint | undefined)[]): bigint => values.reduce<bigint>((a, b) => a + (b ?? 0n), 0n)
  const epochRange = Array.from({ length: 12 }, (_, epoch) => epoch)
  const cursor = readRecord(state, payoutCursor, undefined) ?? { head: 0, tail: 0 }
  const chunks = Array.from(
    { length: cursor.tail - cursor.head },
    (_, i) => readRecord(state, payouts, cursor.head + i) ?? [],
  )
  const records = owners.map((address) => readRecord(state, validators, address))
  const pools = owners.flatMap((validator) =>
    epochRange.map((epoch) => readRecord(state, unbondingPools, { validator, epoch })),
  )
  return {
    balances: sum(everyone.map((address) => readRecord(state, accounts, address)?.balance)),
    bonded: sum(records.map((record) => record?.tokens)),
    unbonding: sum(pools.map((pool) => pool?.tokens)),
    accrued: sum(records.map((record) => record?.rewardPot)),
    workerPool: sum(epochRange.map((epoch) => readRecord(state, epochs, epoch)?.poolWei)),
    payoutQueue: sum(chunks.flat().map((payout) => payout.amountWei)),
    carry: readRecord(state, carry, undefined) ?? 0n,
    outputs: 0n,
  }
}

/** What a builder would make of these wishes. */
function includable(chain: TestChain, list: readonly Wish[], over: Partial<BlockContext>): Transaction[] {
  const execution = new BlockExecution(chain.state, chain.context(over), chain.rules)
  const senders = [...wallets, ...validatorWallets, authority]
  const included: Transaction[] = []
  for (const { from, action: wanted, tip } of list) {
    const sender = senders[from]!
    const earlier = included.filter((tx) => equalBytes(tx.from, sender.address)).length
    const nonce = chain.account(sender.address).nonce + earlier
    const tx = chain.tx(sender, wanted, { nonce, maxPriorityFeePerGas: tip })
    if ('receipt' in execution.apply(tx)) included.push(tx)
  }
  return included
}

test('the supply equation holds over random blocks, and a second node agrees on every root', () => {
  let succeeded = 0
  let failed = 0
  fc.assert(
    fc.property(blocks, (plan) => {
      const chain = new TestChain(PARAMS)
      const replica = new TestChain(PARAMS)
      for (const { sent: list, signers } of plan) {
        const over = { parentSigners: chain.context().parentSigners.filter((_, i) => (signers >> i) % 2 === 1) }
        const transactions = includable(chain, list, over)
        const outcome = chain.block(transactions, over)
        for (const receipt of outcome.receipts) receipt.status === 1 ? succeeded++ : failed++
        replica.block(transactions, over)
        expect(hexKey(replica.state.root)).toBe(hexKey(chain.state.root))

        const { genesis, minted, burned, ...held } = readRecord(chain.state, supply, undefined)!
        expect(heldBy(chain)).toEqual(held)
        expect(Object.values(held).reduce((a, b) => a + b)).toBe(genesis + minted - burned)
      }
    }),
    { numRuns: 12 },
  )
  // A property over blocks in which nothing happens would hold too.
  expect(succeeded).toBeGreaterThan(10)
  expect(failed).toBeGreaterThan(3)
})
