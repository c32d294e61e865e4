import { describe, expect, test } from 'vitest'
import { hexKey } from '../../core/bytes.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { findSubmission } from '../compute/fixture.ts'
import { computeRoot } from '../compute-root.ts'
import { nextRandomness } from '../leader.ts'
import { accounts, delegations, epochSets, epochs, randomness, recentBlocks, validators } from '../state/tables.ts'
import { readRecord } from '../state/view.ts'
import { rootAfter, TEST_PARAMS, TestChain, testRules, transferTo, validatorWallets } from '../testing/chain.ts'
import { testWallet, type Wallet } from '../testing/wallet.ts'
import { txRoot } from '../transaction/tx-root.ts'
import type { Action, Transaction } from '../transaction/types.ts'
import { BlockExecution, executeBlock } from './execution.ts'

const [alice, bob, carol, authority] = [1, 2, 3, 9].map(testWallet) as [Wallet, Wallet, Wallet, Wallet]
const validator = validatorWallets[0]!.address

/** Code of the refusal, the limit that is full, or the receipt's error. */
function answerOf(execution: BlockExecution, tx: Transaction): string {
  const answer = execution.apply(tx)
  if ('refusal' in answer) return answer.refusal.code
  if ('full' in answer) return `full: ${answer.full}`
  return answer.receipt.error ?? 'done'
}

const start = (chain: TestChain): BlockExecution => new BlockExecution(chain.state, chain.context(), chain.rules)

describe('what a sender pays', () => {
  test('a transfer moves its value, burns the base fee and pays the proposer', () => {
    const chain = new TestChain()
    const proposer = chain.context().proposer
    const potBefore = readRecord(chain.state, validators, proposer)!.rewardPot
    const { receipts } = chain.block([chain.tx(alice, transferTo(bob.address, 5n))])
    expect(receipts).toEqual([
      { status: 1, gasUsed: 21_000, gramUsed: 0, cumulativeGasUsed: 21_000, effectiveGasPrice: 1_007n },
    ])
    expect(chain.account(alice.address)).toEqual({ nonce: 1, balance: 10_000n * WEI_PER_CPC - 5n - 21_000n * 1_007n })
    expect(chain.account(bob.address).balance).toBe(10_000n * WEI_PER_CPC + 5n)
    // One tenth of 10 CPC is the leader's share; block 1 has no voters.
    const pot = readRecord(chain.state, validators, proposer)!.rewardPot
    expect(pot - potBefore).toBe(WEI_PER_CPC + 21_000n * 7n)
  })

  test('to itself, and to an account that does not exist yet', () => {
    const chain = new TestChain()
    const fresh = testWallet(77).address
    chain.block([
      chain.tx(alice, transferTo(alice.address, 5n)),
      chain.tx(alice, transferTo(fresh, 6n)),
      chain.tx(alice, transferTo(testWallet(78).address, 0n)),
    ])
    expect(chain.account(alice.address)).toEqual({ nonce: 3, balance: 10_000n * WEI_PER_CPC - 6n - 63_000n * 1_007n })
    expect(chain.account(fresh)).toEqual({ nonce: 0, balance: 6n })
  })

  test('the priority fee is cut where the maximum leaves less room', () => {
    const chain = new TestChain()
    const tx = chain.tx(alice, transferTo(bob.address, 1n), { maxFeePerGas: 1_003n, maxPriorityFeePerGas: 500n })
    expect(chain.block([tx]).receipts[0]!.effectiveGasPrice).toBe(1_003n)
  })
})

