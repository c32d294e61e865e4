import { expect, test } from 'vitest'
import { GAS, intrinsicGas } from './gas.ts'
import { PRESETS } from './params.ts'
import { KIND } from './transaction/types.ts'

test('the table of the protocol', () => {
  expect(GAS).toEqual({
    TRANSFER: 21_000,
    STAKE: 40_000,
    UNSTAKE: 40_000,
    UPDATE_VALIDATOR: 30_000,
    DELEGATE: 35_000,
    UNDELEGATE: 35_000,
    UNJAIL: 50_000,
    SUBMIT_RESULT: 80_000,
    REGISTER_WORKER: 40_000,
    CLAIM: 40_000,
    SUBMIT_EVIDENCE: 800_000,
    LANE: 30_000,
    COVENANT: 50_000,
    DEV_SET_BALANCE: 21_000,
  })
  expect(Object.keys(GAS)).toEqual(Object.keys(KIND))
})

test('payload, scripts, inputs and outputs cost by their bytes, and records of the state by half a kilobyte', () => {
  const spk = { version: 0, script: new Uint8Array(35) }
  const input = { outpoint: { txId: new Uint8Array(32), index: 0 }, sequence: 0n, signatureScript: new Uint8Array(100) }
  const body = { laneId: undefined, payload: new Uint8Array(10), lockTime: 0n, inputs: [], outputs: [] }
  expect(intrinsicGas({ kind: 'COVENANT', ...body })).toBe(50_000 + 16 * 10)
  const whole = { ...body, inputs: [input], outputs: [{ value: 1n, spk }] }
  expect(intrinsicGas({ kind: 'COVENANT', ...whole })).toBe(50_000 + 16 * (10 + 612 + 547))
})

test('memo bytes and first uses cost more', () => {
  const to = new Uint8Array(20)
  expect(intrinsicGas({ kind: 'TRANSFER', to, value: 0n, memo: new Uint8Array(256) })).toBe(21_000 + 4_096)
  expect(intrinsicGas({ kind: 'STAKE', amount: 1n })).toBe(40_000)
  const registration = { blsPublicKey: new Uint8Array(48), proofOfPossession: new Uint8Array(96) }
  expect(intrinsicGas({ kind: 'STAKE', amount: 1n, registration })).toBe(440_000)
})

test('every kind fits every preset’s block', () => {
  for (const { gasLimit } of Object.values(PRESETS)) expect(Math.max(...Object.values(GAS))).toBeLessThan(gasLimit / 2)
})
