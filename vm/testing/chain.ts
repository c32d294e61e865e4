/** A small chain for tests: genesis with four validators and some rich accounts, blocks one after another. */

import { type Address, EMPTY_BYTES, hexKey, u64be, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { EASY_PARAMS, testBlockHash } from '../compute/fixture.ts'
import { referenceKernel } from '../compute/tile.ts'
import { executeBlock } from '../execution/execution.ts'
import type { BlockContext, BlockOutcome, ExecutionRules } from '../execution/types.ts'
import { nextBaseFee } from '../fees.ts'
import { type Genesis, genesisState } from '../genesis.ts'
import { type ChainParams, epochOf } from '../params.ts'
import { StateLayer, type TreeState } from '../state/layers.ts'
import { MemoryState } from '../state/memory.ts'
import { accounts, epochSets } from '../state/tables.ts'
import { readRecord } from '../state/view.ts'
import { decodeTransaction } from '../transaction/envelope.ts'
import { type NativeFields, signNative } from '../transaction/sign.ts'
import type { Action, Transaction } from '../transaction/types.ts'
import { testWallet, type Wallet } from './wallet.ts'

/** Short epochs, easy work, and wallet 9 as the devnet authority. */
export const TEST_PARAMS: ChainParams = {
  ...EASY_PARAMS,
  epochBlocks: 8,
  seedWindowBlocks: 4,
  laneWindowBlocks: 6,
  unbondingEpochs: 1,
  devAuthority: hexKey(testWallet(9).address),
}

/** Wallets 1 to 9 hold 10,000 CPC; wallets 101 to 104 are validators with 2,000 CPC of stake and 100 CPC to spend. */
export const testGenesis = (params: ChainParams = TEST_PARAMS): Genesis => ({
  network: 'devnet',
  timestampMs: 1_700_000_000_000,
  params,
  activations: { vprogs: 0 },
  alloc: [
    ...Array.from({ length: 9 }, (_, i) => ({ address: testWallet(i + 1).address, balanceWei: 10_000n * WEI_PER_CPC })),
    ...validatorWallets.map(({ address }) => ({ address, balanceWei: 100n * WEI_PER_CPC })),
  ],
  validators: validatorWallets.map(({ address }, i) => ({
    owner: address,
    blsPublicKey: testBlsPublicKey(i),
    // Not a valid proof: these tests go past `checkGenesis`.
    proofOfPossession: TEST_BLS_PROOF,
    stakeWei: 2_000n * WEI_PER_CPC,
    nodeId: '',
  })),
})

export const validatorWallets = [101, 102, 103, 104].map(testWallet)
/** 48 bytes; no point of the curve, which nobody asks of it here. */
export const testBlsPublicKey = (label: number): Uint8Array => new Uint8Array(48).fill(label + 1)
export const TEST_BLS_PROOF = new Uint8Array(96)

/** Every signature verifies: what handlers do with one that does not is tested beside them. */
export const testRules = (params: ChainParams = TEST_PARAMS): ExecutionRules => ({
  params,
  genesisHash: ZERO_HASH,
  kernel: referenceKernel,
  bls: { verify: () => true },
})

export class TestChain {
  readonly rules: ExecutionRules
  readonly state: MemoryState
  height = 0
  #baseFeePerGas: bigint
  #nonces = new Map<string, number>()

  constructor(params: ChainParams = TEST_PARAMS) {
    this.rules = testRules(params)
    this.state = new MemoryState(genesisState(testGenesis(params)))
    this.#baseFeePerGas = params.baseFeeFloorWei
  }

  get baseFeePerGas(): bigint {
    return this.#baseFeePerGas
  }

  /** Of the next block: every view used, proposers in turn, every validator of the parent's set signed. */
  context(over: Partial<BlockContext> = {}): BlockContext {
    const height = this.height + 1
    const { params } = this.rules
    const epoch = epochOf(height, params)
    const parentEpoch = epochOf(this.height, params)
    const viewOf = (at: number): number => (at === 0 ? 0 : (at - 1) % params.epochBlocks)
    const set = readRecord(this.state, epochSets, epoch)!
    const parentSet = readRecord(this.state, epochSets, parentEpoch)!
    return {
      height,
      epoch,
      view: viewOf(height),
      timestampMs: 1_700_000_000_000 + 500 * height,
      proposer: set.members[height % set.members.length]!.address,
      randomnessReveal: sha256(u64be(height)),
      baseFeePerGas: this.#baseFeePerGas,
      parent: {
        hash: testBlockHash(this.height),
        height: this.height,
        epoch: parentEpoch,
        view: viewOf(this.height),
        timestampMs: 1_700_000_000_000 + 500 * this.height,
        proposer: parentSet.members[0]!.address,
        seqCommit: new Uint8Array(32),
      },
      parentSigners: this.height === 0 ? [] : parentSet.members.map((_, i) => i),
      ...over,
    }
  }

  account(address: Address): { nonce: number; balance: bigint } {
    return readRecord(this.state, accounts, address) ?? { nonce: 0, balance: 0n }
  }

  /** Signed by the wallet with its next nonce, counting transactions that are not in a block yet. */
  tx(wallet: Wallet, action: Action, over: Partial<NativeFields> = {}): Transaction {
    const id = hexKey(wallet.address)
    const nonce = over.nonce ?? Math.max(this.#nonces.get(id) ?? 0, this.account(wallet.address).nonce)
    this.#nonces.set(id, nonce + 1)
    const fees = { maxPriorityFeePerGas: 7n, maxFeePerGas: 1_000_000n }
    const fields = { chainId: this.rules.params.chainId, ...fees, ...over, nonce, action }
    return decodeTransaction(signNative(fields, wallet.privateKey), fields.chainId, { devKinds: true })
  }

  /** Executes the next block and makes it final. @throws when a transaction is refused */
  block(transactions: readonly Transaction[] = [], over: Partial<BlockContext> = {}): BlockOutcome {
    const outcome = executeBlock(this.state, this.context(over), this.rules, transactions)
    if (!outcome.ok) throw new Error(`${outcome.error.code}: ${outcome.error.message}`)
    this.state.commit(new StateLayer(this.state, outcome.value.writes))
    this.height++
    const { gasLimit, baseFeeFloorWei } = this.rules.params
    const { gasUsed } = outcome.value
    this.#baseFeePerGas = nextBaseFee({ baseFeePerGas: this.#baseFeePerGas, gasUsed, gasLimit }, baseFeeFloorWei)
    return outcome.value
  }

  /** Empty blocks up to this height. */
  advanceTo(height: number): void {
    while (this.height < height) this.block()
  }
}

export const rootAfter = (state: TreeState, outcome: BlockOutcome): string =>
  hexKey(new StateLayer(state, outcome.writes).root)

export const transferTo = (to: Address, value: bigint): Action => ({ kind: 'TRANSFER', to, value, memo: EMPTY_BYTES })
