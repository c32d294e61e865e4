/**
 * The blocks that are executed and not final yet, as a tree on the last final block.
 *
 *     final  <-  a  <-  b  <-  d (tip)
 *                    <-  c
 *
 * Pure bookkeeping: what consensus decided comes in, what that adds and drops comes out. An entry carries whatever its
 * owner keeps of an executed block (state layer, receipts); dropping the entry drops that.
 */
import { equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import type { Block } from '../types.ts'

/**
 * Finality trails the tip by a few blocks. Past this many open blocks something holds finality up for minutes, and a
 * node then stops executing new branches rather than fill its memory; finality, once back, empties the tree.
 */
export const MAX_OPEN_BLOCKS = 512

export interface TreeEntry {
  readonly block: Block
}

export interface TipChange<Entry> {
  /** Oldest first. */
  readonly added: readonly Entry[]
  /** Newest first: no longer under the tip. */
  readonly dropped: readonly Entry[]
}

export class BlockTree<Entry extends TreeEntry> {
  #final: Entry
  #tip: Entry
  readonly #open = new Map<string, Entry>()

  constructor(final: Entry) {
    this.#final = final
    this.#tip = final
  }

  /** The last final block. */
  get final(): Entry {
    return this.#final
  }

  /** The newest notarised block; the last final block when nothing above it is notarised. */
  get tip(): Entry {
    return this.#tip
  }

  /** Open blocks: executed and above the last final one. */
  get size(): number {
    return this.#open.size
  }

  /** The last final block or an open one. */
  get(hash: Hash): Entry | undefined {
    return equalBytes(hash, this.#final.block.hash) ? this.#final : this.#open.get(hexKey(hash))
  }

  /** False when the parent is unknown here or the tree is full; nothing changed then. Adding again is harmless. */
  add(entry: Entry): boolean {
    const { hash, header } = entry.block
    if (this.get(hash) !== undefined) return true
    if (this.#open.size >= MAX_OPEN_BLOCKS || this.get(header.parentHash) === undefined) return false
    this.#open.set(hexKey(hash), entry)
    return true
  }

  /** From the block above the final one up to `hash`, oldest first; undefined when `hash` is not in the tree. */
  branch(hash: Hash): Entry[] | undefined {
    const path: Entry[] = []
    let entry = this.get(hash)
    while (entry !== undefined && entry !== this.#final) {
      path.push(entry)
      entry = this.get(entry.block.header.parentHash)
    }
    return entry === undefined ? undefined : path.reverse()
  }

  /** Forgets the open blocks that are unwanted and have no child here; never the tip. */
  prune(isWanted: (entry: Entry) => boolean): void {
    const parents = new Set<string>()
    // Against insertion order children come before their parents.
    for (const [id, entry] of [...this.#open].reverse()) {
      if (parents.has(id) || entry === this.#tip || isWanted(entry)) parents.add(hexKey(entry.block.header.parentHash))
      else this.#open.delete(id)
    }
  }

  /** Forgets every open block, as after a jump over all of them. */
  clear(): void {
    this.#open.clear()
    this.#tip = this.#final
  }

  /** Moves the tip to a block of the tree. @throws QuernError `ASSERTION_FAILED` for any other */
  setTip(hash: Hash): TipChange<Entry> {
    const before = this.branch(this.#tip.block.hash) ?? []
    const after = this.branch(hash)
    const tip = this.get(hash)
    assert(after !== undefined && tip !== undefined, 'the tip is not in the block tree', { hash: hexKey(hash) })
    let shared = 0
    while (shared < before.length && before[shared] === after[shared]) shared++
    this.#tip = tip
    return { added: after.slice(shared), dropped: before.slice(shared).reverse() }
  }

  /**
   * Makes `hash` and its ancestors final and forgets every branch that does not contain it.
   * @returns the newly final blocks, oldest first, and the open blocks that lost
   * @throws QuernError `ASSERTION_FAILED` when `hash` is not in the tree
   */
  finalise(hash: Hash): { readonly final: readonly Entry[]; readonly lost: readonly Entry[] } {
    const final = this.branch(hash)
    const head = this.get(hash)
    assert(final !== undefined && head !== undefined, 'the final block is not in the block tree', {
      hash: hexKey(hash),
    })
    const kept = new Map<string, Entry>()
    // Insertion order puts parents before children, so one pass finds all descendants.
    for (const [id, entry] of this.#open) {
      const parent = entry.block.header.parentHash
      if (equalBytes(parent, hash) || kept.has(hexKey(parent))) kept.set(id, entry)
    }
    const finalIds = new Set(final.map((entry) => hexKey(entry.block.hash)))
    const lost = [...this.#open].filter(([id]) => !kept.has(id) && !finalIds.has(id)).map(([, entry]) => entry)
    this.#open.clear()
    for (const [id, entry] of kept) this.#open.set(id, entry)
    this.#final = head
    if (this.get(this.#tip.block.hash) === undefined) this.#tip = head
    return { final, lost }
  }
}
