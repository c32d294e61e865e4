/** A small chain in memory for the tests of staking, rewards and epochs: real tables, real supply equation, no blocks. */

import { bls } from '../../core/bls.ts'
import { type Address, hexKey, u64be, ZERO_HASH } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { changeEpoch } from '../epoch.ts'
import type { ActionContext, ActionErrorCode, BlockContext, ExecutionRules } from '../execution/types.ts'
import { claim } from '../kinds/claim.ts'
import { delegate } from '../kinds/delegate.ts'
import { stake } from '../kinds/stake.ts'
import { submitEvidence } from '../kinds/submit-evidence.ts'
import { undelegate } from '../kinds/undelegate.ts'
import { unjail } from '../kinds/unjail.ts'
import { unstake } from '../kinds/unstake.ts'
import { updateValidator } from '../kinds/update-validator.ts'
import { type ChainParams, epochOf, isLastBlockOfEpoch, PRESETS } from '../params.ts'
import { distributeRewards } from '../rewards.ts'
import { debit, setAccount } from '../state/account.ts'
import type { Table } from '../state/table.ts'
import { epochSets, epochs, randomness, supply, type Validator, validatorKeys, validators } from '../state/tables.ts'
import { EMPTY_SUPPLY, readRecord, type StateReader, StateView } from '../state/view.ts'
import { proofOfPossessionBytes } from '../statement.ts'
import type { Action } from '../transaction/types.ts'
import type { ValidatorSet } from '../validator-set.ts'
import { bond } from './bond.ts'
import { newValidator } from './new-validator.ts'
import { countViews } from './views.ts'

/** Small amounts, so that rounding shows. */
/** All that the test validators sign names this chain. */
export const TEST_GENESIS_HASH = sha256(Uint8Array.of(0))

export const TEST_PARAMS: ChainParams = {
  ...PRESETS.devnet,
  epochBlocks: 4,
  seedWindowBlocks: 2,
  minStakeWei: 1_000n,
  minDelegationWei: 10n,
  emissionWei: 1_000n,
  unbondingEpochs: 3,
}

/** The i-th account, ascending in i. */
export const account = (i: number): Address => {
  const address = new Uint8Array(20)
  address.set(u64be(i + 1), 0)
  return address
}

export const secretKey = (i: number): Uint8Array => {
  const key = sha256(u64be(i))
  // Below the group order whatever the hash.
  key[0] = 0
  return key
}

export const blsKey = (i: number): Uint8Array => bls.publicKey(secretKey(i))

export const registrationOf = (i: number, owner: Address, chainId = TEST_PARAMS.chainId) => ({
  blsPublicKey: blsKey(i),
  proofOfPossession: bls.sign(secretKey(i), proofOfPossessionBytes(chainId, owner, blsKey(i))),
})

type Handlers = { readonly [K in Action['kind']]?: (action: never, context: ActionContext) => ReturnType<typeof stake> }

const HANDLERS: Handlers = {
  STAKE: stake,
  UNSTAKE: unstake,
  UPDATE_VALIDATOR: updateValidator,
  DELEGATE: delegate,
  UNDELEGATE: undelegate,
  UNJAIL: unjail,
  CLAIM: claim,
  SUBMIT_EVIDENCE: submitEvidence,
}

export interface TestGenesis {
  /** Own stake of validators 0, 1, ...: accounts 0, 1, ... own them. */
  readonly stakes: readonly bigint[]
  /** Every account below this number starts with `balance`. */
  readonly accounts?: number
  readonly balance?: bigint
  readonly params?: Partial<ChainParams>
}

/** Signature checks that cost nothing, for tests about something else. */
const TRUSTING = { verify: () => true }

export class TestChain implements StateReader {
  readonly #records = new Map<string, Uint8Array>()
  readonly rules: ExecutionRules
  height = 1

