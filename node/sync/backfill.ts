/**
 * Fetches, in the background, the blocks before the one at which a chain began here: downwards, each the parent of the one
 * above it, which stands in that one's header and so needs no other proof. With them come what else a store keeps of a final
 * block: receipts (checked against the header), senders (recovered), indexes and certificates. The notarization is the one
 * that the child's header commits to; a finalization is checked by the epoch's set, which the header names by its hash.
 *
 * Each window is one batch with the height from which on blocks are here, so that a stop at any moment loses one window. States
 * stay where they begin: `quern replay` makes them.
 */
import { blockSize } from '../../consensus/block.ts'
import { genesisBlock } from '../../consensus/genesis.ts'
import type { Block, Certificate } from '../../consensus/types.ts'
import type { BlsScheme } from '../../core/bls.ts'
import { equalBytes, type Hash, u64be } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import type { KvOperation } from '../../core/kv.ts'
import { decodeRlp, rlpBytes, rlpList } from '../../core/rlp.ts'
import type { PeerId, Transport } from '../../p2p/transport.ts'
import { MAX_RANGE_BLOCKS, RANGE_TARGET_BYTES } from '../../p2p/wire.ts'
import { receiptRoot } from '../../vm/execution/receipt.ts'
import type { Receipt } from '../../vm/execution/types.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { epochOf, isLastBlockOfEpoch } from '../../vm/params.ts'
import { epochSets } from '../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../vm/state/view.ts'
import { type ValidatorSet, validatorsHash } from '../../vm/validator-set.ts'
import type { Clock } from '../clock.ts'
import { genesisEntry } from '../genesis-entry.ts'
import type { SignaturePool } from '../ingest/signature-pool.ts'
import { blockOperations, type ChainStore } from '../storage/chain-store.ts'
import { KEY } from '../storage/layout.ts'
import { ask } from './snapshot-ask.ts'
import { decodeSet, isWhole, proves, sendersOf } from './snapshot-head.ts'

/** Between two windows: the chain that goes on comes first. */
const PAUSE_MS = 100
/** After a round in which no peer had what comes next. */
const RETRY_MS = 5_000

export interface BackfillModules {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly bls: BlsScheme
  readonly store: ChainStore
  readonly transport: Pick<Transport, 'peers' | 'request' | 'blame'>
  readonly clock: Clock
  readonly signatures: Pick<SignaturePool, 'recoverBlock'>
  /** The lowest height that is wanted: below it blocks are pruned. */
  readonly floor: () => number
  /** The disk let it down, or the trusted block is not of this chain. */
  readonly failed: (error: unknown) => void
}

export class Backfill {
  readonly #modules: BackfillModules
  /** As many as the last answer had: peers cut large ones. */
  #window = MAX_RANGE_BLOCKS
  #genesisState: StateReader | undefined
  #running: Promise<void> | undefined
  #wake: (() => void) | undefined
  #isStopped = false

  constructor(modules: BackfillModules) {
    this.#modules = modules
  }

