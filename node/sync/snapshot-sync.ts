/**
 * Joins a chain by its state: takes the state after one final block in from several peers at once, range by range, each
 * proved under that block's `stateRoot`, and leaves a store that begins there.
 *
 *     trusted header  ->  its block, certificates and receipts  ->  ranges that tile the key space  ->  one last batch
 *
 * Promises:
 * - nothing a peer says is believed before it is proved; a wrong range ends its sender, and is asked of another
 * - memory is bounded whatever the state's size: MAX_IN_FLIGHT answers, and some hundred bytes for each range
 * - stopped or killed at any instant, the next run goes on where this one was, or begins anew (storage/snapshot-store.ts)
 * - "too large" proves nothing. Two peers must say so, or one while nobody else answers, which then goes no deeper than where
 *   answers were proved to come, or to the halves. Whoever says so of a range that another sends in one answer is asked last.
 *
 * Source: PROTOCOL 10.
 */
import type { Hash } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { KvOperation, KvStore } from '../../core/kv.ts'
import { positionLevel, positionOf } from '../../core/smt/index.ts'
import type { PeerId, Transport } from '../../p2p/transport.ts'
import { MAX_SPLIT_BITS, MAX_SPLIT_LEVEL, type StateRecord } from '../../p2p/wire-snapshot.ts'
import { discardSnapshot, markSnapshot, type SnapshotBlock, SnapshotStore } from '../storage/snapshot-store.ts'
import { ask } from './snapshot-ask.ts'
import { fetchHead, type HeadModules, type TrustedBlock } from './snapshot-head.ts'
import { SnapshotPeers } from './snapshot-peers.ts'

export interface SnapshotModules extends HeadModules {
  readonly kv: KvStore
  readonly genesisHash: Hash
  readonly transport: Pick<Transport, 'peers' | 'request' | 'blame'>
  /**
   * The last block of the newest complete epoch, so that all peers can serve the same state; undefined while the chain is
   * younger than one epoch.
   * @param keep writes what belongs to the chain that is to begin here, before that block is named
   */
  trusted(keep: (operations: readonly KvOperation[]) => Promise<void>): Promise<TrustedBlock | undefined>
  progressed?(progress: SnapshotProgress): void
  /** Between two questions to one peer. */
  readonly paceMs?: number
}

export interface SnapshotProgress {
  readonly height: number
  /** Ranges that are here, and what they hold. */
  readonly chunks: number
  readonly records: number
  readonly bytes: number
  /** From 0 to 1: keys are hashes, so the part of the key space that is here is that of the state. */
  readonly covered: number
  /** Of which an answer is awaited, and all that are there. */
  readonly asked: number
  readonly peers: number
}

/** Answers awaited at a time: a megabyte each, hashed and written one after the other. */
const MAX_IN_FLIGHT = 8
/** Levels that a sole peer's word leads down at once: sixteen ranges. */
const MAX_SOLE_BITS = 4
/** Between two rounds of asking every peer for the block at which the chain is to begin: far below what they refuse. */
const HEAD_RETRY_MS = 1_000
/** Rounds after which a newer block is looked for: the state of this one may be pruned everywhere. */
const MAX_HEAD_ROUNDS = 10
/** Nothing answers, or nobody may be asked yet: how long until that is looked at again. */
const IDLE_MS = 50
/** Ranges looked at for one that somebody may be asked for: the last ones may wait for a second word on their size. */
const LOOK_BACK = 16

/** A range to ask for. */
interface Wanted {
  readonly position: Uint8Array
  /** Who said that it is too large, and how many levels deeper to go. */
  readonly splits: Map<PeerId, number>
}

const wanted = (position: Uint8Array): Wanted => ({ position, splits: new Map() })

export class SnapshotSync {
  readonly #modules: SnapshotModules
  readonly #peers: SnapshotPeers
  /** The next one is the last: ranges are taken from the left, and halves stand where the whole stood. */
  #wanted: Wanted[] = []
  /** The level at which the largest answer so far came: keys are hashes, so others come whole there too. */
  #usual = { level: 0, records: 0 }
  #lastTaken: Promise<void> = Promise.resolve()
  #inFlight = 0
  #wake: (() => void) | undefined
  #isStopped = false
  #failure: unknown

  constructor(modules: SnapshotModules) {
    this.#modules = modules
    this.#peers = new SnapshotPeers(() => modules.transport.peers(), modules.clock, modules.paceMs)
  }

