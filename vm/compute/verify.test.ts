import { describe, expect, test } from 'vitest'
import { equalBytes } from '../../core/bytes.ts'
import type { ActionErrorCode } from '../execution/types.ts'
import { DIFFICULTY_FLOOR_MACS, PRESETS } from '../params.ts'
import { EASY_PARAMS, findSubmission, naiveTicket, type SubmitResult, testAddress, testBlockHash } from './fixture.ts'
import { drawRows } from './matrix.ts'
import { type Claim, claimBytes } from './nullifiers.ts'
import { computeSeed } from './seed.ts'
import { packNonce, targetOf, taskIdOf, tileCount, wins } from './ticket.ts'
import { referenceKernel } from './tile.ts'
import { type VerifyInputs, verifySynthetic } from './verify.ts'

const params = EASY_PARAMS
const worker = testAddress(1)
const seedHeight = 30
const good = findSubmission({ worker, seedHeight })

function inputsAt(height: number, claimed: readonly Claim[] = []): VerifyInputs {
  return {
    height,
    params,
    kernel: referenceKernel,
    blockHash: testBlockHash,
    difficultyMacs: () => DIFFICULTY_FLOOR_MACS,
    isClaimed: (claim) => claimed.some((other) => equalBytes(claimBytes(other), claimBytes(claim))),
  }
}

const withResult = (change: Partial<SubmitResult['result']>): SubmitResult => ({
  ...good,
  result: { ...good.result, ...change },
})

function codeOf(submission: SubmitResult, inputs = inputsAt(35)): ActionErrorCode | 'accepted' {
  const verdict = verifySynthetic(submission, inputs)
  return verdict.ok ? 'accepted' : verdict.error.code
}

const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

describe('a winning result', () => {
  test('is accepted and worth D of its seed height', () => {
    const asked: number[] = []
    const verdict = verifySynthetic(good, {
      ...inputsAt(45),
      difficultyMacs: (epoch) => {
        asked.push(epoch)
        return DIFFICULTY_FLOOR_MACS
      },
    })
    expect(verdict).toMatchObject({ ok: true, value: { workMacs: DIFFICULTY_FLOOR_MACS } })
    // Height 30 is in epoch 0, block 45 in epoch 1.
    expect(asked).toEqual([0])
  })

  test('is accepted at both ends of the window and nowhere outside', () => {
    expect(codeOf(good, inputsAt(seedHeight + 1))).toBe('RESULT_SEED_TOO_NEW')
    expect(codeOf(good, inputsAt(seedHeight))).toBe('RESULT_SEED_TOO_NEW')
    expect(codeOf(good, inputsAt(seedHeight + 2))).toBe('accepted')
    expect(codeOf(good, inputsAt(seedHeight + params.seedWindowBlocks))).toBe('accepted')
    expect(codeOf(good, inputsAt(seedHeight + params.seedWindowBlocks + 1))).toBe('RESULT_SEED_STALE')
  })

  test('can be seeded by genesis', () => {
    const first = findSubmission({ worker, seedHeight: 0 })
    expect(codeOf(first, inputsAt(2))).toBe('accepted')
    expect(codeOf(first, inputsAt(1))).toBe('RESULT_SEED_TOO_NEW')
  })
})

describe('refusals', () => {
  test('one wrong byte anywhere in result_hash or task_id', () => {
    for (let at = 0; at < 32; at++) {
      const code = codeOf(withResult({ resultHash: flip(good.result.resultHash, at) }))
      expect(['RESULT_HASH_MISMATCH', 'RESULT_ABOVE_TARGET']).toContain(code)
      if (at > 0) expect(code).toBe('RESULT_HASH_MISMATCH')
    }
    for (let at = 0; at < 16; at++) {
      expect(codeOf(withResult({ taskId: flip(good.result.taskId, at) }))).toBe('RESULT_TASK_ID')
    }
    expect(codeOf(withResult({ taskId: new Uint8Array(0) }))).toBe('RESULT_TASK_ID')
  })

  test('a result of another worker', () => {
    expect(codeOf(withResult({ workerAddress: testAddress(2) }))).toBe('RESULT_TASK_ID')
    // Even with the thief's own task id the hash is another one.
    const seed = computeSeed(testBlockHash(seedHeight), testAddress(2))
    const attempt = Math.floor(good.result.nonce / 2 ** 20)
    expect(codeOf(withResult({ workerAddress: testAddress(2), taskId: taskIdOf(seed, 256, attempt) }))).toBe(
      'RESULT_HASH_MISMATCH',
    )
  })

  test('a result moved to another height, size, attempt or tile', () => {
    expect(codeOf({ ...good, seedHeight: seedHeight + 1 })).toBe('RESULT_TASK_ID')
    expect(codeOf({ ...good, matrixSize: 512 })).toBe('RESULT_TASK_ID')
    expect(codeOf(withResult({ nonce: good.result.nonce + 2 ** 20 }))).toBe('RESULT_TASK_ID')
    const tile = good.result.nonce % 2 ** 20
    const neighbour = good.result.nonce + (tile === 255 ? -1 : 1)
    expect(codeOf(withResult({ nonce: neighbour }))).toBe('RESULT_HASH_MISMATCH')
  })
})

