/**
 * A versioned tree written in bulk, from ranges that were verified (range.ts): one version, with nothing before it. What the
 * store holds then is what it would hold had every older version been pruned.
 */
import { EMPTY_BYTES } from '../bytes.ts'
import type { KvOperation } from '../kv.ts'
import { TreeLayout } from './layout.ts'
import type { TreeNode } from './node.ts'

export class TreeLoader {
  readonly #layout: TreeLayout
  readonly #version: number

  /** @param prefix begins every key of the tree in the store */
  constructor(version: number, prefix: Uint8Array = EMPTY_BYTES) {
    this.#layout = new TreeLayout(prefix)
    this.#version = version
  }

  /** Writes a node that is not empty. */
  node(position: Uint8Array, node: TreeNode): KvOperation {
    return {
      type: 'put',
      key: this.#layout.currentKey(position),
      value: this.#layout.currentValue(this.#version, node),
    }
  }

  /** Makes the version the tree's latest and oldest. Goes last, when all nodes are there. */
  finish(): KvOperation {
    return { type: 'put', key: this.#layout.metaKey, value: this.#layout.metaValue(this.#version, this.#version) }
  }
}
