/** A stack of byte strings that counts the bytes put onto it: what a script makes it pays for, what it moves it does not. */
import { ScriptError } from './errors.ts'
import { MAX_ELEMENT_BYTES } from './limits.ts'
import { decodeInt32, decodeNumber, encodeNumber, FALSE, isTrue, TRUE } from './numbers.ts'

export class Stack {
  #items: Uint8Array[]
  #pushedBytes = 0

  constructor(items: readonly Uint8Array[] = []) {
    this.#items = [...items]
  }

  get length(): number {
    return this.#items.length
  }

  /** Topmost last. */
  get items(): readonly Uint8Array[] {
    return this.#items
  }

  /** Bytes put on since the last call. */
  takePushedBytes(): number {
    const bytes = this.#pushedBytes
    this.#pushedBytes = 0
    return bytes
  }

  /** @throws ScriptError `ELEMENT_TOO_BIG` */
  push(item: Uint8Array): void {
    this.move(item)
    this.#pushedBytes += item.length
  }

  /** Without a price: it was on a stack or in the script before. @throws ScriptError `ELEMENT_TOO_BIG` */
  move(item: Uint8Array): void {
    if (item.length > MAX_ELEMENT_BYTES) {
      throw new ScriptError('ELEMENT_TOO_BIG', `an element of ${item.length} bytes: at most ${MAX_ELEMENT_BYTES} fit`)
    }
    this.#items.push(item)
  }

  pushNumber(value: bigint | number): void {
    this.push(encodeNumber(BigInt(value)))
  }

  pushBool(value: boolean): void {
    this.push(value ? TRUE : FALSE)
  }

  /** The topmost, in the order they were pushed. @throws ScriptError `INVALID_STACK_OPERATION` */
  take(count: number): Uint8Array[] {
    this.need(count)
    return this.#items.splice(this.#items.length - count, count)
  }

  /** @throws ScriptError `INVALID_STACK_OPERATION` */
  pop(): Uint8Array {
    return this.take(1)[0]!
  }

  popNumber(): bigint {
    return decodeNumber(this.pop())
  }

  takeNumbers(count: number): bigint[] {
    return this.take(count).map(decodeNumber)
  }

  popInt32(): number {
    return decodeInt32(this.pop())
  }

  /** Indexes and ranges, not negative. @throws ScriptError `INVALID_INDEX` */
  takeIndexes(count: number): number[] {
    return this.take(count)
      .map(decodeInt32)
      .map((index) => {
        if (index < 0) throw new ScriptError('INVALID_INDEX', `${index} is no index`)
        return index
      })
  }

  popBool(): boolean {
    return isTrue(this.pop())
  }

  /** 0 is the topmost. */
  peek(depth: number): Uint8Array {
    this.need(depth + 1)
    return this.#items[this.#items.length - 1 - depth]!
  }

  /** Takes out one item at a depth. */
  pluck(depth: number): Uint8Array {
    this.need(depth + 1)
    return this.#items.splice(this.#items.length - 1 - depth, 1)[0]!
  }

  /** Puts an item below the `depth` topmost ones. */
  insert(depth: number, item: Uint8Array): void {
    this.need(depth)
    this.#items.splice(this.#items.length - depth, 0, item)
    this.#pushedBytes += item.length
  }

  clear(): void {
    this.#items = []
  }

  need(count: number): void {
    if (this.#items.length >= count) return
    throw new ScriptError('INVALID_STACK_OPERATION', `needs ${count} items, and the stack has ${this.#items.length}`)
  }
}