test('the checks come in the order of the protocol, each hiding the later ones', () => {
  const claim: Claim = {
    worker,
    seedHeight,
    matrixSize: 256,
    attempt: Math.floor(good.result.nonce / 2 ** 20),
    tile: good.result.nonce % 2 ** 20,
  }
  const broken = {
    size: { matrixSize: 100 },
    tile: { nonce: 2 ** 53 - 1 },
    hash: { resultHash: new Uint8Array(32).fill(0xff) },
    task: { taskId: new Uint8Array(16) },
  }
  const allWrong: SubmitResult = {
    ...good,
    ...broken.size,
    seedHeight,
    result: { ...good.result, ...broken.tile, ...broken.hash, ...broken.task },
  }
  const stale = inputsAt(seedHeight + params.seedWindowBlocks + 1, [claim])
  const inWindow = inputsAt(35, [claim])
  expect(codeOf(allWrong, stale)).toBe('RESULT_MATRIX_SIZE')
  expect(codeOf({ ...allWrong, matrixSize: 256 }, stale)).toBe('RESULT_TILE_RANGE')
  const tileRight = withResult({ ...broken.hash, ...broken.task })
  expect(codeOf(tileRight, stale)).toBe('RESULT_SEED_STALE')
  expect(codeOf(tileRight, inWindow)).toBe('RESULT_ALREADY_CLAIMED')
  expect(codeOf(tileRight)).toBe('RESULT_ABOVE_TARGET')
  const wouldWin = new Uint8Array(32)
  expect(codeOf(withResult({ resultHash: wouldWin, ...broken.task }))).toBe('RESULT_TASK_ID')
  expect(codeOf(withResult({ resultHash: wouldWin }))).toBe('RESULT_HASH_MISMATCH')
  expect(codeOf(good)).toBe('accepted')
})

test('accepts exactly the winners that a naive product of the whole matrices has', () => {
  const n = 256
  const target = targetOf(n, DIFFICULTY_FLOOR_MACS)
  const seed = computeSeed(testBlockHash(seedHeight), worker)
  const drawn = new Map<string, Int8Array>()
  const rowsOf = (key: Uint8Array): Int8Array => {
    const id = key.join()
    const rows = drawn.get(id) ?? drawRows(key, n, 0, n)
    drawn.set(id, rows)
    return rows
  }
  let winners = 0
  for (let tile = 0; tile < tileCount(n); tile++) {
    const ticket = naiveTicket(seed, n, { attempt: 0, tile }, rowsOf)
    const submission = withResult({
      taskId: taskIdOf(seed, n, 0),
      resultHash: ticket,
      nonce: packNonce({ attempt: 0, tile }),
    })
    const expected = wins(ticket, target) ? 'accepted' : 'RESULT_ABOVE_TARGET'
    if (expected === 'accepted') winners++
    expect(codeOf(submission)).toBe(expected)
  }
  expect(winners).toBeGreaterThan(0)
})

test('the presets keep every result within its epoch and the one before', () => {
  for (const preset of Object.values(PRESETS)) {
    expect(preset.seedWindowBlocks * 2).toBeLessThanOrEqual(preset.epochBlocks)
    expect(preset.seedWindowBlocks).toBeLessThanOrEqual(preset.laneWindowBlocks)
  }
})
