/** Random transactions, for property tests. */
import fc from 'fast-check'
import { ZERO_HASH } from '../../core/bytes.ts'
import type { SignFields } from '../transaction/sign.ts'
import type { Action, KindName, SignedStatement } from '../transaction/types.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const upTo = (maxLength: number) => fc.uint8Array({ maxLength })
const address = bytes(20)
/** Small and huge alike: lengths of RLP integers differ. */
const amount = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, (1n << 256n) - 1n))
const count = fc.oneof(fc.nat(300), fc.maxSafeNat())
/** 4 UTF-16 units are at most 12 bytes of UTF-8 (fullUnicode: each unit at most 3, a pair 4). */
const text = (maxBytes: number) => fc.string({ unit: 'binary', maxLength: Math.floor(maxBytes / 4) })
const optional = (maxLength: number) => fc.option(fc.uint8Array({ minLength: 1, maxLength }), { nil: undefined })

const statement: fc.Arbitrary<SignedStatement> = fc.oneof(
  fc.record({
    type: fc.constantFrom('proposal' as const, 'notarize' as const, 'finalize' as const),
    blockHash: bytes(32),
    signature: bytes(96),
  }),
  fc.record({ type: fc.constant('nullify' as const), blockHash: fc.constant(ZERO_HASH), signature: bytes(96) }),
)

type ActionArbitraries = { readonly [K in KindName]: fc.Arbitrary<Extract<Action, { kind: K }>> }

const kind = <K extends KindName>(name: K) => fc.constant(name)

const upToU64 = fc.bigInt(0n, (1n << 64n) - 1n)
const lane = fc.constant(Uint8Array.of(1, 2, 3, 4, ...new Uint8Array(16)))
const covenantBody = {
  payload: upTo(100),
  lockTime: upToU64,
  inputs: fc.array(
    fc.record({
      outpoint: fc.record({ txId: bytes(32), index: fc.nat(2 ** 31 - 1) }),
      sequence: upToU64,
      signatureScript: upTo(100),
    }),
    { maxLength: 3 },
  ),
  outputs: fc.array(
    fc.record(
      {
        value: fc.bigInt(1n, (1n << 63n) - 1n),
        spk: fc.record({ version: fc.nat(65_535), script: upTo(100) }),
        binding: fc.record({ authorizingInput: fc.nat(65_535), covenantId: bytes(32) }),
      },
      { requiredKeys: ['value', 'spk'] },
    ),
    { maxLength: 3 },
  ),
}

export const ACTIONS: ActionArbitraries = {
  LANE: fc.record({ kind: kind('LANE'), laneId: lane, ...covenantBody }),
  COVENANT: fc.record({
    kind: kind('COVENANT'),
    laneId: fc.option(lane, { nil: undefined }),
    ...covenantBody,
  }),
  TRANSFER: fc.record({ kind: kind('TRANSFER'), to: address, value: amount, memo: upTo(256) }),
  STAKE: fc.record(
    {
      kind: kind('STAKE'),
      amount,
      registration: fc.record({ blsPublicKey: bytes(48), proofOfPossession: bytes(96) }),
    },
    { requiredKeys: ['kind', 'amount'] },
  ),
  UNSTAKE: fc.record({ kind: kind('UNSTAKE'), amount }),
  UPDATE_VALIDATOR: fc.record({
    kind: kind('UPDATE_VALIDATOR'),
    name: text(64),
    website: text(128),
    description: text(256),
    commissionBps: count,
    openToWorkers: fc.boolean(),
  }),
  DELEGATE: fc.record({ kind: kind('DELEGATE'), validator: address, amount }),
  UNDELEGATE: fc.record({ kind: kind('UNDELEGATE'), validator: address, shares: amount }),
  UNJAIL: fc.record({ kind: kind('UNJAIL') }),
  SUBMIT_RESULT: fc.record({
    kind: kind('SUBMIT_RESULT'),
    challengeType: text(32),
    seedHeight: count,
    matrixSize: count,
    result: fc.record({
      taskId: bytes(16),
      workerAddress: address,
      resultHash: bytes(32),
      proof: optional(400),
      nonce: count,
      signature: optional(256),
    }),
  }),
  REGISTER_WORKER: fc.record({
    kind: kind('REGISTER_WORKER'),
    validator: fc.option(address, { nil: undefined }),
    profile: text(256),
  }),
  CLAIM: fc.record({
    kind: kind('CLAIM'),
    positions: fc.array(fc.record({ validator: address, epoch: count }, { requiredKeys: ['validator'] }), {
      minLength: 1,
      maxLength: 16,
    }),
  }),
  SUBMIT_EVIDENCE: fc.record({
    kind: kind('SUBMIT_EVIDENCE'),
    validator: address,
    epoch: count,
    view: count,
    first: statement,
    second: statement,
  }),
  DEV_SET_BALANCE: fc.record({
    kind: kind('DEV_SET_BALANCE'),
    account: address,
    balance: fc.bigInt(0n, (1n << 128n) - 1n),
  }),
}

export const anyAction: fc.Arbitrary<Action> = fc.oneof(...Object.values(ACTIONS))

/** Fees in order, any chain position. */
export const signFields = (chainId: number): fc.Arbitrary<SignFields & { readonly gasLimit: number }> =>
  fc
    .record({ nonce: fc.oneof(fc.nat(300), fc.maxSafeNat()), gasLimit: count, low: amount, more: amount })
    .map(({ nonce, gasLimit, low, more }) => ({
      chainId,
      nonce: Math.min(nonce, Number.MAX_SAFE_INTEGER - 1),
      gasLimit,
      maxPriorityFeePerGas: more < low ? 0n : low,
      maxFeePerGas: more,
    }))