describe('not includable', () => {
  const chain = new TestChain()
  const send = (over: object, action: Action = transferTo(bob.address, 1n)) =>
    chain.tx(alice, action, { nonce: 0, ...over })
  const cost = 21_000n * 1_000_000n

  test.each([
    ['a nonce ahead', { nonce: 1 }, 'TX_NONCE_TOO_HIGH'],
    ['gas below the kind’s', { gasLimit: 20_999 }, 'TX_GAS_TOO_LOW'],
    ['gas above a block’s', { gasLimit: TEST_PARAMS.gasLimit + 1 }, 'TX_GAS_OVER_BLOCK'],
    ['a fee below the base fee', { maxFeePerGas: 999n }, 'TX_FEE_BELOW_BASE'],
    [
      'more than the balance',
      { action: transferTo(bob.address, 10_000n * WEI_PER_CPC - cost + 1n) },
      'TX_INSUFFICIENT_FUNDS',
    ],
    ['gas the balance cannot cover', { maxFeePerGas: 10n ** 18n }, 'TX_INSUFFICIENT_FUNDS'],
  ])('%s', (_, over, code) => {
    const execution = start(chain)
    const { action, ...fields } = over as { action?: Action }
    expect(answerOf(execution, send(fields, action))).toBe(code)
  })

  test('exactly the balance is enough', () => {
    expect(answerOf(start(chain), send({}, transferTo(bob.address, 10_000n * WEI_PER_CPC - cost)))).toBe('done')
  })

  test('what was decoded for another chain or with fees out of order', () => {
    const tx = send({})
    expect(answerOf(start(chain), { ...tx, chainId: 1 })).toBe('TX_CHAIN_ID')
    expect(answerOf(start(chain), { ...tx, maxPriorityFeePerGas: tx.maxFeePerGas + 1n })).toBe('TX_FEE_ORDER')
  })

  test('C3: a used nonce, in the same block and in later ones, whatever else touched the account', () => {
    const chain = new TestChain()
    const paid = chain.tx(alice, transferTo(bob.address, 4_000n * WEI_PER_CPC))
    const execution = start(chain)
    expect(answerOf(execution, paid)).toBe('done')
    expect(answerOf(execution, paid)).toBe('TX_NONCE_TOO_LOW')

    // An unbonding that matures, and its claim, in the very block of the transfer and across blocks.
    const delegate = chain.tx(alice, { kind: 'DELEGATE', validator, amount: 100n * WEI_PER_CPC }, { nonce: 0 })
    chain.block([delegate])
    const { shares } = readRecord(chain.state, delegations, { validator, delegator: alice.address })!
    chain.block([chain.tx(alice, { kind: 'UNDELEGATE', validator, shares })])
    chain.advanceTo(TEST_PARAMS.epochBlocks)
    const before = chain.account(alice.address)
    const claim = chain.tx(alice, { kind: 'CLAIM', positions: [{ validator, epoch: 0 }] })
    const transfer = chain.tx(alice, transferTo(bob.address, 4_000n * WEI_PER_CPC))
    const { receipts } = chain.block([transfer, claim].sort((a, b) => a.nonce - b.nonce))
    expect(receipts.map((receipt) => receipt.error)).toEqual([undefined, undefined])
    const after = chain.account(alice.address)
    const feesWei = receipts.reduce((sum, r) => sum + BigInt(r.gasUsed) * r.effectiveGasPrice, 0n)
    expect(after).toEqual({ nonce: before.nonce + 2, balance: before.balance - 3_900n * WEI_PER_CPC - feesWei })
    expect(chain.account(bob.address).balance).toBe(14_000n * WEI_PER_CPC)
    for (const replayed of [transfer, claim, delegate]) {
      expect(answerOf(start(chain), replayed)).toBe('TX_NONCE_TOO_LOW')
    }
  })
})

describe('all or nothing', () => {
  test('refused transactions leave no trace in the block', () => {
    const chain = new TestChain()
    const good = [chain.tx(alice, transferTo(bob.address, 1n)), chain.tx(alice, transferTo(bob.address, 2n))]
    const bad = chain.tx(carol, transferTo(bob.address, 20_000n * WEI_PER_CPC))
    const clean = start(chain)
    for (const tx of good) clean.apply(tx)
    const mixed = start(chain)
    for (const tx of [bad, good[0]!, bad, good[0]!, good[1]!, bad]) mixed.apply(tx)
    expect(mixed.gasUsed).toBe(42_000)
    const [a, b] = [clean.finish(), mixed.finish()]
    expect(rootAfter(chain.state, b)).toBe(rootAfter(chain.state, a))
    expect(b.receipts).toEqual(a.receipts)
  })

  test('a block with one refused transaction changes nothing, and names it', () => {
    const chain = new TestChain()
    const root = hexKey(chain.state.root)
    const txs = [
      chain.tx(alice, transferTo(bob.address, 1n)),
      chain.tx(carol, transferTo(bob.address, 20_000n * WEI_PER_CPC)),
    ]
    const outcome = executeBlock(chain.state, chain.context(), chain.rules, txs)
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'BLOCK_TX_REFUSED', meta: { index: 1, code: 'TX_INSUFFICIENT_FUNDS' } },
    })
    expect(hexKey(chain.state.root)).toBe(root)
    expect(chain.account(bob.address).balance).toBe(10_000n * WEI_PER_CPC)
  })

  test('execution writes nothing to the parent state, so two executions agree', () => {
    const chain = new TestChain()
    const txs = [chain.tx(alice, { kind: 'DELEGATE', validator, amount: 100n * WEI_PER_CPC })]
    const run = () => executeBlock(chain.state, chain.context(), chain.rules, txs)
    const [first, second] = [run(), run()]
    if (!first.ok || !second.ok) throw new Error('refused')
    expect(rootAfter(chain.state, first.value)).toBe(rootAfter(chain.state, second.value))
  })

  test('a finished block takes no more, and a context must follow its parent', () => {
    const chain = new TestChain()
    const execution = start(chain)
    execution.finish()
    expect(() => execution.apply(chain.tx(alice, transferTo(bob.address, 1n)))).toThrow('finished')
    expect(() => execution.finish()).toThrow('finished')
    const skipped = { ...chain.context(), height: 2 }
    expect(() => new BlockExecution(chain.state, skipped, chain.rules)).toThrow('one above')
    const wrongEpoch = { ...chain.context(), epoch: 1 }
    expect(() => new BlockExecution(chain.state, wrongEpoch, chain.rules)).toThrow('epoch')
  })
})

