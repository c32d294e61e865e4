/**
 * The state as one block's execution sees and changes it: a buffer of records over a read-only parent state.
 *
 * Nothing reaches the parent. Whoever drops the view has undone the block; whoever keeps `finish()` has all of it.
 */

import { bytesId, type Hash } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { domainHash } from '../../core/hash.ts'
import { MONEY_CATEGORIES, type MoneyCategory, type Table } from './table.ts'
import { type Supply, supply } from './tables.ts'

/** A state to read: the final one, or that of a block above it. `treeKey` = sha256(domain || key bytes). */
export interface StateReader {
  get(treeKey: Hash): Uint8Array | undefined
}

/** `value` undefined = the record is gone. */
export interface StateWrite {
  readonly treeKey: Hash
  readonly value: Uint8Array | undefined
}

interface Entry {
  readonly table: Table<unknown, unknown>
  readonly treeKey: Hash
  /** As found in the parent state. */
  readonly before: unknown
  after: unknown
}

export const treeKeyOf = <Key, Value>(table: Table<Key, Value>, key: Key): Hash =>
  domainHash(table.domain, table.encodeKey(key))

/** Reads one record straight from a state, for queries and tests. */
export function readRecord<Key, Value>(state: StateReader, table: Table<Key, Value>, key: Key): Value | undefined {
  const bytes = state.get(treeKeyOf(table, key))
  return bytes === undefined ? undefined : table.decode(bytes)
}

export class StateView {
  readonly #parent: StateReader
  readonly #tables = new Map<unknown, Map<string, Entry>>()
  /** Of all tables, in order of first use. */
  readonly #entries: Entry[] = []
  #minted = 0n
  #burned = 0n
  #writes = 0

  constructor(parent: StateReader) {
    this.#parent = parent
  }

  /** Counts `set`, `delete`, `mint` and `burn` calls: a handler that refuses must leave it unchanged. */
  get writes(): number {
    return this.#writes
  }

  #entriesOf(table: unknown): Map<string, Entry> {
    let entries = this.#tables.get(table)
    if (entries === undefined) {
      entries = new Map()
      this.#tables.set(table, entries)
    }
    return entries
  }

  #entry<Key, Value>(table: Table<Key, Value>, key: Key): Entry {
    const keyBytes = table.encodeKey(key)
    const id = bytesId(keyBytes)
    const entries = this.#entriesOf(table)
    const known = entries.get(id)
    if (known !== undefined) return known
    const treeKey = domainHash(table.domain, keyBytes)
    const bytes = this.#parent.get(treeKey)
    const before = bytes === undefined ? undefined : table.decode(bytes)
    const entry: Entry = { table: table as unknown as Table<unknown, unknown>, treeKey, before, after: before }
    entries.set(id, entry)
    this.#entries.push(entry)
    return entry
  }

  get<Key, Value>(table: Table<Key, Value>, key: Key): Value | undefined {
    return this.#entry(table, key).after as Value | undefined
  }

  set<Key, Value>(table: Table<Key, Value>, key: Key, value: Value): void {
    this.#writes++
    this.#entry(table, key).after = value
  }

  delete<Key, Value>(table: Table<Key, Value>, key: Key): void {
    this.#writes++
    this.#entry(table, key).after = undefined
  }

  /** Declares that the block creates `amountWei`; some record must hold it by the block's end. */
  mint(amountWei: bigint): void {
    assert(amountWei >= 0n, 'minted amount is negative')
    this.#writes++
    this.#minted += amountWei
  }

  /** Declares that the block destroys `amountWei`. */
  burn(amountWei: bigint): void {
    assert(amountWei >= 0n, 'burned amount is negative')
    this.#writes++
    this.#burned += amountWei
  }

  /**
   * Updates the supply record from what was really written and asserts the supply equation, then returns the writes
   * that differ from the parent state.
   * @throws QuernError `ASSERTION_FAILED` when money appeared or vanished
   */
  finish(): StateWrite[] {
    const before = this.get(supply, undefined) ?? EMPTY_SUPPLY
    const after = { ...before, minted: before.minted + this.#minted, burned: before.burned + this.#burned }
    for (const entry of this.#entries) {
      const { money } = entry.table
      if (money === undefined || entry.before === entry.after) continue
      const held = entry.before === undefined ? {} : money(entry.before)
      const holds = entry.after === undefined ? {} : money(entry.after)
      for (const category of MONEY_CATEGORIES) after[category] += (holds[category] ?? 0n) - (held[category] ?? 0n)
    }
    assertSupply(after)
    this.set(supply, undefined, after)

    const writes: StateWrite[] = []
    for (const entry of this.#entries) {
      if (entry.before === entry.after) continue
      writes.push({
        treeKey: entry.treeKey,
        value: entry.after === undefined ? undefined : entry.table.encode(entry.after),
      })
    }
    return writes
  }
}

export const EMPTY_SUPPLY: Supply = {
  genesis: 0n,
  minted: 0n,
  burned: 0n,
  balances: 0n,
  bonded: 0n,
  unbonding: 0n,
  accrued: 0n,
  workerPool: 0n,
  payoutQueue: 0n,
  carry: 0n,
  outputs: 0n,
}

/** PROTOCOL 3. @throws QuernError `ASSERTION_FAILED` */
export function assertSupply(s: Supply): void {
  const held = MONEY_CATEGORIES.reduce((sum, category: MoneyCategory) => sum + s[category], 0n)
  assert(s.genesis + s.minted - s.burned === held, 'supply equation violated', {
    issued: s.genesis + s.minted - s.burned,
    held,
  })
  for (const category of MONEY_CATEGORIES) assert(s[category] >= 0n, `${category} is negative`)
}
