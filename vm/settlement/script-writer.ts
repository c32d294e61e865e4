/**
 * Writes a script with names for what lies on the stack, so that a rule reads as a rule and no depth is counted by hand.
 * It knows how many items each opcode takes and leaves, and refuses a script whose branches leave different stacks.
 */
import { concatBytes } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import { pushBytes, pushNumber } from '../script/assembly.ts'
import { OP } from '../script/opcodes.ts'

/** Items taken and left, of the opcodes that the scripts here are made of. */
const EFFECTS: ReadonlyMap<number, readonly [takes: number, leaves: number]> = new Map([
  [OP.OpSize, [1, 2]],
  [OP.OpCat, [2, 1]],
  [OP.OpSubstr, [3, 1]],
  [OP.OpEqual, [2, 1]],
  [OP.OpEqualVerify, [2, 0]],
  [OP.OpVerify, [1, 0]],
  [OP.OpDrop, [1, 0]],
  [OP.OpNot, [1, 1]],
  [OP.Op1Sub, [1, 1]],
  [OP.OpAdd, [2, 1]],
  [OP.OpSub, [2, 1]],
  [OP.OpNumEqual, [2, 1]],
  [OP.OpNumEqualVerify, [2, 0]],
  [OP.OpLessThan, [2, 1]],
  [OP.OpGreaterThan, [2, 1]],
  [OP.OpLessThanOrEqual, [2, 1]],
  [OP.OpGreaterThanOrEqual, [2, 1]],
  [OP.OpWithin, [3, 1]],
  [OP.OpNum2Bin, [2, 1]],
  [OP.OpSHA256, [1, 1]],
  [OP.OpBlake2b, [1, 1]],
  [OP.OpTxInputCount, [0, 1]],
  [OP.OpTxOutputCount, [0, 1]],
  [OP.OpTxInputIndex, [0, 1]],
  [OP.OpTxInputAmount, [1, 1]],
  [OP.OpTxInputSpk, [1, 1]],
  [OP.OpTxInputScriptSigLen, [1, 1]],
  [OP.OpTxInputScriptSigSubstr, [3, 1]],
  [OP.OpTxOutputAmount, [1, 1]],
  [OP.OpTxOutputSpk, [1, 1]],
  [OP.OpInputCovenantId, [1, 1]],
  [OP.OpOutputCovenantId, [1, 1]],
  [OP.OpCovOutputCount, [1, 1]],
  [OP.OpChainblockSeqCommit, [1, 1]],
])

export interface WrittenScript {
  readonly script: Uint8Array
  /** Where the bytes of each constant stand. */
  readonly constants: ReadonlyMap<string, { readonly offset: number; readonly length: number }>
  /** What is demanded, by the offset of the opcode that fails where it does not hold. */
  readonly conditions: ReadonlyMap<number, string>
}

export class ScriptWriter {
  readonly #parts: Uint8Array[] = []
  readonly #constants = new Map<string, { offset: number; length: number }>()
  readonly #conditions = new Map<number, string>()
  /** Names, topmost last; empty where nobody asks for the item. */
  #stack: string[]
  #length: number

  /**
   * @param stack names of what lies there when the script begins
   * @param offset of its first byte in the whole script
   */
  constructor(stack: readonly string[], offset = 0) {
    this.#stack = [...stack]
    this.#length = offset
  }

  #write(bytes: Uint8Array, takes: number, leaves: readonly string[]): this {
    assert(this.#stack.length >= takes, 'the script takes more than lies on the stack')
    this.#parts.push(bytes)
    this.#length += bytes.length
    this.#stack.splice(this.#stack.length - takes, takes, ...leaves)
    return this
  }

  /** A number, or bytes. */
  push(value: bigint | Uint8Array, name = ''): this {
    return this.#write(typeof value === 'bigint' ? pushNumber(value) : pushBytes(value), 0, [name])
  }

  /** Bytes that tell one script of a kind from another; always of one length, and never one that an opcode pushes. */
  constant(name: string, value: Uint8Array): this {
    this.push(value)
    this.#constants.set(name, { offset: this.#length - value.length, length: value.length })
    return this
  }

  /** @param takes where the opcode takes as many items as its operands say; it leaves one then */
  op(opcode: number, takes?: number): this {
    const effect = takes === undefined ? EFFECTS.get(opcode) : ([takes, 1] as const)
    assert(effect !== undefined, 'the effect of the opcode is known', { opcode })
    return this.#write(Uint8Array.of(opcode), effect[0], Array<string>(effect[1]).fill(''))
  }

  /** One that fails the script where `condition` does not hold. */
  demand(opcode: number, condition: string, takes?: number): this {
    this.#conditions.set(this.#length, condition)
    return this.op(opcode, takes)
  }

  /** Names the topmost item. */
  as(name: string): this {
    this.#stack[this.#stack.length - 1] = name
    return this
  }

  #depthOf(name: string): number {
    const at = this.#stack.lastIndexOf(name)
    assert(at >= 0, 'the item lies on the stack', { name })
    return this.#stack.length - 1 - at
  }

  /** Puts a copy on top. */
  copy(name: string): this {
    const depth = this.#depthOf(name)
    if (depth === 0) return this.#write(Uint8Array.of(OP.OpDup), 0, [''])
    if (depth === 1) return this.#write(Uint8Array.of(OP.OpOver), 0, [''])
    return this.#write(concatBytes(pushNumber(BigInt(depth)), Uint8Array.of(OP.OpPick)), 0, [''])
  }

  /** Moves it to the top. */
  take(name: string): this {
    const depth = this.#depthOf(name)
    if (depth === 1) this.#write(Uint8Array.of(OP.OpSwap), 0, [])
    else if (depth > 1) this.#write(concatBytes(pushNumber(BigInt(depth)), Uint8Array.of(OP.OpRoll)), 0, [])
    this.#stack.splice(this.#stack.length - 1 - depth, 1)
    this.#stack.push('')
    return this
  }

  /** Takes the condition from the top. */
  branch(then: () => void, otherwise?: () => void): this {
    this.#write(Uint8Array.of(OP.OpIf), 1, [])
    const before = [...this.#stack]
    then()
    const after = this.#stack
    this.#stack = before
    if (otherwise !== undefined) {
      this.#write(Uint8Array.of(OP.OpElse), 0, [])
      otherwise()
    }
    assert(after.join() === this.#stack.join(), 'both branches leave one stack', {
      first: after.join(),
      second: this.#stack.join(),
    })
    return this.#write(Uint8Array.of(OP.OpEndIf), 0, [])
  }

  /** Every item, from the top. */
  dropAll(): this {
    while (this.#stack.length > 0) this.op(OP.OpDrop)
    return this
  }

  /** @param marks two opcodes that leave the stack as it is, by which other scripts know this one */
  end(marks: Uint8Array): WrittenScript {
    assert(this.#stack.length === 1, 'a script ends with one item', { stack: this.#stack.join() })
    this.#parts.push(marks)
    return { script: concatBytes(...this.#parts), constants: this.#constants, conditions: this.#conditions }
  }
}
