import { describe, expect, test } from 'vitest'
import {
  actionContext,
  chainAt,
  EASY_PARAMS,
  findSubmission,
  type MapState,
  type SubmitResult,
  testAddress,
} from '../compute/fixture.ts'
import { expireNullifiers } from '../compute/nullifiers.ts'
import { DIFFICULTY_FLOOR_MACS } from '../params.ts'
import { epochs, workers } from '../state/tables.ts'
import { submitResult } from './submit-result.ts'

const sender = testAddress(1)
const params = EASY_PARAMS
const seedHeight = 38
const action = findSubmission({ worker: sender, seedHeight })

/** Applies to a fresh view and says what came of it; a refusal must not have written. */
function codeOf(chain: MapState, submission: SubmitResult, height: number, from = sender): string {
  const state = chain.view()
  const failure = submitResult(submission, actionContext(state, height, from))
  if (failure !== undefined) expect(state.writes).toBe(0)
  return failure?.code ?? 'accepted'
}

describe('SUBMIT_RESULT', () => {
  test('credits the epoch of the including block at the D of the seed height', () => {
    const chain = chainAt(41, params, 1)
    chain.block((state) => {
      const before = state.get(epochs, 0)
      if (before !== undefined) state.set(epochs, 1, { ...before, difficultyMacs: 1n << 60n })
    })
    const state = chain.view()
    expect(submitResult(action, actionContext(state, 41, sender))).toBeUndefined()
    expect(state.get(epochs, 1)).toMatchObject({ workMacs: DIFFICULTY_FLOOR_MACS, results: 1, workers: 1 })
    expect(state.get(epochs, 0)).toMatchObject({ workMacs: 0n, results: 0 })
    expect(state.get(workers, sender)).toMatchObject({ results: 1, workMacs: DIFFICULTY_FLOOR_MACS })
  })

  test('a repeated tile is refused until its height leaves the window, and then for its height', () => {
    const chain = chainAt(40, params, 0)
    chain.block((state) => submitResult(action, actionContext(state, 40, sender)))
    expect(codeOf(chain, action, 40)).toBe('RESULT_ALREADY_CLAIMED')
    const later = chainAt(seedHeight + params.seedWindowBlocks, params, 1)
    later.block((state) => submitResult(action, actionContext(state, 41, sender)))
    expect(codeOf(later, action, seedHeight + params.seedWindowBlocks)).toBe('RESULT_ALREADY_CLAIMED')
    later.block((state) => expireNullifiers(state, seedHeight + params.seedWindowBlocks + 1, params))
    expect(codeOf(later, action, seedHeight + params.seedWindowBlocks + 1)).toBe('RESULT_SEED_STALE')
  })

  test('two winners of one attempt or seed both count', () => {
    const second = findSubmission({ worker: sender, seedHeight, skip: 1 })
    const chain = chainAt(40, params, 0)
    chain.block((state) => {
      expect(submitResult(action, actionContext(state, 40, sender))).toBeUndefined()
      expect(submitResult(second, actionContext(state, 40, sender))).toBeUndefined()
    })
    expect(chain.view().get(epochs, 0)?.results).toBe(2)
  })

  test('each common rule has its code and comes before the lottery, in this order', () => {
    const chain = chainAt(40, params, 0)
    const wrong: SubmitResult = {
      ...action,
      challengeType: 'matrix_mul',
      matrixSize: 1,
      result: { ...action.result, proof: new Uint8Array(1) },
    }
    expect(codeOf(chain, wrong, 40, testAddress(2))).toBe('RESULT_CHALLENGE_UNKNOWN')
    expect(codeOf(chain, { ...wrong, challengeType: 'synthetic' }, 40, testAddress(2))).toBe('RESULT_WORKER_NOT_SENDER')
    expect(codeOf(chain, { ...wrong, challengeType: 'synthetic' }, 40)).toBe('RESULT_FIELDS_UNEXPECTED')
    const signed = { ...action, result: { ...action.result, signature: new Uint8Array(0) } }
    expect(codeOf(chain, signed, 40)).toBe('RESULT_FIELDS_UNEXPECTED')
    expect(codeOf(chain, { ...action, matrixSize: 1 }, 40)).toBe('RESULT_MATRIX_SIZE')
    expect(codeOf(chain, action, 40)).toBe('accepted')
  })

  test('a stolen result and a wrong byte', () => {
    const chain = chainAt(40, params, 0)
    expect(codeOf(chain, action, 40, testAddress(2))).toBe('RESULT_WORKER_NOT_SENDER')
    const relabelled = { ...action, result: { ...action.result, workerAddress: testAddress(2) } }
    expect(codeOf(chain, relabelled, 40, testAddress(2))).toBe('RESULT_TASK_ID')
    const resultHash = action.result.resultHash.map((byte, i) => (i === 31 ? byte ^ 1 : byte))
    expect(codeOf(chain, { ...action, result: { ...action.result, resultHash } }, 40)).toBe('RESULT_HASH_MISMATCH')
  })
})
