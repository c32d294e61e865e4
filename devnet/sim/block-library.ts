/**
 * Every block that byzantine validators saw, executed when one of them wants to build on it: on any block, not only on the
 * one that an honest leader would extend.
 */
import { recoverInline } from '../../consensus/replay.ts'
import type { Block } from '../../consensus/types.ts'
import { type ParentBlock, type ValidationRules, validateBlock } from '../../consensus/validate.ts'
import { type Hash, hexKey } from '../../core/bytes.ts'

export class BlockLibrary {
  readonly rules: ValidationRules
  readonly #seen = new Map<string, Block>()
  readonly #executed = new Map<string, ParentBlock>()

  constructor(genesis: ParentBlock, rules: ValidationRules) {
    this.rules = rules
    this.note(genesis.block)
    this.#executed.set(hexKey(genesis.block.hash), genesis)
  }

  note(block: Block): void {
    const id = hexKey(block.hash)
    if (!this.#seen.has(id)) this.#seen.set(id, block)
  }

  block(hash: Hash): Block | undefined {
    return this.#seen.get(hexKey(hash))
  }

  /**
   * The block with its state; undefined where an ancestor was never seen or one is invalid.
   * @param lookUp where else to look for a block
   */
  executed(hash: Hash, lookUp: (hash: Hash) => Block | undefined): ParentBlock | undefined {
    const path: Block[] = []
    let next = hash
    while (!this.#executed.has(hexKey(next))) {
      const block = this.block(next) ?? lookUp(next)
      if (block === undefined) return undefined
      path.push(block)
      next = block.header.parentHash
    }
    let parent = this.#executed.get(hexKey(next))!
    for (const block of path.reverse()) {
      const applied = validateBlock(block, parent, this.rules, recoverInline(this.rules.params))
      if (!applied.ok) return undefined
      parent = applied.value
      this.#executed.set(hexKey(block.hash), parent)
    }
    return parent
  }
}