describe('C6: failing costs the sender, not the block', () => {
  test('a transaction that fails is included, charged in full and otherwise without effect', () => {
    const chain = new TestChain()
    const unknown = testWallet(55).address
    const { receipts } = chain.block([
      chain.tx(alice, { kind: 'DELEGATE', validator: unknown, amount: 100n * WEI_PER_CPC }),
      chain.tx(alice, { kind: 'UNJAIL' }),
      chain.tx(bob, transferTo(carol.address, 1n)),
    ])
    expect(receipts.map((r) => [r.status, r.error, r.gasUsed])).toEqual([
      [0, 'VALIDATOR_UNKNOWN', 35_000],
      [0, 'VALIDATOR_UNKNOWN', 50_000],
      [1, undefined, 21_000],
    ])
    expect(chain.account(alice.address)).toEqual({ nonce: 2, balance: 10_000n * WEI_PER_CPC - 85_000n * 1_007n })
    expect(chain.account(carol.address).balance).toBe(10_000n * WEI_PER_CPC + 1n)
  })
})

describe('C14: nothing is free, and limits are rules of validity', () => {
  test('every kind uses gas, and gas below the base fee is refused', () => {
    const chain = new TestChain()
    const free = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n }
    const txs = Array<Transaction>(700).fill(chain.tx(alice, transferTo(bob.address, 1n), free))
    const outcome = executeBlock(chain.state, chain.context(), chain.rules, txs)
    expect(outcome).toMatchObject({ ok: false, error: { meta: { index: 0, code: 'TX_FEE_BELOW_BASE' } } })
  })

  test('a block over its gas limit is invalid, whoever made it', () => {
    const params = { ...TEST_PARAMS, gasLimit: 50_000 }
    const chain = new TestChain(params)
    const txs = [1, 2, 3].map((value) => chain.tx(alice, transferTo(bob.address, BigInt(value))))
    const outcome = executeBlock(chain.state, chain.context(), chain.rules, txs)
    expect(outcome).toMatchObject({ ok: false, error: { code: 'BLOCK_OVER_LIMIT', meta: { index: 2, limit: 'gas' } } })
    expect(executeBlock(chain.state, chain.context(), chain.rules, txs.slice(0, 2)).ok).toBe(true)
  })

  test('room for results, registrations and evidence is counted, failed or not', () => {
    const chain = new TestChain({ ...TEST_PARAMS, maxResultsPerBlock: 3 })
    const execution = start(chain)
    const { result } = findSubmission({ worker: alice.address, seedHeight: 0 })
    const submit: Action = { kind: 'SUBMIT_RESULT', challengeType: 'none', seedHeight: 0, matrixSize: 1, result }
    const evidence: Action = {
      kind: 'SUBMIT_EVIDENCE',
      validator,
      epoch: 0,
      view: 0,
      first: { type: 'notarize', blockHash: new Uint8Array(32), signature: new Uint8Array(96) },
      second: { type: 'notarize', blockHash: new Uint8Array(32), signature: new Uint8Array(96) },
    }
    const registration = { blsPublicKey: new Uint8Array(48), proofOfPossession: new Uint8Array(96) }
    const register: Action = { kind: 'STAKE', amount: 1n, registration }
    const fill = (action: Action, room: number, reason: string) => {
      for (let i = 0; i < room; i++) expect(answerOf(execution, chain.tx(alice, action))).not.toMatch(/^(full|TX_)/)
      const tooMany = chain.tx(alice, action)
      expect(answerOf(execution, tooMany)).toBe(`full: ${reason}`)
      // It leaves no trace: the nonce is still free.
      expect(answerOf(execution, chain.tx(alice, transferTo(bob.address, 1n), { nonce: tooMany.nonce }))).toBe('done')
    }
    fill(submit, 3, 'results')
    fill(register, 16, 'registrations')
    fill(evidence, 16, 'evidence')
  })
})

