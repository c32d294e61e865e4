import { describe, expect, test } from 'vitest'
import { actionContext, MapState, testAddress } from '../compute/fixture.ts'
import { registeredValidator } from '../compute/registration.ts'
import { type Validator, validators, workers } from '../state/tables.ts'
import type { StateView } from '../state/view.ts'
import { registerWorker } from './register-worker.ts'

const sender = testAddress(1)
const open = testAddress(2)
const closed = testAddress(3)
const other = testAddress(4)

const VALIDATOR: Validator = {
  tokens: 1n,
  shares: 1n,
  blsPublicKey: new Uint8Array(48),
  name: '',
  website: '',
  description: '',
  commissionBps: 0,
  commissionEpoch: 0,
  openToWorkers: true,
  jailedUntilEpoch: 0,
  tombstoned: false,
  rewardPot: 0n,
  commissionAccrued: 0n,
  rewardPerShare: 0n,
  rewardRemainder: 0n,
}

function newState(): StateView {
  const state = new MapState().view()
  state.set(validators, open, VALIDATOR)
  state.set(validators, other, VALIDATOR)
  state.set(validators, closed, { ...VALIDATOR, openToWorkers: false })
  return state
}

/** Height in the middle of an epoch of 40 blocks. */
const inEpoch = (epoch: number): number => epoch * 40 + 20
const register = (state: StateView, epoch: number, validator: Uint8Array | undefined, profile = '') =>
  registerWorker({ kind: 'REGISTER_WORKER', validator, profile }, actionContext(state, inEpoch(epoch), sender))

function validatorIn(state: StateView, epoch: number): Uint8Array | undefined {
  const record = state.get(workers, sender)
  return record === undefined ? undefined : registeredValidator(record, epoch)
}

describe('REGISTER_WORKER', () => {
  test('takes effect in the next epoch', () => {
    const state = newState()
    expect(register(state, 3, open, 'a lathe')).toBeUndefined()
    expect(validatorIn(state, 3)).toBeUndefined()
    expect(validatorIn(state, 4)).toEqual(open)
    expect(state.get(workers, sender)?.profile).toBe('a lathe')
  })

  test('keeps the registration in force until then, and the last one of an epoch wins', () => {
    const state = newState()
    register(state, 3, open)
    register(state, 5, undefined)
    register(state, 5, other)
    expect(validatorIn(state, 5)).toEqual(open)
    expect(validatorIn(state, 6)).toEqual(other)
    register(state, 6, undefined)
    expect(validatorIn(state, 6)).toEqual(other)
    expect(validatorIn(state, 7)).toBeUndefined()
  })

  test('keeps what the worker has earned', () => {
    const state = newState()
    register(state, 1, open)
    const record = state.get(workers, sender)
    if (record !== undefined) state.set(workers, sender, { ...record, results: 3, workMacs: 9n, paidWei: 4n })
    register(state, 2, other)
    expect(state.get(workers, sender)).toMatchObject({ results: 3, workMacs: 9n, paidWei: 4n })
  })

  test('refuses unknown validators and those that take no workers', () => {
    const state = newState()
    const { writes } = state
    expect(register(state, 1, testAddress(9))?.code).toBe('VALIDATOR_UNKNOWN')
    expect(register(state, 1, closed)?.code).toBe('WORKERS_NOT_ACCEPTED')
    expect(state.writes).toBe(writes)
  })
})
