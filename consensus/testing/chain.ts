/** A small chain with known keys, for tests: real blocks, real signatures, made one after another without a network. */
import { type BlsScheme, bls } from '../../core/bls.ts'
import { type Address, EMPTY_BYTES, type Hash, hexKey, u64be, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { findSubmission, type SubmitResult } from '../../vm/compute/fixture.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import { intrinsicGas } from '../../vm/gas.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { leaderOf } from '../../vm/leader.ts'
import { type ChainParams, DIFFICULTY_FLOOR_MACS, epochOf, PRESETS } from '../../vm/params.ts'
import { MemoryState } from '../../vm/state/memory.ts'
import { proofOfPossessionBytes } from '../../vm/statement.ts'
import { decodeTransaction } from '../../vm/transaction/envelope.ts'
import { signNative } from '../../vm/transaction/sign.ts'
import type { Action, Transaction } from '../../vm/transaction/types.ts'
import { proofVerifier } from '../../vm/zk/verify.ts'
import { makeBlock } from '../block.ts'
import { buildBlock } from '../build.ts'
import { aggregateVotes } from '../certificate.ts'
import { epochSetup } from '../context.ts'
import { genesisBlock } from '../genesis.ts'
import type { Block, Certificate, Header, VoteKind } from '../types.ts'
import type { AppliedBlock, ParentBlock, ValidationRules } from '../validate.ts'
import { revealBytes, signerOf, signVote } from '../vote.ts'

/** Fast, with short epochs and the easiest lottery. */
export const FAST_PARAMS: ChainParams = {
  ...PRESETS.devnet,
  blockIntervalMs: 20,
  networkDelayMs: 100,
  epochBlocks: 8,
  seedWindowBlocks: 4,
  genesisDifficultyMacs: DIFFICULTY_FLOOR_MACS,
}

export interface TestKey {
  readonly owner: Address
  readonly privateKey: Uint8Array
  readonly blsSecretKey: Uint8Array
}

/** Key material number i; accounts and validators alike. */
export function testKey(i: number): TestKey {
  const privateKey = sha256(u64be(i), Uint8Array.of(1))
  const blsSecretKey = sha256(u64be(i), Uint8Array.of(2))
  // Below the group order whatever the hash.
  blsSecretKey[0] = 0
  return { owner: privateKeyToAddress(privateKey), privateKey, blsSecretKey }
}

/** Keys 0..validators-1 validate, with equal stakes; keys 0..accounts-1 hold 10,000 CPC each. */
export function testGenesis(
  validators: number,
  params: ChainParams = FAST_PARAMS,
  scheme: Pick<BlsScheme, 'publicKey' | 'sign'> = bls,
): Genesis {
  const accounts = validators + 4
  return {
    network: 'devnet',
    timestampMs: 1_700_000_000_000,
    params,
    activations: { vprogs: 0 },
    alloc: Array.from({ length: accounts }, (_, i) => ({
      address: testKey(i).owner,
      balanceWei: 10_000n * WEI_PER_CPC,
    })),
    validators: Array.from({ length: validators }, (_, i) => {
      const { owner, blsSecretKey } = testKey(i)
      const blsPublicKey = scheme.publicKey(blsSecretKey)
      const message = proofOfPossessionBytes(params.chainId, owner, blsPublicKey)
      return {
        owner,
        blsPublicKey,
        proofOfPossession: scheme.sign(blsSecretKey, message),
        stakeWei: 1_000n * WEI_PER_CPC,
        nodeId: '',
      }
    }),
  }
}

export const testRules = (
  genesisHash: Hash,
  params: ChainParams = FAST_PARAMS,
  scheme: BlsScheme = bls,
): ValidationRules => ({
  params,
  genesisHash,
  kernel: referenceKernel,
  bls: scheme,
  // As `testGenesis` has it.
  vprogs: { fromHeight: 0, proofs: proofVerifier() },
})

export const candidatesOf = (transactions: readonly Transaction[]) => {
  let next = 0
  return { next: () => transactions[next++], skipSender: () => {} }
}

export class TestChain {
  readonly params: ChainParams
  readonly rules: ValidationRules
  readonly genesis: ReturnType<typeof genesisBlock>
  /** Final state; blocks become final as they are made. */
  readonly state: MemoryState
  readonly blocks: Block[] = []
  readonly #byOwner: ReadonlyMap<string, TestKey>
  #parent: ParentBlock
  #certificate: Certificate | undefined
  #nonces = new Map<number, number>()

  constructor(validators = 4, params: ChainParams = FAST_PARAMS, scheme: BlsScheme = bls) {
    this.params = params
    this.genesis = genesisBlock(testGenesis(validators, params, scheme))
    this.rules = testRules(this.genesis.block.hash, params, scheme)
    this.state = new MemoryState(this.genesis.state.writes)
    this.#parent = { block: this.genesis.block, state: this.state }
    const keys = Array.from({ length: validators }, (_, i) => testKey(i))
    this.#byOwner = new Map(keys.map((key) => [hexKey(key.owner), key]))
  }

  get parent(): ParentBlock {
    return this.#parent
  }

  /** Notarization of the parent. */
  get certificate(): Certificate | undefined {
    return this.#certificate
  }

  /** A signed native transaction of key `sender`, with its next nonce. `gram`: what its scripts may use. */
  transaction(sender: number, action: Action, nonce = this.#nonces.get(sender) ?? 0, gram = 0): Transaction {
    this.#nonces.set(sender, nonce + 1)
    const gasLimit = intrinsicGas(action) + gram
    const fees = { maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n, gasLimit }
    const raw = signNative({ chainId: this.params.chainId, nonce, ...fees, action }, testKey(sender).privateKey)
    return decodeTransaction(raw, this.params.chainId)
  }

  transfer(sender: number, to: number, value = 1n): Transaction {
    return this.transaction(sender, { kind: 'TRANSFER', to: testKey(to).owner, value, memo: EMPTY_BYTES })
  }

  /** Who leads a view of the next block's epoch. */
  leader(view: number): TestKey {
    const epoch = epochOf(this.#parent.block.header.height + 1, this.params)
    const { set, randomness } = epochSetup(this.#parent.state, epoch)
    return this.#byOwner.get(hexKey(set.members[leaderOf(set, randomness, view)]!.address))!
  }

  /** The next block, not added. */
  build(transactions: readonly Transaction[] = [], view?: number): AppliedBlock {
    const above = this.#parent.block.header
    const epoch = epochOf(above.height + 1, this.params)
    const isFirst = above.height === 0 || epoch !== above.epoch
    const at = view ?? (isFirst ? 0 : above.view + 1)
    const leader = this.leader(at)
    return buildBlock(
      {
        parent: this.#parent,
        parentCertificate: this.#certificate,
        view: at,
        timestampMs: 0,
        proposer: leader.owner,
        randomnessReveal: this.rules.bls.sign(leader.blsSecretKey, revealBytes(this.rules.genesisHash, epoch, at)),
        candidates: candidatesOf(transactions),
      },
      this.rules,
    )
  }

  /** A certificate by the first `signers` validators of the block's epoch. */
  certify(kind: VoteKind, block: Block, signers?: number, view = block.header.view): Certificate {
    const { epoch } = block.header
    const { set } = epochSetup(this.#parent.state, epoch)
    const blockHash = kind === 'nullify' ? ZERO_HASH : block.hash
    const votes = set.members.slice(0, signers).map((member, validator) => {
      const signer = signerOf(this.rules.bls, this.#byOwner.get(hexKey(member.address))!.blsSecretKey)
      return signVote({ kind, epoch, view, blockHash, validator }, this.rules.genesisHash, signer)
    })
    return aggregateVotes(votes, set, this.rules.bls)
  }

  /** Adds a block as final. */
  add(applied: AppliedBlock): AppliedBlock {
    this.#certificate = this.certify('notarize', applied.block)
    this.state.commit(applied.state)
    this.#parent = { block: applied.block, state: this.state }
    this.blocks.push(applied.block)
    return applied
  }

  /** Builds and adds a block with these transactions. */
  next(transactions: readonly Transaction[] = [], view?: number): AppliedBlock {
    return this.add(this.build(transactions, view))
  }

  /** A winning (or losing) result of key `worker` on the block at `seedHeight`. */
  result(worker: number, seedHeight: number, losing = false): SubmitResult {
    const seedHash = seedHeight === 0 ? this.genesis.block.hash : this.blocks[seedHeight - 1]!.hash
    return findSubmission({ worker: testKey(worker).owner, seedHeight, seedHash, losing })
  }
}

/** The same block with other header fields, under its new hash. */
export const withHeader = (block: Block, changes: Partial<Header>): Block =>
  makeBlock({ ...block, header: { ...block.header, ...changes } })
