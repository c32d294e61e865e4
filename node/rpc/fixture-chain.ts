/**
 * A whole chain in memory behind NodeApi, for tests: real genesis, state, blocks, certificates and mempool, without
 * network or clock. `mine` makes the next block; a block is final two blocks later. Everything is deterministic.
 */

import { buildBlock, type Candidates } from '../../consensus/build.ts'
import { aggregateVotes } from '../../consensus/certificate.ts'
import { genesisBlock } from '../../consensus/genesis.ts'
import type { Certificate, VoteKind } from '../../consensus/types.ts'
import type { AppliedBlock } from '../../consensus/validate.ts'
import { revealBytes, signerOf, signVote } from '../../consensus/vote.ts'
import { type BlsScheme, bls as realBls } from '../../core/bls.ts'
import { type Address, equalBytes, type Hash, hexKey, ZERO_HASH } from '../../core/bytes.ts'
import { assert, type Failure, ok, QuernError, type Result } from '../../core/errors.ts'
import { encodeMultiProof, proveKeys } from '../../core/smt/index.ts'
import { DEFAULT_LIMITS } from '../../mempool/limits.ts'
import { Mempool } from '../../mempool/mempool.ts'
import type { LightRequest, LightResponse } from '../../p2p/wire-light.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import { checkTransaction } from '../../vm/execution/check.ts'
import type { BlockContext, ExecutionRules } from '../../vm/execution/types.ts'
import { nextBaseFee } from '../../vm/fees.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { leaderOf } from '../../vm/leader.ts'
import { epochOf } from '../../vm/params.ts'
import type { TreeState } from '../../vm/state/layers.ts'
import { accounts, epochSets, epochs } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { decodeOptions, decodeTransaction } from '../../vm/transaction/envelope.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'
import type { ZkOperands } from '../../vm/zk/operands.ts'
import type { ExecutedBlock, Holdings, NodeApi, NodeEvent, NodeNetwork } from '../api.ts'
import { executionRules } from '../execution-rules.ts'
import { ScannedHistory } from '../vprog/testing/scanned-history.ts'
import type { AheadVerdict } from '../zk/proof-pool.ts'
import { inlineProofs, type NodeProofs } from '../zk/proofs.ts'

/** Blocks between the tip and the newest final block. */
export const FINAL_LAG = 2

interface Link extends AppliedBlock {
  readonly notarization: Certificate | undefined
  readonly finalization: Certificate | undefined
}

export interface MineOptions {
  /** Instead of what the mempool offers: in this order, whatever the mempool thinks of them. */
  readonly include?: readonly Transaction[]
  readonly timestampMs?: number
  readonly view?: number
}

export class FixtureChain implements NodeApi {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  /** As a test wants them to be. */
  network: NodeNetwork | undefined
  validator: Address | undefined
  /** BLS secret keys of every validator, by owner (`hexKey`). */
  readonly #blsKeys: ReadonlyMap<string, Uint8Array>
  readonly #bls: BlsScheme
  readonly rules: ExecutionRules
  readonly #proofs: NodeProofs
  readonly #listeners = new Set<(event: NodeEvent) => void>()
  #links: readonly Link[]
  #pool: Mempool

  constructor(
    genesis: Genesis,
    blsKeys: ReadonlyMap<string, Uint8Array>,
    bls: BlsScheme = realBls,
    links?: readonly Link[],
  ) {
    this.#bls = bls
    this.genesis = genesis
    this.#blsKeys = blsKeys
    this.#links = links ?? [firstLink(genesis)]
    this.genesisHash = this.#links[0]!.block.hash
    this.#proofs = inlineProofs(genesis.params)
    const proofs = this.#proofs.verifier
    this.rules = executionRules(genesis, this.genesisHash, { kernel: referenceKernel, bls, proofs })
    this.#pool = this.#newPool()
  }

