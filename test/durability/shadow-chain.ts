/** Every block that one node has on its branches, with the state after it: what a byzantine leader needs to build on. */
import { genesisBlock } from '../../consensus/genesis.ts'
import { recoverInline } from '../../consensus/replay.ts'
import type { Block } from '../../consensus/types.ts'
import { type ParentBlock, type ValidationRules, validateBlock } from '../../consensus/validate.ts'
import { type Hash, hexKey } from '../../core/bytes.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import type { Genesis } from '../../vm/genesis.ts'

export class ShadowChain {
  readonly rules: ValidationRules
  readonly #known = new Map<string, ParentBlock>()

  constructor(genesis: Genesis, rules: ValidationRules) {
    this.rules = rules
    const { block, state } = genesisBlock(genesis)
    this.#known.set(hexKey(block.hash), { block, state })
  }

  follow(node: ChainNode): void {
    node.subscribe((event) => {
      if (event.type === 'tip') for (const { block } of event.added) this.#take(block)
    })
  }

  get(hash: Hash): ParentBlock | undefined {
    return this.#known.get(hexKey(hash))
  }

  /** Why an honest validator refuses the block, or 'valid'. */
  verdict(block: Block): string {
    const parent = this.get(block.header.parentHash)
    if (parent === undefined) return 'no parent'
    const answer = validateBlock(block, parent, this.rules, recoverInline(this.rules.params))
    return answer.ok ? 'valid' : answer.error.code
  }

  #take(block: Block): void {
    const parent = this.get(block.header.parentHash)
    if (parent === undefined || this.get(block.hash) !== undefined) return
    const answer = validateBlock(block, parent, this.rules, recoverInline(this.rules.params))
    if (answer.ok) this.#known.set(hexKey(block.hash), answer.value)
  }
}
