/**
 * What waits of one sender, by nonce. The entries whose nonces follow each other from the account's nonce are ready;
 * those after the first gap are held until it closes.
 *
 * Appending and taking the tail, which is nearly all that happens, cost O(1); a change in the middle costs up to the
 * sender's limit.
 */
import type { Address } from '../core/bytes.ts'
import type { FeeCaps } from '../vm/fees.ts'
import { type Entry, lowerCaps } from './entry.ts'

/** The sender's account as the state has it. */
export interface Account {
  readonly nonce: number
  readonly balance: bigint
}

export class SenderQueue {
  readonly address: Address
  readonly key: string
  readonly #entries: Entry[] = []
  #account: Account
  #readyCount = 0
  #costWei = 0n

  constructor(address: Address, key: string, account: Account) {
    this.address = address
    this.key = key
    this.#account = account
  }

  get account(): Account {
    return this.#account
  }

  get entries(): readonly Entry[] {
    return this.#entries
  }

  get size(): number {
    return this.#entries.length
  }

  get readyCount(): number {
    return this.#readyCount
  }

  get tail(): Entry | undefined {
    return this.#entries[this.#entries.length - 1]
  }

  /** Sum of what all of its entries may cost. */
  get costWei(): bigint {
    return this.#costWei
  }

  /** Index of the first entry with this nonce or a higher one. */
  lowerBound(nonce: number): number {
    let low = 0
    let high = this.#entries.length
    // Mostly the newest nonce is asked for.
    if (high > 0 && this.#entries[high - 1]!.transaction.nonce < nonce) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#entries[middle]!.transaction.nonce < nonce) low = middle + 1
      else high = middle
    }
    return low
  }

  at(nonce: number): Entry | undefined {
    const entry = this.#entries[this.lowerBound(nonce)]
    return entry?.transaction.nonce === nonce ? entry : undefined
  }

  /** Would a transaction with this nonce be ready? */
  isReady(nonce: number): boolean {
    return nonce >= this.#account.nonce && nonce <= this.#account.nonce + this.#readyCount
  }

  /** `fees` lowered to the cheapest entry below `nonce`. */
  floorAt(nonce: number, fees: FeeCaps): FeeCaps {
    const previous = this.#entries[this.lowerBound(nonce) - 1]
    return previous === undefined ? fees : lowerCaps(previous.floor, fees)
  }

  /** Puts an entry in its place; returns the one of the same nonce that it replaces. */
  insert(entry: Entry): Entry | undefined {
    const { nonce } = entry.transaction
    const index = this.lowerBound(nonce)
    const there = this.#entries[index]
    const replaced = there?.transaction.nonce === nonce ? there : undefined
    if (index === this.#entries.length) this.#entries.push(entry)
    else this.#entries.splice(index, replaced === undefined ? 0 : 1, entry)
    this.#costWei += entry.costWei - (replaced?.costWei ?? 0n)
    this.#lowerFloors(index)
    this.#extendReady()
    return replaced
  }

  /** Entries above it are held from now on. */
  remove(entry: Entry): void {
    const index = this.lowerBound(entry.transaction.nonce)
    if (this.#entries[index] !== entry) return
    this.#entries.splice(index, 1)
    this.#costWei -= entry.costWei
    if (index < this.#readyCount) this.#readyCount = index
    this.#lowerFloors(index)
  }

  pop(): Entry | undefined {
    const entry = this.#entries.pop()
    if (entry === undefined) return undefined
    this.#costWei -= entry.costWei
    if (this.#readyCount > this.#entries.length) this.#readyCount = this.#entries.length
    return entry
  }

  /** Takes a changed account; returns the entries whose nonce is used up. */
  update(account: Account): Entry[] {
    this.#account = account
    const stale = this.#entries.splice(0, this.lowerBound(account.nonce))
    for (const entry of stale) this.#costWei -= entry.costWei
    if (stale.length > 0) this.#lowerFloors(0)
    this.#readyCount = 0
    this.#extendReady()
    return stale
  }

  #extendReady(): void {
    const { nonce } = this.#account
    while (this.#entries[this.#readyCount]?.transaction.nonce === nonce + this.#readyCount) this.#readyCount++
  }

  /** Renews the floors from `from` on, until one after it comes out as it was. */
  #lowerFloors(from: number): void {
    for (let i = from; i < this.#entries.length; i++) {
      const entry = this.#entries[i]!
      const previous = this.#entries[i - 1]
      const floor = previous === undefined ? entry.transaction : lowerCaps(previous.floor, entry.transaction)
      const isUnchanged =
        floor.maxFeePerGas === entry.floor.maxFeePerGas &&
        floor.maxPriorityFeePerGas === entry.floor.maxPriorityFeePerGas
      if (isUnchanged && i > from) break
      entry.floor = floor
    }
  }
}
