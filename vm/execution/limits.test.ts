import { expect, test } from 'vitest'
import { intrinsicGas } from '../gas.ts'
import { transferTo } from '../testing/chain.ts'
import type { Action } from '../transaction/types.ts'
import { BlockRoom } from './limits.ts'

const LIMITS = { gasLimit: 10_000_000, gramLimit: 1_000, maxLanesPerBlock: 2, maxResultsPerBlock: 1 }

test('gas is exact to the last unit', () => {
  const action = transferTo(new Uint8Array(20), 1n)
  const room = new BlockRoom({ ...LIMITS, gasLimit: 42_000 })
  for (let i = 0; i < 2; i++) {
    expect(room.lacks({ action, gasLimit: 21_000 })).toBeUndefined()
    room.take(action)
  }
  expect(room.gasUsed).toBe(42_000)
  expect(room.lacks({ action, gasLimit: 21_000 })).toBe('gas')
})

const spending = (lane?: number): Action => ({
  kind: 'COVENANT',
  laneId: lane === undefined ? undefined : Uint8Array.of(lane, 1, 0, 0, ...new Uint8Array(16)),
  payload: new Uint8Array(0),
  lockTime: 0n,
  inputs: [{ outpoint: { txId: new Uint8Array(32), index: 0 }, sequence: 0n, signatureScript: new Uint8Array(0) }],
  outputs: [],
})

test('gram is asked for by the limit and taken by the use', () => {
  const action = spending()
  const room = new BlockRoom(LIMITS)
  const wanting = (gram: number) => ({ action, gasLimit: intrinsicGas(action) + gram })
  expect(room.gramLimitOf(wanting(600))).toBe(600)
  expect(room.gramLimitOf(wanting(5_000))).toBe(1_000)
  room.take(action)
  room.takeGram(400)
  expect(room.lacks(wanting(600))).toBeUndefined()
  expect(room.lacks(wanting(601))).toBe('gram')
  expect(room.lacks({ action: { ...action, inputs: [] } as Action, gasLimit: 9_000_000 })).toBeUndefined()
})

test('lanes are counted once each', () => {
  const room = new BlockRoom(LIMITS)
  for (const lane of [1, 2, 2]) room.take(spending(lane))
  const gasLimit = intrinsicGas(spending(1))
  expect(room.lacks({ action: spending(1), gasLimit })).toBeUndefined()
  expect(room.lacks({ action: spending(3), gasLimit })).toBe('lanes')
  expect(room.lacks({ action: spending(), gasLimit })).toBeUndefined()
})
