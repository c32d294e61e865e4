import { describe, expect, test } from 'vitest'
import { EMPTY_BYTES, ZERO_HASH } from '../core/bytes.ts'
import type { Action } from '../vm/transaction/types.ts'
import { Mempool } from './mempool.ts'
import { TEST_LIMITS, TestAccounts, type TransactionFields, testAddress, testTransaction } from './testing/fixture.ts'

const resultOf = (ticket: number): Action => ({
  kind: 'SUBMIT_RESULT',
  challengeType: 'synthetic',
  seedHeight: 3,
  matrixSize: 256,
  result: {
    taskId: new Uint8Array(16),
    workerAddress: EMPTY_BYTES,
    resultHash: ZERO_HASH,
    proof: undefined,
    nonce: ticket,
    signature: undefined,
  },
})

function setUp() {
  const accounts = new TestAccounts()
  const pool = new Mempool(TEST_LIMITS, accounts.modules())
  const transactionOf = (ticket: number, fields: TransactionFields) => ({
    ...testTransaction(fields),
    action: resultOf(ticket),
  })
  const submit = (ticket: number, fields: TransactionFields = {}): string => {
    const result = pool.add(transactionOf(ticket, fields), 0)
    return result.ok ? result.value.status : result.error.code
  }
  return { accounts, pool, submit, transactionOf }
}

describe('a ticket', () => {
  test('waits once', () => {
    const { submit } = setUp()
    expect(submit(7)).toBe('pending')
    for (let nonce = 1; nonce < 64; nonce++) expect(submit(7, { nonce })).toBe('RESULT_ALREADY_CLAIMED')
    expect(submit(8, { nonce: 1 })).toBe('pending')
    expect(submit(7, { from: 1 })).toBe('pending')
  })

  test('may be offered again for more under the same nonce, and only there', () => {
    const { submit } = setUp()
    submit(7)
    expect(submit(7, { maxFee: 110, tip: 11 })).toBe('pending')
    expect(submit(7, { nonce: 1 })).toBe('RESULT_ALREADY_CLAIMED')
  })

  test('is free again when its transaction was replaced or has left', () => {
    const { accounts, pool, submit, transactionOf } = setUp()
    submit(7)
    submit(8, { maxFee: 110, tip: 11 })
    expect(submit(7, { nonce: 1 })).toBe('pending')
    accounts.set(testAddress(0), { nonce: 2 })
    const included = [transactionOf(7, { nonce: 1 })]
    pool.onBlock({ included, changed: [], baseFeePerGas: 10n, nowMs: 0 })
    expect(pool.stats.pending).toBe(0)
    expect(submit(7, { nonce: 2 })).toBe('pending')
  })
})

test('an output is spent once by what waits of a sender, whatever else the transaction spends', () => {
  const pool = new Mempool(TEST_LIMITS, new TestAccounts().modules())
  const spend = (indexes: readonly number[], fields: TransactionFields = {}): string => {
    const inputs = indexes.map((index) => ({
      outpoint: { txId: ZERO_HASH, index },
      sequence: 0n,
      signatureScript: EMPTY_BYTES,
    }))
    const action: Action = {
      kind: 'COVENANT',
      laneId: undefined,
      payload: EMPTY_BYTES,
      lockTime: 0n,
      inputs,
      outputs: [],
    }
    const result = pool.add({ ...testTransaction(fields), action }, 0)
    return result.ok ? result.value.status : result.error.code
  }
  expect(spend([1, 2])).toBe('pending')
  expect(spend([3, 2], { nonce: 1 })).toBe('OUTPUT_SPENT_TWICE')
  expect(spend([3], { nonce: 1 })).toBe('pending')
  expect(spend([2], { from: 1 })).toBe('pending')
  expect(spend([1], { maxFee: 110, tip: 11 })).toBe('pending')
  expect(spend([2], { nonce: 2 })).toBe('pending')
})