  /** Another chain with the same blocks, an empty mempool and no listeners. */
  fork(): FixtureChain {
    return new FixtureChain(this.genesis, this.#blsKeys, this.#bls, this.#links)
  }

  // ----------------------------------------------------------------------------------------------- NodeApi

  latest = () => headerOf(this.#tip)
  finalized = () => headerOf(this.#links[Math.max(0, this.#links.length - 1 - FINAL_LAG)]!)

  holdings = (): Holdings => ({
    mode: 'archive',
    blocksFrom: 0,
    statesFrom: 0,
    requests: ['status', 'block', 'range', 'certificates'],
  })

  blockByHeight(height: number): ExecutedBlock | undefined {
    const link = this.#links[height]
    return link === undefined ? undefined : this.#executed(link)
  }

  blockByHash(hash: Hash): ExecutedBlock | undefined {
    const link = this.#links.find(({ block }) => equalBytes(block.hash, hash))
    return link === undefined ? undefined : this.#executed(link)
  }

  transactionByHash(hash: Hash) {
    for (const link of this.#links) {
      const index = link.transactions.findIndex((transaction) => equalBytes(transaction.hash, hash))
      if (index >= 0) return { executed: this.#executed(link), index }
    }
    return undefined
  }

  readonly vprogs = new ScannedHistory(this)

  stateAt(height: number): TreeState | undefined {
    return this.#links[height]?.state
  }

  async stateProof(height: number, treeKeys: readonly Hash[]): Promise<Uint8Array | undefined> {
    const state = this.stateAt(height)
    const keys = treeKeys.toSorted((a, b) => (hexKey(a) < hexKey(b) ? -1 : 1))
    return state === undefined ? undefined : encodeMultiProof(proveKeys(state.readNode, keys))
  }

  /** Headers and records; LightServer does the rest beside a store. */
  async answerLight(request: LightRequest): Promise<LightResponse> {
    switch (request.type) {
      case 'edges':
        return { type: 'edges', edges: [] }
      case 'headers': {
        const links = this.#links.slice(request.fromHeight, request.fromHeight + request.count)
        const line = ({ block, finalization }: Link) => ({ header: block.header, finalization })
        return { type: 'headers', headers: links.map(line) }
      }
      case 'state': {
        const state = this.stateAt(request.height)
        const proof = await this.stateProof(request.height, request.keys)
        if (state === undefined || proof === undefined) return { type: 'state', state: undefined }
        return { type: 'state', state: { values: request.keys.map((key) => state.get(key)), proof } }
      }
      case 'result':
        return { type: 'result', result: undefined }
    }
  }

  certificates(height: number): { readonly notarization?: Certificate; readonly finalization?: Certificate } {
    const { notarization, finalization } = this.#links[height] ?? {}
    return {
      ...(notarization === undefined ? {} : { notarization }),
      ...(finalization === undefined || height > this.finalized().height ? {} : { finalization }),
    }
  }

  validatorSet = (epoch: number): ValidatorSet | undefined => readRecord(this.#tip.state, epochSets, epoch)
  epochRandomness = (epoch: number): Hash | undefined => readRecord(this.#tip.state, epochs, epoch)?.randomness
  nextBaseFee = (): bigint => nextBaseFee(this.#tip.block.header, this.genesis.params.baseFeeFloorWei)

  verifyProof(operands: ZkOperands): Promise<AheadVerdict> {
    return this.#proofs.ahead.verifyAside(operands)
  }

  async submit(raw: Uint8Array): Promise<Result<Hash>> {
    let transaction: Transaction
    try {
      transaction = this.decode(raw)
    } catch (error) {
      if (!(error instanceof QuernError)) throw error
      return { ok: false, error: error satisfies Failure }
    }
    const added = this.#pool.add(transaction, this.latest().timestampMs)
    if (!added.ok) return added
    this.#emit({ type: 'transaction', transaction })
    return ok(transaction.hash)
  }

  pool() {
    const pool = this.#pool
    return {
      entries: () => pool.content(),
      get: (hash: Hash) => pool.get(hash),
      pendingNonce: (address: Address) => pool.pendingNonce(address),
      counts: () => ({ pending: pool.stats.pending, queued: pool.stats.queued }),
    }
  }

  peerCount = (): number => 3
  syncing = (): ReturnType<NodeApi['syncing']> => undefined

  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  // ----------------------------------------------------------------------------------------------- driving it

  get listenerCount(): number {
    return this.#listeners.size
  }

  decode(raw: Uint8Array): Transaction {
    return decodeTransaction(raw, this.genesis.params.chainId, decodeOptions(this.genesis.params))
  }

  /** Makes the next block. */
  mine(options: MineOptions = {}): ExecutedBlock {
    const link = this.#build(options)
    this.#links = [...this.#links, link]
    this.#follow([link], [])
    const final = this.#links[this.#links.length - 1 - FINAL_LAG]
    if (final?.finalization !== undefined) {
      this.#emit({ type: 'final', block: this.#executed(final), certificate: final.finalization })
    }
    return this.#executed(link)
  }

  /** Abandons the newest block for an empty one of the next view. */
  reorg(): { readonly dropped: ExecutedBlock; readonly added: ExecutedBlock } {
    const abandoned = this.#tip
    assert(this.#links.length > 1, 'genesis cannot be abandoned')
    this.#links = this.#links.slice(0, -1)
    const link = this.#build({ include: [], view: abandoned.block.header.view + 1 })
    this.#links = [...this.#links, link]
    this.#follow([link], [abandoned])
    return { dropped: { ...this.#executed(abandoned), final: false }, added: this.#executed(link) }
  }

  /** Blocks and mempool of now, for `restore`. */
  save(): () => void {
    const links = this.#links
    const waiting = this.#pool.snapshot()
    return () => {
      this.#links = links
      this.#pool = this.#newPool()
      this.#pool.restore(waiting)
    }
  }

  get #tip(): Link {
    return this.#links[this.#links.length - 1]!
  }

  #newPool(): Mempool {
    const { params } = this.genesis
    return new Mempool(
      { ...DEFAULT_LIMITS, feeFloorWei: params.baseFeeFloorWei },
      {
        account: (address) => readRecord(this.#tip.state, accounts, address) ?? { nonce: 0, balance: 0n },
        check: (transaction) => checkTransaction(this.#tip.state, this.#nextContext(), this.rules, transaction),
      },
    )
  }

  /** Of the block that would come next; its proposer is a guess, as in a node. */
  #nextContext(): BlockContext {
    const { hash, header } = this.#tip.block
    return {
      height: header.height + 1,
      epoch: epochOf(header.height + 1, this.genesis.params),
      view: 0,
      timestampMs: header.timestampMs + this.genesis.params.blockIntervalMs,
      proposer: header.proposer,
      randomnessReveal: new Uint8Array(96),
      baseFeePerGas: this.nextBaseFee(),
      parent: { ...header, hash },
      parentSigners: [],
    }
  }

  #build(options: MineOptions): Link {
    const parent = this.#tip
    const { epochBlocks } = this.genesis.params
    const height = parent.block.header.height + 1
    const epoch = epochOf(height, this.genesis.params)
    const view = options.view ?? (height - 1) % epochBlocks
    const set = this.#setOf(epoch)
    const leader = set.members[leaderOf(set, this.epochRandomness(epoch)!, view)]!
    const applied = buildBlock(
      {
        parent,
        parentCertificate: parent.notarization,
        view,
        timestampMs: options.timestampMs ?? 0,
        proposer: leader.address,
        randomnessReveal: this.#signer(leader.address).sign(revealBytes(this.genesisHash, epoch, view)),
        candidates: options.include === undefined ? this.#pool.select(this.nextBaseFee()) : listed(options.include),
      },
      this.rules,
    )
    const certify = (kind: VoteKind) => this.#certify(kind, set, view, applied.block.hash)
    return { ...applied, notarization: certify('notarize'), finalization: certify('finalize') }
  }

  #certify(kind: VoteKind, set: ValidatorSet, view: number, blockHash: Hash): Certificate {
    const votes = set.members.map(({ address }, validator) =>
      signVote({ kind, epoch: set.epoch, view, blockHash, validator }, this.genesisHash, this.#signer(address)),
    )
    return aggregateVotes(votes, set, this.#bls)
  }

  #setOf(epoch: number): ValidatorSet {
    const set = this.validatorSet(epoch)
    assert(set !== undefined, 'no validator set of this epoch', { epoch })
    return set
  }

  #signer(owner: Address) {
    const key = this.#blsKeys.get(hexKey(owner))
    assert(key !== undefined, 'the fixture has no key of this validator')
    return signerOf(this.#bls, key)
  }

  #follow(added: readonly Link[], dropped: readonly Link[]): void {
    const included = added.flatMap((link) => link.transactions)
    const abandoned = dropped.flatMap((link) => link.transactions)
    const nowMs = this.latest().timestampMs
    const changed = [...included, ...abandoned].flatMap((t) =>
      t.action.kind === 'TRANSFER' ? [t.from, t.action.to] : [t.from],
    )
    this.#pool.onBlock({ included, changed, baseFeePerGas: this.nextBaseFee(), nowMs })
    this.#pool.readd(abandoned, nowMs)
    const executed = (link: Link) => this.#executed(link)
    this.#emit({ type: 'tip', added: added.map(executed), dropped: dropped.map(executed) })
  }

  #emit(event: NodeEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  #executed({ block, transactions, outcome }: Link): ExecutedBlock {
    return { block, transactions, receipts: outcome.receipts, final: block.header.height <= this.finalized().height }
  }
}

const headerOf = ({ block }: Link) => ({ ...block.header, hash: block.hash })

function firstLink(genesis: Genesis): Link {
  const { block, state } = genesisBlock(genesis)
  const difficulty = block.header.difficulty
  const outcome = {
    receipts: [],
    gasUsed: 0,
    gramUsed: 0,
    results: [],
    seqCommit: ZERO_HASH,
    difficulty,
    writes: state.writes,
  }
  return { block, state, transactions: [], outcome, notarization: undefined, finalization: undefined }
}

/** Offers exactly these; one that a block may not hold is a mistake in the test. */
function listed(transactions: readonly Transaction[]): Candidates {
  let next = 0
  return {
    next: () => transactions[next++],
    skipSender: () => {
      throw new Error(`transaction ${next - 1} of the list cannot be in a block`)
    },
  }
}
