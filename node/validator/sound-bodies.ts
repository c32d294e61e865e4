/** Whether a block's body is the one its header commits to, asked once of each object: hashing 2 MiB takes milliseconds. */

import { certificateHash } from '../../consensus/certificate.ts'
import type { BlockTree } from '../../consensus/chain/block-tree.ts'
import type { Block } from '../../consensus/types.ts'
import { checkBody } from '../../consensus/validate.ts'
import { equalBytes } from '../../core/bytes.ts'
import type { ChainEntry } from './entry.ts'

export class SoundBodies {
  readonly #tree: BlockTree<ChainEntry>
  readonly #known = new WeakSet<Block>()

  constructor(tree: BlockTree<ChainEntry>) {
    this.#tree = tree
  }

  /** Transactions and parent certificate. The very object that was built or executed here needs no second look. */
  has(block: Block): boolean {
    if (this.#known.has(block) || this.#tree.get(block.hash)?.block === block) return true
    const { parentCertificateHash } = block.header
    if (!equalBytes(parentCertificateHash, certificateHash(block.parentCertificate))) return false
    if (checkBody(block) !== undefined) return false
    this.#known.add(block)
    return true
  }
}