  start(): void {
    this.#running ??= this.#run().catch((error: unknown) => {
      if (!this.#isStopped) this.#modules.failed(error)
    })
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wake?.()
    await this.#running
  }

  /** Ends at the floor, or at genesis. */
  async #run(): Promise<void> {
    const { store, floor } = this.#modules
    for (let turn = 0; !this.#isStopped && store.held.blocksFrom > Math.max(0, floor()); turn++) {
      const oldest = store.held.blocksFrom
      if (oldest === 1) await this.#takeGenesis()
      else await this.#pause((await this.#extend(oldest, turn)) ? PAUSE_MS : RETRY_MS)
    }
  }

  /** Block 0 is in nobody's answer, for everybody has it. */
  async #takeGenesis(): Promise<void> {
    const { store, genesis, genesisHash } = this.#modules
    const { parentHash } = store.blockAt(1)!.block.header
    if (!equalBytes(parentHash, genesisHash)) {
      throw new QuernError(
        'STORE_OTHER_CHAIN',
        'the chain that was joined here does not begin with the genesis file: give a --checkpoint of this network, and an empty data directory',
      )
    }
    await store.extendDown(1, 0, blockOperations(genesisEntry(genesis)))
  }

  /** One window, of the first peer that has it. @returns false when none does */
  async #extend(oldest: number, turn: number): Promise<boolean> {
    const { store, transport, genesis, floor } = this.#modules
    const { epochBlocks } = genesis.params
    // Of one epoch, whose last block may be the one below.
    const epochFrom = epochOf(oldest - 1, genesis.params) * epochBlocks + 1
    const from = Math.max(epochFrom, floor(), oldest - this.#window, 1)
    // Read before any peer is waited for: it may be pruned by then.
    const above = store.blockAt(oldest)!.block
    const peers = transport.peers()
    for (let i = 0; i < peers.length && !this.#isStopped; i++) {
      const operations = await this.#fetch(peers[(turn + i) % peers.length]!, from, above)
      if (operations === undefined) continue
      await store.extendDown(oldest, from, operations)
      this.#window = Math.min(MAX_RANGE_BLOCKS, 2 * this.#window)
      return true
    }
    return false
  }

  /** Undefined when the peer has not got them, or lied. */
  async #fetch(peer: PeerId, fromHeight: number, above: Block): Promise<KvOperation[] | undefined> {
    const { genesis, signatures } = this.#modules
    const count = above.header.height - fromHeight
    const answer = await ask(peer, { type: 'range', fromHeight, count }, this.#modules)
    const served = answer?.blocks ?? []
    if (served.length === 0) return undefined
    if (served.length > count) return this.#lied(peer, 'PEER_ANSWER_INVALID')
    if (served.length < count) {
      // A full answer, cut where it is large enough. One that is merely short must not make everybody's short.
      if (served.reduce((sum, { block }) => sum + blockSize(block), 0) > RANGE_TARGET_BYTES)
        this.#window = served.length
      return undefined
    }
    const children = [...served.slice(1).map(({ block }) => block), above]
    const isLinked = served.every(({ block }, i) => equalBytes(block.hash, children[i]!.header.parentHash))
    if (!isLinked || !served.every(({ block }) => isWhole(block))) return this.#lied(peer, 'BLOCK_PARENT')
    const receipts = await this.#receipts(peer, fromHeight, count)
    if (receipts === undefined) return undefined
    const set = await this.#setOf(peer, served[0]!.block)
    if (set === undefined) return undefined
    const operations: KvOperation[] = []
    for (const [i, { block, finalization }] of served.entries()) {
      const { header } = block
      if (!equalBytes(receiptRoot(receipts[i]!), header.receiptRoot)) return this.#lied(peer, 'RECEIPTS_INVALID')
      if (finalization !== undefined && !this.#proves(finalization, block, set)) {
        return this.#lied(peer, 'CERTIFICATE_INVALID')
      }
      const transactions = await sendersOf(block, signatures)
      if (transactions === undefined) return undefined
      const notarization = children[i]!.parentCertificate
      operations.push(...blockOperations({ block, transactions, receipts: receipts[i]!, notarization, finalization }))
      if (isLastBlockOfEpoch(header.height, genesis.params)) {
        operations.push({ type: 'put', key: KEY.epochEnd(header.epoch), value: u64be(header.height) })
      }
    }
    return operations
  }

  #proves(finalization: Certificate, block: Block, set: ValidatorSet): boolean {
    return proves('finalize', finalization, block, set, this.#modules)
  }

  /** Of all of them; a peer sends as many at once as fit into an answer. */
  async #receipts(peer: PeerId, fromHeight: number, count: number): Promise<(readonly Receipt[])[] | undefined> {
    const receipts: (readonly Receipt[])[] = []
    while (receipts.length < count) {
      const left = { fromHeight: fromHeight + receipts.length, count: count - receipts.length }
      const answer = await ask(peer, { type: 'receipts', ...left }, this.#modules)
      if (answer === undefined || answer.blocks.length === 0) return undefined
      receipts.push(...answer.blocks)
    }
    return receipts
  }

  /** The set of a block's epoch: of the newest states, of genesis, of an edge kept here, or of a peer. */
  async #setOf(peer: PeerId, { header }: Block): Promise<ValidatorSet | undefined> {
    const { store } = this.#modules
    const { epoch } = header
    const isIt = (set: ValidatorSet | undefined): set is ValidatorSet =>
      set !== undefined && equalBytes(validatorsHash(set), header.validatorsHash)
    const known = readRecord(store.state, epochSets, epoch) ?? this.#genesisSet(epoch)
    if (isIt(known)) return known
    const kept = store.kv.get(KEY.edgeSet(epoch - 1))
    const keptSet = kept === undefined ? undefined : decodeSet(rlpBytes(rlpList(decodeRlp(kept))[0]))
    if (isIt(keptSet)) return keptSet
    const answer = await ask(peer, { type: 'edges', fromEpoch: epoch - 1, count: 1 }, this.#modules)
    const edge = answer?.edges[0]
    if (edge === undefined) return undefined
    const set = decodeSet(edge.set)
    return isIt(set) ? set : this.#lied(peer, 'LIGHT_ANSWER_INVALID')
  }

  #genesisSet(epoch: number): ValidatorSet | undefined {
    if (epoch > 1) return undefined
    this.#genesisState ??= genesisBlock(this.#modules.genesis).state
    return readRecord(this.#genesisState, epochSets, epoch)
  }

  #lied(peer: PeerId, code: string): undefined {
    this.#modules.transport.blame(peer, code)
  }

  #pause(delayMs: number): Promise<void> {
    assert(this.#wake === undefined, 'two pauses at a time')
    return new Promise((resolve) => {
      const cancel = this.#modules.clock.after(delayMs, () => this.#wake?.())
      this.#wake = () => {
        cancel()
        this.#wake = undefined
        resolve()
      }
    })
  }
}