describe('the block around the transactions', () => {
  test('records its parent, and forgets what left the window', () => {
    const chain = new TestChain()
    chain.advanceTo(10)
    const known = Array.from({ length: 11 }, (_, h) => h).filter(
      (h) => readRecord(chain.state, recentBlocks, h) !== undefined,
    )
    // Block 10 wrote 9 and deleted 9 - laneWindowBlocks.
    expect(known).toEqual([4, 5, 6, 7, 8, 9])
  })

  test('randomness moves by the reveal, and the epoch opens with what its last block left', () => {
    const chain = new TestChain()
    const before = readRecord(chain.state, randomness, undefined)!
    const { randomnessReveal } = chain.context()
    chain.block()
    expect(readRecord(chain.state, randomness, undefined)).toEqual(nextRandomness(before, randomnessReveal))
    chain.advanceTo(TEST_PARAMS.epochBlocks)
    expect(readRecord(chain.state, epochs, 1)!.randomness).toEqual(readRecord(chain.state, randomness, undefined))
    expect(readRecord(chain.state, epochSets, 2)!.members).toHaveLength(4)
    chain.advanceTo(3 * TEST_PARAMS.epochBlocks)
  })

  test('a result is accepted once, counted for the epoch, and fails the second time', () => {
    const chain = new TestChain()
    chain.advanceTo(4)
    const action = findSubmission({ worker: alice.address, seedHeight: 3 })
    const outcome = chain.block([chain.tx(alice, action), chain.tx(alice, action), chain.tx(bob, action)])
    expect(outcome.receipts.map((r) => r.error)).toEqual([
      undefined,
      'RESULT_ALREADY_CLAIMED',
      'RESULT_WORKER_NOT_SENDER',
    ])
    expect(outcome.results.map(({ result }) => result)).toEqual([action.result])
    expect(computeRoot(outcome.results.map(({ result }) => result))).toHaveLength(32)
    expect(outcome.difficulty).toBe(TEST_PARAMS.genesisDifficultyMacs)
    const worked = readRecord(chain.state, epochs, 0)!
    expect(worked).toMatchObject({ results: 1, workMacs: TEST_PARAMS.genesisDifficultyMacs })
    // The pool of epoch 0 is paid to the only worker, in the first block of epoch 1.
    chain.advanceTo(TEST_PARAMS.epochBlocks)
    const balance = chain.account(alice.address).balance
    chain.block()
    expect(chain.account(alice.address).balance - balance).toBe(BigInt(TEST_PARAMS.epochBlocks) * 6n * WEI_PER_CPC)
  })

  test('the difficulty reported in an epoch’s last block is still that epoch’s', () => {
    const chain = new TestChain({ ...TEST_PARAMS, genesisDifficultyMacs: 1n << 30n })
    chain.advanceTo(TEST_PARAMS.epochBlocks - 1)
    expect(chain.block().difficulty).toBe(1n << 30n)
    expect(chain.block().difficulty).toBe(1n << 28n)
  })
})

describe('DEV_SET_BALANCE', () => {
  const set = (account: Uint8Array, balance: bigint): Action => ({ kind: 'DEV_SET_BALANCE', account, balance })

  test('mints and burns, up, down and away', () => {
    const chain = new TestChain()
    const fresh = testWallet(60).address
    chain.block([chain.tx(authority, set(fresh, 5n * WEI_PER_CPC)), chain.tx(authority, set(bob.address, 1n))])
    expect(chain.account(fresh)).toEqual({ nonce: 0, balance: 5n * WEI_PER_CPC })
    expect(chain.account(bob.address)).toEqual({ nonce: 0, balance: 1n })
    chain.block([chain.tx(authority, set(fresh, 0n)), chain.tx(authority, set(authority.address, 1n * WEI_PER_CPC))])
    expect(readRecord(chain.state, accounts, fresh)).toBeUndefined()
    expect(chain.account(authority.address)).toEqual({ nonce: 4, balance: WEI_PER_CPC })
  })

  test('is nobody else’s, and nobody’s where no authority is named', () => {
    const chain = new TestChain()
    expect(answerOf(start(chain), chain.tx(alice, set(bob.address, 0n)))).toBe('DEV_NOT_AUTHORISED')
    const { devAuthority: _, ...params } = TEST_PARAMS
    const execution = new BlockExecution(chain.state, chain.context(), testRules(params))
    expect(answerOf(execution, chain.tx(authority, set(bob.address, 0n)))).toBe('DEV_NOT_AUTHORISED')
  })
})

test('C10: txRoot commits the order and the signatures of whole envelopes', () => {
  const chain = new TestChain()
  const raws = [1n, 2n, 3n].map((value) => chain.tx(alice, transferTo(bob.address, value)).raw)
  const root = hexKey(txRoot(raws))
  expect(hexKey(txRoot([raws[1]!, raws[0]!, raws[2]!]))).not.toBe(root)
  expect(hexKey(txRoot([...raws, raws[2]!]))).not.toBe(root)
  const resigned = raws[0]!.slice()
  resigned[resigned.length - 1]! ^= 1
  expect(hexKey(txRoot([resigned, raws[1]!, raws[2]!]))).not.toBe(root)
})