  /**
   * @returns height of the chain's beginning in the store; undefined where there is no state to take in but genesis, or when
   *   it was stopped before the end
   * @throws QuernError of the store, and of `trusted`
   */
  async run(): Promise<number | undefined> {
    const { kv, genesisHash } = this.#modules
    while (!this.#isStopped) {
      const store = (await SnapshotStore.resume(kv)) ?? (await this.#begin())
      if (store === undefined) return undefined
      this.#peers.forgetState()
      if (await this.#load(store)) {
        await store.finish(genesisHash)
        return store.header.height
      }
      // Pruned everywhere while it was fetched, or in the time this node was away: a newer one is asked for.
      if (!this.#isStopped) await discardSnapshot(kv)
    }
    return undefined
  }

  /** What is here by then stays for the next run. */
  stop(): void {
    this.#isStopped = true
    this.#wake?.()
  }

  async #begin(): Promise<SnapshotStore | undefined> {
    const { kv } = this.#modules
    await markSnapshot(kv)
    while (!this.#isStopped) {
      const trusted = await this.#modules.trusted((operations) => kv.write(operations))
      if (trusted === undefined) {
        await discardSnapshot(kv)
        return undefined
      }
      const entry = await this.#fetchHead(trusted)
      if (entry !== undefined) return SnapshotStore.begin(kv, entry)
    }
    return undefined
  }

  async #fetchHead(trusted: TrustedBlock): Promise<SnapshotBlock | undefined> {
    for (let round = 0; round < MAX_HEAD_ROUNDS; round++) {
      for (const peer of this.#peers.usable) {
        if (this.#isStopped) return undefined
        const entry = await fetchHead(peer, trusted, this.#modules)
        if (entry !== undefined) return entry
      }
      if (!this.#isStopped) await this.#idle(HEAD_RETRY_MS)
    }
    return undefined
  }

  /** @returns false when no peer has this state any more, or it was stopped */
  async #load(store: SnapshotStore): Promise<boolean> {
    this.#wanted = store.missing().reverse().map(wanted)
    this.#told(store)
    while (this.#wanted.length > 0 || this.#inFlight > 0) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#isStopped || (this.#inFlight === 0 && this.#peers.allWithout)) break
      if (!this.#askNext(store)) await this.#idle()
    }
    while (this.#inFlight > 0) await this.#idle()
    if (this.#failure !== undefined) throw this.#failure
    return this.#wanted.length === 0
  }

  /** @returns false when nothing can be asked now */
  #askNext(store: SnapshotStore): boolean {
    if (this.#inFlight >= MAX_IN_FLIGHT) return false
    const end = this.#wanted.length
    for (let i = end - 1; i >= Math.max(0, end - LOOK_BACK); i--) {
      const range = this.#wanted[i]!
      const said = new Set(range.splits.keys())
      const peer = this.#peers.take(said)
      if (peer === undefined && (said.size === 0 || this.#peers.hasOther(said))) continue
      this.#wanted.splice(i, 1)
      if (peer === undefined) this.#split(range)
      else this.#start(this.#ask(store, peer, range))
      return true
    }
    return false
  }

  #start(work: Promise<void>): void {
    this.#inFlight++
    work
      .catch((error: unknown) => {
        this.#failure ??= error
      })
      .finally(() => {
        this.#inFlight--
        this.#wake?.()
      })
  }

  async #ask(store: SnapshotStore, peer: PeerId, range: Wanted): Promise<void> {
    const { height } = store.header
    const answer = await ask(peer, { type: 'chunk', height, position: range.position }, this.#modules)
    if (answer === undefined) {
      this.#peers.silent(peer)
      this.#wanted.push(range)
      return
    }
    const { chunk } = answer
    switch (chunk.kind) {
      case 'unheld':
        this.#peers.without(peer)
        this.#wanted.push(range)
        return
      case 'split':
        if (positionLevel(range.position) + chunk.bits > MAX_SPLIT_LEVEL) return this.#lied(peer, range)
        this.#peers.split(peer)
        range.splits.set(peer, chunk.bits)
        if (range.splits.size > 1) this.#split(range)
        else this.#wanted.push(range)
        return
      case 'records':
        try {
          await this.#take(store, range.position, chunk)
        } catch (error) {
          if (!(error instanceof QuernError) || error.code !== 'PROOF_INVALID') throw error
          return this.#lied(peer, range)
        }
        this.#peers.proved(peer)
        this.#learn(range.position, chunk.records)
        for (const other of range.splits.keys()) {
          this.#peers.splitNeedlessly(other)
          this.#modules.transport.blame(other, 'CHUNK_SPLIT')
        }
        this.#told(store)
    }
  }

  /** One after the other: on its way to the disk an answer takes many times its size. */
  #take(...[store, position, chunk]: [SnapshotStore, ...Parameters<SnapshotStore['take']>]): Promise<void> {
    const taking = this.#lastTaken.then(() => store.take(position, chunk))
    this.#lastTaken = taking.catch(() => undefined)
    return taking
  }

  /** One record alone may stand in the shortest range; several can only where keys really lie so close. */
  #learn(position: Uint8Array, { length }: readonly StateRecord[]): void {
    if (length > 1 && length > this.#usual.records) this.#usual = { level: positionLevel(position), records: length }
  }

  #lied(peer: PeerId, range: Wanted): void {
    this.#peers.lied(peer)
    this.#modules.transport.blame(peer, 'CHUNK_INVALID')
    this.#wanted.push(range)
  }

  /** Puts shorter ranges in the place of one. */
  #split({ position, splits }: Wanted): void {
    const level = positionLevel(position)
    const usual = Math.min(Math.max(1, this.#usual.level - level), MAX_SOLE_BITS)
    const bits = Math.min(...splits.values(), splits.size > 1 ? MAX_SPLIT_BITS : usual)
    for (let part = 2 ** bits - 1; part >= 0; part--) this.#wanted.push(wanted(partOf(position, level, bits, part)))
  }

  #told(store: SnapshotStore): void {
    const { chunks, records, bytes, covered, header } = store
    const peers = this.#peers.usable.length
    this.#modules.progressed?.({ height: header.height, chunks, records, bytes, covered, asked: this.#inFlight, peers })
  }

  /** Until an answer is done with, or somebody may be asked again. */
  #idle(delayMs = IDLE_MS): Promise<void> {
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

/** Number `part` of the 2^bits ranges that make up the one at `position`, which stands at `level`. */
function partOf(position: Uint8Array, level: number, bits: number, part: number): Uint8Array {
  const path = position.slice(0, 32)
  for (let i = 0; i < bits; i++) {
    const at = level + i
    if (((part >> (bits - 1 - i)) & 1) === 1) path[at >> 3] = path[at >> 3]! | (0x80 >> (at & 7))
  }
  return positionOf(path, level + bits)
}
