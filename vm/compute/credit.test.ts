import { describe, expect, test } from 'vitest'
import { compareBytes } from '../../core/bytes.ts'
import {
  CHUNK_ENTRIES,
  candidates,
  epochs,
  epochValidatorIndex,
  epochValidators,
  workerEpochIndex,
  workerEpochs,
  workers,
} from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { creditWork } from './credit.ts'
import { EMPTY_EPOCH, MapState, testAddress } from './fixture.ts'
import { NEW_WORKER, registeredValidator } from './registration.ts'

const worker = testAddress(1)
const validator = testAddress(2)

function stateWith(listed = [validator]): StateView {
  const state = new MapState().view()
  for (const epoch of [4, 5]) state.set(epochs, epoch, EMPTY_EPOCH)
  state.set(
    candidates,
    undefined,
    listed.map((owner) => ({ owner, tokens: 1n })),
  )
  return state
}

const registered = { ...NEW_WORKER, validator }

describe('credit', () => {
  test('sums by epoch and worker and lists each worker once', () => {
    const state = stateWith()
    creditWork(state, 4, worker, 10n)
    creditWork(state, 4, worker, 5n)
    creditWork(state, 4, testAddress(3), 1n)
    creditWork(state, 5, worker, 7n)
    expect(state.get(epochs, 4)).toMatchObject({ workMacs: 16n, results: 3, workers: 2 })
    expect(state.get(epochs, 5)).toMatchObject({ workMacs: 7n, results: 1, workers: 1 })
    expect(state.get(workerEpochs, { epoch: 4, worker })).toBe(15n)
    expect(state.get(workerEpochIndex, { epoch: 4, chunk: 0 })).toEqual([worker, testAddress(3)])
    expect(state.get(workers, worker)).toMatchObject({ results: 3, workMacs: 22n, paidWei: 0n })
  })

  test('opens a new chunk after the last entry of the old one', () => {
    const state = stateWith()
    for (let i = 0; i <= CHUNK_ENTRIES; i++) creditWork(state, 4, testAddress(100 + i), 1n)
    expect(state.get(workerEpochIndex, { epoch: 4, chunk: 0 })?.length).toBe(CHUNK_ENTRIES)
    expect(state.get(workerEpochIndex, { epoch: 4, chunk: 1 })).toEqual([testAddress(100 + CHUNK_ENTRIES)])
  })

  test('counts for the registered validator, and keeps its views', () => {
    const state = stateWith()
    state.set(workers, worker, registered)
    state.set(epochValidatorIndex, 5, [validator])
    state.set(epochValidators, { epoch: 5, validator }, { workMacs: 0n, proposedViews: 3, missedViews: 2 })
    creditWork(state, 4, worker, 10n)
    creditWork(state, 5, worker, 20n)
    creditWork(state, 5, worker, 1n)
    expect(state.get(epochValidators, { epoch: 4, validator })).toEqual({
      workMacs: 10n,
      proposedViews: 0,
      missedViews: 0,
    })
    expect(state.get(epochValidators, { epoch: 5, validator })).toEqual({
      workMacs: 21n,
      proposedViews: 3,
      missedViews: 2,
    })
    expect(state.get(epochValidatorIndex, 4)).toEqual([validator])
    expect(state.get(epochValidatorIndex, 5)).toEqual([validator])
  })

  test('keeps the validators of an epoch in ascending order', () => {
    const owners = [7, 8, 9, 10].map(testAddress)
    const state = stateWith(owners)
    for (const [i, owner] of owners.entries()) {
      state.set(workers, testAddress(50 + i), { ...NEW_WORKER, validator: owner })
      creditWork(state, 4, testAddress(50 + i), 1n)
    }
    expect(state.get(epochValidatorIndex, 4)).toEqual([...owners].sort(compareBytes))
  })

  test('is unaffiliated without a registration or off the candidates list', () => {
    const state = stateWith([testAddress(9)])
    state.set(workers, worker, registered)
    creditWork(state, 4, worker, 10n)
    creditWork(state, 4, testAddress(3), 10n)
    expect(state.get(epochValidatorIndex, 4)).toBeUndefined()
    expect(state.get(epochs, 4)?.workMacs).toBe(20n)
  })
})

test('a pending registration is in force from its epoch on', () => {
  const record = { ...NEW_WORKER, validator, pendingValidator: testAddress(3), pendingEpoch: 5 }
  expect(registeredValidator(record, 4)).toEqual(validator)
  expect(registeredValidator(record, 5)).toEqual(testAddress(3))
  expect(registeredValidator(record, 99)).toEqual(testAddress(3))
  expect(registeredValidator({ ...record, pendingValidator: undefined }, 5)).toBeUndefined()
  expect(registeredValidator(registered, 99)).toEqual(validator)
})