  constructor({ stakes, accounts = 8, balance = 100_000n, params = {} }: TestGenesis, realSignatures = false) {
    const kernel = { tile: () => new Int32Array(256) }
    this.rules = {
      params: { ...TEST_PARAMS, ...params },
      genesisHash: TEST_GENESIS_HASH,
      kernel,
      bls: realSignatures ? bls : TRUSTING,
    }
    const total = stakes.reduce((sum, wei) => sum + wei, balance * BigInt(accounts))
    this.change((state) => {
      state.set(supply, undefined, { ...EMPTY_SUPPLY, genesis: total })
      for (let i = 0; i < Math.max(accounts, stakes.length); i++) {
        setAccount(state, account(i), { nonce: 0, balance: (i < accounts ? balance : 0n) + (stakes[i] ?? 0n) })
      }
      for (const [i, wei] of stakes.entries()) {
        // Real keys only where signatures are looked at: deriving them is most of a test's time.
        const key = realSignatures ? blsKey(i) : new Uint8Array(48).fill(i + 1)
        state.set(validatorKeys, key, account(i))
        state.set(validators, account(i), newValidator(key, 0))
        bond(state, account(i), account(i), wei)
      }
      const members = stakes.map((wei, i) => ({
        address: account(i),
        blsPublicKey: state.get(validators, account(i))?.blsPublicKey ?? new Uint8Array(48),
        power: wei,
        weight: wei,
      }))
      for (const epoch of [0, 1]) state.set(epochSets, epoch, { epoch, members })
      const opened = { workMacs: 0n, results: 0, workers: 0, poolWei: 0n, randomness: ZERO_HASH }
      state.set(epochs, 0, { ...opened, difficultyMacs: this.rules.params.genesisDifficultyMacs })
      state.set(randomness, undefined, ZERO_HASH)
    })
  }

  get(treeKey: Uint8Array): Uint8Array | undefined {
    return this.#records.get(hexKey(treeKey))
  }

  /** Writes of one change, kept; the supply equation is asserted. */
  change(apply: (state: StateView) => void): void {
    const state = new StateView(this)
    apply(state)
    for (const { treeKey, value } of state.finish()) {
      if (value === undefined) this.#records.delete(hexKey(treeKey))
      else this.#records.set(hexKey(treeKey), value)
    }
  }

  read<Key, Value>(table: Table<Key, Value>, key: Key): Value | undefined {
    return readRecord(this, table, key)
  }

  validator(i: number): Validator {
    const record = this.read(validators, account(i))
    assert(record !== undefined, 'no such validator', { i })
    return record
  }

  get epoch(): number {
    return epochOf(this.height, this.rules.params)
  }

  get set(): ValidatorSet {
    const set = this.read(epochSets, this.epoch)
    assert(set !== undefined, 'no set')
    return set
  }

  context(changes: Partial<BlockContext> = {}): BlockContext {
    const { height, epoch } = this
    const parentEpoch = epochOf(height - 1, this.rules.params)
    const view = (height - 1) % this.rules.params.epochBlocks
    return {
      height,
      epoch,
      view,
      timestampMs: height * 1_000,
      proposer: this.set.members[0]!.address,
      randomnessReveal: new Uint8Array(96),
      baseFeePerGas: 1n,
      parent: {
        hash: ZERO_HASH,
        height: height - 1,
        epoch: parentEpoch,
        view: parentEpoch === epoch ? view - 1 : this.rules.params.epochBlocks - 1,
        timestampMs: (height - 1) * 1_000,
        proposer: this.set.members[0]!.address,
        seqCommit: ZERO_HASH,
      },
      parentSigners: height === 1 ? [] : (this.read(epochSets, parentEpoch)?.members ?? []).map((_, i) => i),
      ...changes,
    }
  }

  /** @returns the failure's code; a failure must have written nothing */
  send(sender: number, action: Action): ActionErrorCode | 'done' {
    let code: ActionErrorCode | 'done' = 'done'
    this.change((state) => {
      const handler = HANDLERS[action.kind]
      assert(handler !== undefined, 'no handler of this kind')
      const context: ActionContext = {
        state,
        block: this.context(),
        rules: this.rules,
        sender: account(sender),
        nonce: 0,
        gram: { limit: 0, price: 0n, used: 0 },
        set: this.set,
      }
      const failure = handler(action as never, context)
      if (failure === undefined) return
      assert(state.writes === 0, `a refusal wrote something: ${failure.code}`)
      code = failure.code
    })
    return code
  }

  /** Ends the block as execution does, and goes on to the next height. Account 0 pays the priority fees. */
  endBlock(changes: Partial<BlockContext> = {}, priorityFeesWei = 0n): void {
    const context = this.context(changes)
    this.change((state) => {
      countViews(state, context, this.rules)
      debit(state, account(0), priorityFeesWei)
      distributeRewards(state, context, this.rules, priorityFeesWei)
      if (isLastBlockOfEpoch(context.height, this.rules.params)) changeEpoch(state, context, this.rules)
    })
    this.height++
  }

  toEpoch(epoch: number): void {
    while (this.epoch < epoch) this.endBlock()
  }
}
