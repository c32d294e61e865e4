/**
 * Everything a node keeps of the final chain, in one store. Each final block arrives in one atomic, synced batch, so
 * that after a crash at any moment the store shows some block's state, whole: block, receipts, indexes, certificates,
 * state values, tree nodes and head together. Layout: layout.ts. What is not final yet: journal.ts.
 */

import { decodeBlock, encodeBlock } from '../../consensus/block.ts'
import { decodeCertificate, encodeCertificate } from '../../consensus/certificate.ts'
import { decodeHeader } from '../../consensus/header.ts'
import type { Block, Certificate, Header } from '../../consensus/types.ts'
import { compareBytes, concatBytes, equalBytes, type Hash, readU32, readU64, toHex, u64be } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import type { KvOperation, KvStore } from '../../core/kv.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from '../../core/rlp.ts'
import { encodeMultiProof, proveKeys, type TreeUpdate, VersionedTree } from '../../core/smt/index.ts'
import { decodeReceipt, encodeReceipt } from '../../vm/execution/receipt.ts'
import type { Receipt } from '../../vm/execution/types.ts'
import type { TreeState } from '../../vm/state/layers.ts'
import type { StateReader, StateWrite } from '../../vm/state/view.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { edgeSetOperations } from '../light/edge-store.ts'
import { vprogActivity } from '../vprog/activity.ts'
import { vprogRows } from '../vprog/rows.ts'
import { decodeHeld, encodeHeld, type Held, KEY, LAYOUT_VERSION, PREFIX, transactionPlace } from './layout.ts'
import { Leases } from './leases.ts'
import { migrate } from './migrate.ts'
import { pruneBlock, pruned } from './prune.ts'
import { VersionedValues } from './versioned-values.ts'

export type ChainStoreErrorCode =
  | 'STORE_LAYOUT'
  | 'STORE_OTHER_CHAIN'
  | 'STORE_CORRUPT'
  | 'STORE_UNFINISHED'
  | 'BLOCK_PRUNED'

/** A block with all that becoming final writes. */
export interface FinalEntry {
  readonly block: Block
  /** In order. */
  readonly transactions: readonly Pick<Transaction, 'hash' | 'from' | 'nonce' | 'action'>[]
  readonly receipts: readonly Receipt[]
  readonly writes: readonly StateWrite[]
  readonly update: TreeUpdate
  readonly notarization: Certificate | undefined
  /** Present where the block was finalised directly. */
  readonly finalization: Certificate | undefined
}

/** A block as read back. */
export interface StoredBlock {
  readonly block: Block
  readonly senders: readonly Uint8Array[]
  readonly receipts: readonly Receipt[]
}

/** Version 0 of tree and values means "before everything", so the state after height h is version h + 1. */
export const versionOf = (height: number): number => height + 1

const BYTES_PER_SENDER = 20

export class ChainStore {
  readonly kv: KvStore
  readonly #values: VersionedValues
  readonly #tree: VersionedTree
  #head: Block
  #held: Held
  /** A read may already meet what is being written, before the head moves on to it. */
  #isWriting = false
  /** Ends with the last write that was asked for. */
  #lastWrite: Promise<unknown> = Promise.resolve()
  readonly #leases = new Leases()

  private constructor(kv: KvStore, head: Block) {
    this.kv = kv
    this.#values = new VersionedValues(kv)
    this.#tree = new VersionedTree(kv, PREFIX.tree)
    this.#head = head
    this.#held = decodeHeld(kv.get(KEY.held))
    const values = this.#values
    const tree = this.#tree
    this.state = {
      get: (treeKey) => values.get(treeKey),
      readNode: tree.read,
      get root() {
        return tree.root
      },
    }
  }

