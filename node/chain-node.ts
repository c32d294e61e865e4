/**
 * One node: store, block tree, execution, mempool and consensus, put together over a transport. It validates when it is
 * given a key and follows otherwise. It owns none of what it is given: whoever opened store, transport and signature pool
 * closes them after `stop`.
 */

import { BlockTree } from '../consensus/chain/block-tree.ts'
import type { Evidence } from '../consensus/simplex/types.ts'
import type { Certificate, Header } from '../consensus/types.ts'
import { type BlsScheme, bls as defaultBls } from '../core/bls.ts'
import type { Address, Hash } from '../core/bytes.ts'
import type { Result } from '../core/errors.ts'
import type { KvStore } from '../core/kv.ts'
import type { MempoolLimits } from '../mempool/limits.ts'
import type { MempoolSnapshot } from '../mempool/mempool.ts'
import type { NetworkMessage, Origin, PeerId, Transport, Verdict } from '../p2p/transport.ts'
import type { LightRequest, LightResponse } from '../p2p/wire-light.ts'
import { referenceKernel } from '../vm/compute/tile.ts'
import type { ExecutionRules, TileKernel } from '../vm/execution/types.ts'
import type { Genesis } from '../vm/genesis.ts'
import type { StateReader } from '../vm/state/view.ts'
import type { ValidatorSet } from '../vm/validator-set.ts'
import type { ZkOperands } from '../vm/zk/operands.ts'
import type { ExecutedBlock, Holdings, NodeApi, NodeEvent, NodeNetwork } from './api.ts'
import { ChainView, executed } from './chain-view.ts'
import type { Clock } from './clock.ts'
import { executionRules } from './execution-rules.ts'
import { genesisEntry } from './genesis-entry.ts'
import type { SignaturePool } from './ingest/signature-pool.ts'
import { LightServer } from './light/light-server.ts'
import { PeerServer, SERVED_REQUESTS } from './peer-server.ts'
import { ChainStore } from './storage/chain-store.ts'
import { Journal } from './storage/journal.ts'
import { Pruner } from './storage/pruner.ts'
import { heldUnder, type Retention } from './storage/retention.ts'
import { Backfill } from './sync/backfill.ts'
import { ProvenSignatures, type Prover } from './sync/proven-signatures.ts'
import type { Reporter } from './validator/accountability.ts'
import { CommitGate } from './validator/commit-gate.ts'
import type { ChainEntry } from './validator/entry.ts'
import { EvidencePool } from './validator/evidence-pool.ts'
import { Executor } from './validator/executor.ts'
import { Participant } from './validator/participant.ts'
import type { ValidatorKey } from './validator/proposer.ts'
import type { SigningProtection } from './validator/signing-protection.ts'
import { TransactionPool } from './validator/transaction-pool.ts'
import type { VprogHistory } from './vprog/history.ts'
import type { AheadVerdict } from './zk/proof-pool.ts'
import { inlineProofs, type NodeProofs } from './zk/proofs.ts'

export interface ChainNodeOptions {
  readonly genesis: Genesis
  /** Absent: the node follows and never votes. */
  readonly key?: ValidatorKey
  /** Pays for the evidence that this node puts into blocks it leads; absent: it puts none. */
  readonly reporter?: Reporter
  /** The record beside the key of what it may have signed. Awaited before a vote or proposal leaves. */
  readonly protection?: SigningProtection
  readonly store: KvStore
  readonly clock: Clock
  readonly transport: Transport
  readonly signatures: SignaturePool
  /** Default: the plain TypeScript one. */
  readonly kernel?: TileKernel
  /** Verifies the proofs in scripts; whoever opened them closes them. Default: on this thread, without RISC Zero's circuit. */
  readonly proofs?: NodeProofs
  readonly bls?: BlsScheme
  /** Checks certificates while catching up; default: `bls`, on this thread. */
  readonly prover?: Prover
  /** Absent: the node keeps everything. */
  readonly retention?: Retention
  /** Whether blocks before the one at which the chain began here are fetched. */
  readonly backfill?: boolean
  readonly mempoolLimits?: Partial<MempoolLimits>
  /** What `NodeApi.network` shows. */
  readonly network?: NodeNetwork
  /** No block above it becomes final here: the node fails with `HALT_HEIGHT` in its place. */
  readonly haltHeight?: number
  /** A validator signed two statements that contradict each other: seen here, or proved by a peer. */
  readonly onEvidence?: (evidence: Evidence) => void
  /**
   * The node stopped by itself: disk failure, broken assertion, a conflict with its own final chain, or another process with its
   * key (`VALIDATOR_KEY_ELSEWHERE`).
   */
  readonly onFailure?: (error: unknown) => void
}

/** Messages of transactions in work at once; for more this node is too busy, and copies of them are welcome later. */
const MAX_GOSSIP_IN_WORK = 64
/** Of these, of one peer, so that none takes the room of the others. */
const MAX_GOSSIP_IN_WORK_PER_PEER = 8

