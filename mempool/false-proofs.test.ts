import { describe, expect, test } from 'vitest'
import { EMPTY_BYTES, hexKey, ZERO_HASH } from '../core/bytes.ts'
import type { ErrorMeta } from '../core/errors.ts'
import type { ActionErrorCode } from '../vm/execution/types.ts'
import type { Action, Transaction } from '../vm/transaction/types.ts'
import { bringsProof, FALSE_PROOF_GRAM, FalseProofs, isRefusedEverywhere } from './false-proofs.ts'
import { Mempool } from './mempool.ts'
import { TEST_LIMITS, TestAccounts, testTransaction } from './testing/fixture.ts'

const LIMITS = { ...TEST_LIMITS, maxFalseProofs: 2, falseProofWaitMs: 1_000 }

const EVIDENCE: Action = {
  kind: 'SUBMIT_EVIDENCE',
  validator: new Uint8Array(20),
  epoch: 0,
  view: 0,
  first: { type: 'finalize', blockHash: ZERO_HASH, signature: new Uint8Array(96) },
  second: { type: 'nullify', blockHash: ZERO_HASH, signature: new Uint8Array(96) },
}

/** A pool whose state finds `code` in everything, and how often it was asked. */
function setUp(code: ActionErrorCode, meta: ErrorMeta = {}) {
  const asked: string[] = []
  const check = ({ from }: Transaction) => {
    asked.push(hexKey(from))
    return { code, message: '', meta }
  }
  const pool = new Mempool(LIMITS, { ...new TestAccounts().modules(), check })
  const add = (action: Action | undefined, nowMs: number, from = 0): string => {
    const transaction = testTransaction({ from })
    const result = pool.add(action === undefined ? transaction : { ...transaction, action }, nowMs)
    return result.ok ? result.value.status : result.error.code
  }
  return { pool, add, asked }
}

describe('after too many false proofs', () => {
  test("the sender's next are not looked at until it has waited", () => {
    const { add, asked } = setUp('EVIDENCE_SIGNATURE_INVALID')
    expect(add(EVIDENCE, 0)).toBe('EVIDENCE_SIGNATURE_INVALID')
    expect(add(EVIDENCE, 500)).toBe('EVIDENCE_SIGNATURE_INVALID')
    for (let nowMs = 500; nowMs < 1_000; nowMs += 10) expect(add(EVIDENCE, nowMs)).toBe('PROOF_TOO_SOON')
    expect(asked).toHaveLength(2)
    expect(add(EVIDENCE, 1_000)).toBe('EVIDENCE_SIGNATURE_INVALID')
    expect(add(EVIDENCE, 1_999)).toBe('EVIDENCE_SIGNATURE_INVALID')
    expect(add(EVIDENCE, 1_999)).toBe('PROOF_TOO_SOON')
  })

  test('other senders, and other transactions of this one, are', () => {
    const { add, asked } = setUp('EVIDENCE_SIGNATURE_INVALID')
    for (let i = 0; i < 9; i++) add(EVIDENCE, 0)
    expect(asked).toHaveLength(2)
    add(EVIDENCE, 0, 1)
    add(undefined, 0)
    expect(asked).toHaveLength(4)
  })

  test('a refusal that anybody may meet makes nobody wait', () => {
    const { add } = setUp('EVIDENCE_ALREADY_PUNISHED')
    for (let i = 0; i < 9; i++) expect(add(EVIDENCE, 0)).toBe('EVIDENCE_ALREADY_PUNISHED')
  })
})

describe('of scripts', () => {
  const input = { outpoint: { txId: ZERO_HASH, index: 0 }, sequence: 0n, signatureScript: EMPTY_BYTES }
  const spend: Action = {
    kind: 'COVENANT',
    ...{ laneId: undefined, payload: EMPTY_BYTES, lockTime: 0n, inputs: [input], outputs: [] },
  }

  test.each<[string, ActionErrorCode, ErrorMeta, boolean]>([
    ['a false proof', 'SCRIPT_FAILED', { gramUsed: 1_100, proof: 'ZK_PROOF_FALSE' }, true],
    ['much work for nothing', 'SCRIPT_FAILED', { gramUsed: 50_000 }, true],
    ['much work, and too little gas for it', 'GRAM_EXCEEDED', { gramUsed: 50_000 }, true],
    ['another failure', 'SCRIPT_FAILED', { gramUsed: 49_999 }, false],
    ['a lost race', 'OUTPUT_UNKNOWN', {}, false],
  ])('%s (%s %o) makes the sender wait: %s', (_, code, meta, isCounted) => {
    const { add } = setUp(code, meta)
    const answers = [0, 1, 2].map(() => add(spend, 0))
    expect(answers).toEqual([code, code, isCounted ? 'PROOF_TOO_SOON' : code])
    expect(isRefusedEverywhere(code)).toBe(false)
  })

  test('many failures of little work are as much', () => {
    const { add } = setUp('SCRIPT_FAILED', { gramUsed: 10_000 })
    for (let i = 0; i < 10; i++) expect(add(spend, 0)).toBe('SCRIPT_FAILED')
    expect(add(spend, 0)).toBe('PROOF_TOO_SOON')
  })

  test('only those that spend bring any', () => {
    expect(bringsProof(spend)).toBe(true)
    expect(bringsProof({ ...spend, inputs: [] })).toBe(false)
  })
})

test('why it would be refused is known without asking the state', () => {
  const { pool, add, asked } = setUp('EVIDENCE_SIGNATURE_INVALID')
  const evidence = { ...testTransaction(), action: EVIDENCE }
  expect(pool.refusal(evidence, 0)).toBeUndefined()
  expect(pool.refusal({ ...evidence, maxFeePerGas: 1n }, 0)?.code).toBe('TX_FEE_BELOW_BASE')
  expect(asked).toHaveLength(0)
  for (let i = 0; i < 2; i++) add(EVIDENCE, 0)
  expect(pool.refusal(evidence, 999)).toMatchObject({ code: 'PROOF_TOO_SOON', meta: { waitMs: 1 } })
  expect(pool.refusal(evidence, 1_000)).toBeUndefined()
})

test('a stake brings a proof with its key only', () => {
  const registration = { blsPublicKey: new Uint8Array(48), proofOfPossession: new Uint8Array(96) }
  expect(bringsProof({ kind: 'STAKE', amount: 1n, registration })).toBe(true)
  expect(bringsProof({ kind: 'STAKE', amount: 1n })).toBe(false)
})

test('of more senders than are counted the earliest is forgotten', () => {
  const proofs = new FalseProofs({ maxFalseProofs: 1, falseProofWaitMs: 100, maxFalseProvers: 2 })
  for (const [nowMs, sender] of ['a', 'b', 'a', 'c'].entries()) proofs.note(sender, nowMs, FALSE_PROOF_GRAM)
  expect(['a', 'b', 'c'].map((sender) => proofs.waitMs(sender, 3))).toEqual([0, 98, 100])
})