  /**
   * Opens a store, or begins an empty one with the genesis block; an older layout is migrated first.
   * @throws QuernError `STORE_LAYOUT` (written by a newer version), `STORE_OTHER_CHAIN`, `STORE_CORRUPT`
   */
  static async open(kv: KvStore, genesis: FinalEntry): Promise<ChainStore> {
    const layout = kv.get(KEY.layoutVersion)
    if (layout === undefined) {
      if (kv.get(KEY.snapshot) !== undefined) throw unfinishedSnapshot()
      const store = new ChainStore(kv, genesis.block)
      await kv.write(
        [
          { type: 'put', key: KEY.layoutVersion, value: u64be(LAYOUT_VERSION) },
          { type: 'put', key: KEY.genesisHash, value: genesis.block.hash },
          ...store.#operations(genesis),
        ],
        { sync: true },
      )
      return store
    }
    await migrate(kv)
    const found = kv.get(KEY.genesisHash)
    if (found === undefined || !equalBytes(found, genesis.block.hash)) {
      throw new QuernError('STORE_OTHER_CHAIN', 'the data directory belongs to another chain; use a new one', {
        found: toHex(found ?? new Uint8Array(0)),
        wanted: toHex(genesis.block.hash),
      })
    }
    const head = readHead(kv)
    const store = new ChainStore(kv, head)
    if (!equalBytes(store.#tree.root, head.header.stateRoot)) throw corrupt('the state tree is not that of the head')
    return store
  }

  /** The newest final block. */
  get head(): Block {
    return this.#head
  }

  /** From which heights on blocks and states are here. */
  get held(): Held {
    return this.#held
  }

  /**
   * Takes in the blocks from height `from` on that stand right below the oldest one here, in one batch.
   * @param oldest as it was when they were asked for
   * @returns false, with nothing written, where another block is the oldest by now
   */
  extendDown(oldest: number, from: number, operations: readonly KvOperation[]): Promise<boolean> {
    return this.#alone(async () => {
      if (this.#held.blocksFrom !== oldest) return false
      await this.#writeHeld({ ...this.#held, blocksFrom: from }, operations)
      return true
    })
  }

  /** Keeps the state after a height, and all later ones, from being pruned until the answer is called. */
  lease(height: number): () => void {
    return this.#leases.hold(height)
  }

  /**
   * Forgets the oldest block and the oldest state, where they stand below `wanted`: a batch as small as that of one commit,
   * so that none waits long for it. What becomes final meanwhile, and what a lease holds, stays.
   * @returns whether anything was left to forget
   */
  prune(wanted: Held): Promise<boolean> {
    return this.#alone(async () => {
      const before = this.#held
      const top = this.#head.header.height
      const statesFrom =
        before.statesFrom < Math.min(wanted.statesFrom, top, this.#leases.lowest)
          ? before.statesFrom + 1
          : before.statesFrom
      // The root that a state is proved under stands in its block.
      const blocksFrom =
        before.blocksFrom < Math.min(wanted.blocksFrom, statesFrom) ? before.blocksFrom + 1 : before.blocksFrom
      if (blocksFrom === before.blocksFrom && statesFrom === before.statesFrom) return false
      const operations = blocksFrom === before.blocksFrom ? [] : pruneBlock(this.kv, before.blocksFrom)
      if (statesFrom !== before.statesFrom) {
        const version = versionOf(statesFrom)
        for (const operation of await edgeSetOperations(this, before.statesFrom)) operations.push(operation)
        for (const operation of await this.#values.prune(version)) operations.push(operation)
        for (const operation of await this.#tree.prune(version)) operations.push(operation)
      }
      // Somebody began to read it meanwhile.
      if (this.#leases.lowest < statesFrom) return true
      // Batches reach the disk in their order: what is lost with the power is the end of the pruning, to be done again.
      await this.#writeHeld({ blocksFrom, statesFrom }, operations, false)
      return true
    })
  }

  /** State after the newest final block; moves on with it. What layers of blocks above it stand on. */
  readonly state: TreeState

  /**
   * State after a final block; undefined above the head. Every read is refused once that state is pruned.
   * @throws QuernError `BLOCK_PRUNED`
   */
  stateAt(height: number): StateReader | undefined {
    if (!this.#isFinal(height)) return undefined
    this.#assertState(height)
    return {
      get: (treeKey) => {
        if (height === this.#head.header.height && !this.#isWriting) return this.#values.get(treeKey)
        this.#assertState(height)
        return this.#values.getAt(treeKey, versionOf(height))
      },
    }
  }

  /**
   * Wire bytes of a multi-proof under the stateRoot of a final block. `treeKeys` in any order, without repeats.
   * @throws QuernError `BLOCK_PRUNED`
   */
  async stateProof(height: number, treeKeys: readonly Hash[]): Promise<Uint8Array | undefined> {
    if (!this.#isFinal(height)) return undefined
    this.#assertState(height)
    const keys = treeKeys.toSorted(compareBytes)
    const release = this.lease(height)
    try {
      return encodeMultiProof(proveKeys(await this.#tree.readerAt(versionOf(height), keys), keys))
    } finally {
      release()
    }
  }

  /** Writes one final block: all of it or nothing, on the disk when this resolves. */
  commit(entry: FinalEntry, more: readonly KvOperation[] = []): Promise<void> {
    return this.#alone(() => this.#commit(entry, more))
  }

  async #commit(entry: FinalEntry, more: readonly KvOperation[]): Promise<void> {
    const { header } = entry.block
    assert(header.height === this.#head.header.height + 1, 'final blocks are committed in order', {
      height: header.height,
    })
    assert(equalBytes(header.parentHash, this.#head.hash), 'a final block must extend the head', {
      height: header.height,
    })
    this.#isWriting = true
    try {
      await this.kv.write([...this.#operations(entry), ...more], { sync: true })
      this.#head = entry.block
    } finally {
      this.#isWriting = false
    }
  }

  /** A final block; undefined above the head. @throws QuernError `BLOCK_PRUNED`, `STORE_CORRUPT` */
  blockAt(height: number): StoredBlock | undefined {
    if (!this.#isFinal(height)) return undefined
    if (height < this.#held.blocksFrom) throw pruned(height, 'block', this.#held)
    const bytes = this.kv.get(KEY.block(height))
    const receipts = this.kv.get(KEY.receipts(height))
    const senders = this.kv.get(KEY.senders(height))
    if (bytes === undefined || receipts === undefined || senders === undefined)
      throw corrupt(`block ${height} is missing`)
    const block = decodeBlock(bytes)
    return {
      block,
      receipts: rlpList(decodeRlp(receipts), block.transactions.length).map((item) => decodeReceipt(rlpBytes(item))),
      senders: block.transactions.map((_, i) => senders.subarray(i * BYTES_PER_SENDER, (i + 1) * BYTES_PER_SENDER)),
    }
  }

  /** Of a final block. */
  heightOf(blockHash: Hash): number | undefined {
    const bytes = this.kv.get(KEY.blockHeight(blockHash))
    const height = bytes === undefined ? undefined : readU64(bytes)
    return height === undefined || !this.#isFinal(height) ? undefined : height
  }

  /** Where a final transaction stands. */
  transactionPlace(hash: Hash): { readonly height: number; readonly index: number } | undefined {
    const bytes = this.kv.get(KEY.transaction(hash))
    const height = bytes === undefined ? undefined : readU64(bytes)
    if (bytes === undefined || height === undefined || !this.#isFinal(height)) return undefined
    return { height, index: readU32(bytes, 8) }
  }

  notarization(height: number): Certificate | undefined {
    return this.#certificate(KEY.notarization(height))
  }

  finalization(height: number): Certificate | undefined {
    return this.#certificate(KEY.finalization(height))
  }

  /** Height of the newest final block of an epoch. */
  epochEnd(epoch: number): number | undefined {
    const bytes = this.kv.get(KEY.epochEnd(epoch))
    return bytes === undefined ? undefined : readU64(bytes)
  }

  /** Header of the last block of an epoch before the head's; it outlives its block. Undefined where the store began later. */
  edgeHeader(epoch: number): Header | undefined {
    const height = epoch < this.#head.header.epoch ? this.epochEnd(epoch) : undefined
    if (height === undefined) return undefined
    const kept = this.kv.get(KEY.edgeHeader(epoch))
    if (kept !== undefined) return decodeHeader(decodeRlp(kept))
    return height < this.#held.blocksFrom ? undefined : this.blockAt(height)?.block.header
  }

  /** Runs one write at a time: each is computed from what the one before left. */
  #alone<T>(write: () => Promise<T>): Promise<T> {
    const answer = this.#lastWrite.then(write)
    this.#lastWrite = answer.catch(() => undefined)
    return answer
  }

  async #writeHeld(held: Held, operations: readonly KvOperation[], sync = true): Promise<void> {
    const before = this.#held
    // Refused before it is gone: nobody reads what is being removed, and offered only once it is here.
    this.#held = {
      blocksFrom: Math.max(before.blocksFrom, held.blocksFrom),
      statesFrom: Math.max(before.statesFrom, held.statesFrom),
    }
    try {
      await this.kv.write([...operations, { type: 'put', key: KEY.held, value: encodeHeld(held) }], { sync })
      this.#held = held
    } catch (error) {
      this.#held = before
      throw error
    }
  }

  #assertState(height: number): void {
    if (height < this.#held.statesFrom) throw pruned(height, 'state', this.#held)
  }

  #isFinal(height: number): boolean {
    return Number.isSafeInteger(height) && height >= 0 && height <= this.#head.header.height
  }

  #certificate(key: Uint8Array): Certificate | undefined {
    const bytes = this.kv.get(key)
    return bytes === undefined ? undefined : decodeCertificate(decodeRlp(bytes))
  }

  #operations(entry: FinalEntry): KvOperation[] {
    const { height } = entry.block.header
    const operations = [...blockOperations(entry), ...headOperations(entry.block)]
    for (const operation of this.#values.commit(versionOf(height), entry.writes)) operations.push(operation)
    for (const operation of this.#tree.commit(versionOf(height), entry.update)) operations.push(operation)
    return operations
  }
}

/** Writes a final block with what belongs to it, wherever in the chain it stands. */
export function blockOperations(entry: Omit<FinalEntry, 'writes' | 'update'>): KvOperation[] {
  const { block, transactions, notarization, finalization } = entry
  const { height } = block.header
  const operations: KvOperation[] = [
    { type: 'put', key: KEY.block(height), value: encodeBlock(block) },
    { type: 'put', key: KEY.blockHeight(block.hash), value: u64be(height) },
    { type: 'put', key: KEY.receipts(height), value: encodeRlp(entry.receipts.map(encodeReceipt)) },
    { type: 'put', key: KEY.senders(height), value: concatBytes(...transactions.map((t) => t.from)) },
  ]
  for (const [index, { hash }] of transactions.entries()) {
    operations.push({ type: 'put', key: KEY.transaction(hash), value: transactionPlace(height, index) })
  }
  for (const row of vprogRows(height, vprogActivity(transactions, entry.receipts))) operations.push(row)
  if (notarization !== undefined) operations.push(putCertificate(KEY.notarization(height), notarization))
  if (finalization !== undefined) operations.push(putCertificate(KEY.finalization(height), finalization))
  return operations
}

/** Makes a block the newest one. */
export const headOperations = ({ hash, header: { height, epoch } }: Block): KvOperation[] => [
  { type: 'put', key: KEY.epochEnd(epoch), value: u64be(height) },
  { type: 'put', key: KEY.head, value: concatBytes(u64be(height), hash) },
]

const putCertificate = (key: Uint8Array, certificate: Certificate): KvOperation => ({
  type: 'put',
  key,
  value: encodeRlp(encodeCertificate(certificate)),
})

const unfinishedSnapshot = (): QuernError<ChainStoreErrorCode> =>
  new QuernError('STORE_UNFINISHED', 'a snapshot is being loaded here: `quern start` goes on with it')

const corrupt = (what: string): QuernError<ChainStoreErrorCode> =>
  new QuernError('STORE_CORRUPT', `${what}; run \`quern chain verify\`, or sync anew`)

function readHead(kv: KvStore): Block {
  const head = kv.get(KEY.head)
  const bytes = head === undefined ? undefined : kv.get(KEY.block(readU64(head)))
  if (head === undefined || bytes === undefined) throw corrupt('the head block is missing')
  const block = decodeBlock(bytes)
  if (!equalBytes(block.hash, head.subarray(8))) throw corrupt('the head names another block')
  return block
}