export class ChainNode implements NodeApi {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly network: NodeNetwork | undefined
  readonly validator: Address | undefined
  readonly rules: ExecutionRules
  readonly vprogs: VprogHistory
  readonly #options: ChainNodeOptions
  readonly #proofs: NodeProofs
  readonly #tree: BlockTree<ChainEntry>
  readonly #view: ChainView
  readonly #transactions: TransactionPool
  readonly #participant: Participant
  readonly #server: PeerServer
  readonly #light: LightServer
  readonly #store: ChainStore
  readonly #pruner: Pruner | undefined
  readonly #backfill: Backfill | undefined
  readonly #listeners = new Set<(event: NodeEvent) => void>()
  #gossipInWork = 0
  readonly #gossipInWorkOf = new Map<PeerId, number>()
  #isStopped = false
  #stopping: Promise<void> | undefined

  private constructor(
    options: ChainNodeOptions,
    store: ChainStore,
    journal: Journal,
    evidence: EvidencePool,
    genesisHash: Hash,
  ) {
    const { genesis, clock, transport, signatures, bls = defaultBls, kernel = referenceKernel } = options
    const proofs = options.proofs ?? inlineProofs(genesis.params)
    this.#proofs = proofs
    const rules = executionRules(genesis, genesisHash, { kernel, bls, proofs: proofs.verifier })
    this.rules = rules
    this.genesis = genesis
    this.genesisHash = genesisHash
    this.network = options.network
    this.validator = options.key?.owner
    this.#options = options
    this.#store = store
    this.#pruner =
      options.retention === undefined ? undefined : new Pruner(store, options.retention, (error) => this.#fail(error))
    this.#backfill = this.#newBackfill(bls)
    this.#tree = new BlockTree(headEntry(store))
    const tree = this.#tree
    this.#transactions = new TransactionPool({
      clock,
      tree,
      rules,
      signatures,
      proofs: proofs.ahead,
      ...(options.mempoolLimits === undefined ? {} : { limits: options.mempoolLimits }),
      relay: (transactions) => transport.broadcast({ type: 'transactions', transactions }),
      admitted: (transaction) => this.#emit({ type: 'transaction', transaction }),
    })
    const gate = new CommitGate()
    const proven = new ProvenSignatures(bls, options.prover)
    const executor = new Executor(tree, gate, { ...rules, bls: proven }, proofs.ahead, (envelopes) =>
      this.#transactions.recoverBlock(envelopes),
    )
    this.#participant = new Participant({
      ...(options.key === undefined ? {} : { key: options.key }),
      ...(options.haltHeight === undefined ? {} : { haltHeight: options.haltHeight }),
      ...(options.protection === undefined ? {} : { protection: options.protection }),
      ...(options.reporter === undefined ? {} : { reporter: options.reporter }),
      bls,
      proven,
      clock,
      store,
      journal,
      evidence,
      tree,
      gate,
      executor,
      rules,
      proofs: proofs.ahead,
      transport,
      candidates: (baseFeePerGas) => this.#transactions.candidates(baseFeePerGas),
      tipMoved: (change) => {
        this.#transactions.followTip(change)
        const list = (entries: readonly ChainEntry[]) => entries.map((entry) => executed(entry, false))
        this.#emit({ type: 'tip', added: list(change.added), dropped: list(change.dropped) })
      },
      becameFinal: (entry, certificate) => {
        this.#emit({ type: 'final', block: executed(entry, true), certificate })
        this.#pruner?.wake()
      },
      misbehaved: (evidence) => options.onEvidence?.(evidence),
      stopped: (error) => this.#fail(error),
    })
    this.#view = new ChainView(store, tree, genesis.params, () => this.#participant.tipCertificate)
    this.vprogs = this.#view.vprogs
    this.#light = new LightServer(store, genesis.params)
    this.#server = new PeerServer(store, tree, journal, genesisHash, this.#participant, this.#light)
  }

  /**
   * Opens the chain in `store`, or begins it there.
   * @throws QuernError `ChainStoreErrorCode`
   */
  static async open(options: ChainNodeOptions): Promise<ChainNode> {
    const first = genesisEntry(options.genesis)
    const store = await ChainStore.open(options.store, first)
    const journal = await Journal.open(options.store)
    return new ChainNode(options, store, journal, await EvidencePool.open(options.store), first.block.hash)
  }

  start(): void {
    this.#options.transport.start({
      message: (from, message, origin) => this.#receive(from, message, origin),
      request: (_, request) => this.#server.answer(request),
    })
    this.#participant.start()
    this.#backfill?.start()
  }

  /** Ends at once, as far as anybody outside can tell; resolves when nothing of this node touches the store any more. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#isStopped = true
    this.#transactions.close()
    await this.#options.transport.stop()
    await this.#participant.stop()
    await this.#pruner?.stop()
    await this.#backfill?.stop()
    this.#listeners.clear()
  }

  // -------------------------------------------------------------------------------------------- devnet controls

  /** While lifted, this node's turns to lead do not wait for the block interval; the clock moves ahead instead. */
  setLifted(isLifted: boolean): void {
    this.#participant.proposer?.setLifted(isLifted)
  }

  setNextTimestamp(timestampMs: number | undefined): void {
    this.#participant.proposer?.setNextTimestamp(timestampMs)
  }

  mempoolSnapshot(): MempoolSnapshot {
    return this.#transactions.snapshot()
  }

  restoreMempool(snapshot: MempoolSnapshot): void {
    this.#transactions.restore(snapshot)
  }

  // ---------------------------------------------------------------------------------------------------- NodeApi

  latest(): Header & { readonly hash: Hash } {
    return this.#view.latest()
  }

  finalized(): Header & { readonly hash: Hash } {
    return this.#view.finalized()
  }

  holdings(): Holdings {
    return { mode: this.#pruner === undefined ? 'archive' : 'full', ...this.#store.held, requests: SERVED_REQUESTS }
  }

  blockByHeight(height: number): ExecutedBlock | undefined {
    return this.#view.blockByHeight(height)
  }

  blockByHash(hash: Hash): ExecutedBlock | undefined {
    return this.#view.blockByHash(hash)
  }

  transactionByHash(hash: Hash): { readonly executed: ExecutedBlock; readonly index: number } | undefined {
    return this.#view.transactionByHash(hash)
  }

  stateAt(height: number): StateReader | undefined {
    return this.#view.stateAt(height)
  }

  stateProof(height: number, treeKeys: readonly Hash[]): Promise<Uint8Array | undefined> {
    return this.#view.stateProof(height, treeKeys)
  }

  answerLight(request: LightRequest): Promise<LightResponse> {
    return this.#light.answer(request)
  }

  certificates(height: number): { readonly notarization?: Certificate; readonly finalization?: Certificate } {
    return this.#view.certificates(height)
  }

  validatorSet(epoch: number): ValidatorSet | undefined {
    return this.#view.validatorSet(epoch)
  }

  epochRandomness(epoch: number): Hash | undefined {
    return this.#view.epochRandomness(epoch)
  }

  nextBaseFee(): bigint {
    return this.#view.nextBaseFee()
  }

  verifyProof(operands: ZkOperands): Promise<AheadVerdict> {
    return this.#proofs.ahead.verifyAside(operands)
  }

  submit(raw: Uint8Array): Promise<Result<Hash>> {
    return this.#transactions.submit(raw)
  }

  pool(): ReturnType<NodeApi['pool']> {
    const pool = this.#transactions
    return {
      entries: () => pool.entries(),
      get: (hash: Hash) => pool.get(hash),
      pendingNonce: (address: Address) => pool.pendingNonce(address),
      counts: () => pool.counts(),
    }
  }

  peerCount(): number {
    return this.#options.transport.peers().length
  }

  syncing(): ReturnType<NodeApi['syncing']> {
    return this.#participant.progress
  }

  subscribe(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  // ---------------------------------------------------------------------------------------------------- inside

  /** Each module states, check by check, what is ignored and what is rejected. */
  #receive(from: PeerId, message: NetworkMessage, origin: Origin): Verdict | Promise<Verdict> {
    switch (message.type) {
      case 'consensus':
        return this.#participant.receive(from, message.message, origin)
      case 'transactions':
        return this.#receiveTransactions(from, message.transactions)
      case 'evidence':
        return this.#participant.receiveEvidence(message.evidence)
    }
  }

  async #receiveTransactions(from: PeerId, envelopes: readonly Uint8Array[]): Promise<Verdict> {
    const ofPeer = this.#gossipInWorkOf.get(from) ?? 0
    // Nobody's fault: we are busy.
    if (this.#gossipInWork >= MAX_GOSSIP_IN_WORK || ofPeer >= MAX_GOSSIP_IN_WORK_PER_PEER) return 'later'
    this.#gossipInWork++
    this.#gossipInWorkOf.set(from, ofPeer + 1)
    try {
      return await this.#transactions.receive(envelopes)
    } catch (error) {
      this.#fail(error)
      return 'ignore'
    } finally {
      this.#gossipInWork--
      const left = (this.#gossipInWorkOf.get(from) ?? 1) - 1
      if (left === 0) this.#gossipInWorkOf.delete(from)
      else this.#gossipInWorkOf.set(from, left)
    }
  }

  #newBackfill(bls: BlsScheme): Backfill | undefined {
    const { genesis, transport, clock, signatures, retention, backfill } = this.#options
    if (backfill !== true) return undefined
    const store = this.#store
    return new Backfill({
      genesis,
      genesisHash: this.genesisHash,
      bls,
      store,
      transport,
      clock,
      signatures,
      floor: () => (retention === undefined ? 0 : heldUnder(retention, store.head.header.height).blocksFrom),
      failed: (error) => this.#fail(error),
    })
  }

  #emit(event: NodeEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return
    void this.stop()
    this.#options.onFailure?.(error)
  }
}

/** The last final block as the tree holds it. Nothing asks for its transactions there: the store has them. */
const headEntry = (store: ChainStore): ChainEntry => ({
  block: store.head,
  state: store.state,
  transactions: [],
  receipts: [],
  layer: undefined,
})
