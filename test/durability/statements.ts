/**
 * What validators signed, over all their lives: taken down as it leaves a node, and held against the rule that no honest
 * validator ever breaks (PROTOCOL 5: S3, S7, Accountability).
 */
import type { JournalRecord } from '../../consensus/simplex/types.ts'
import type { Message, VoteKind } from '../../consensus/types.ts'
import { toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../p2p/transport.ts'

export interface Statement {
  readonly node: PeerId
  readonly kind: VoteKind | 'proposal'
  readonly epoch: number
  readonly view: number
  /** Of the block; zeros in a nullify. */
  readonly hash: string
}

/** Nothing for a certificate or a block, which are not this node's own word. */
export function statementOf(node: PeerId, message: Message | JournalRecord): Statement | undefined {
  if (message.type === 'vote') {
    const { kind, epoch, view, blockHash } = message.vote
    return { node, kind, epoch, view, hash: toHex(blockHash) }
  }
  if (message.type !== 'proposal') return undefined
  const { epoch, view, block } = message.proposal
  return { node, kind: 'proposal', epoch, view, hash: toHex(block.hash) }
}

export const statementKey = ({ node, kind, epoch, view, hash }: Statement): string =>
  [node, kind, epoch, view, hash].join(' ')

export class StatementBook {
  /** node, epoch, view -> kind -> hash */
  readonly #said = new Map<string, Map<Statement['kind'], string>>()
  readonly violations: string[] = []

  get size(): number {
    return this.#said.size
  }

  /** In the order in which they were said; saying a thing again is no news. */
  add(statement: Statement): void {
    const { node, kind, epoch, view, hash } = statement
    const place = `${node}, epoch ${epoch}, view ${view}`
    const said = this.#said.get(place) ?? new Map<Statement['kind'], string>()
    this.#said.set(place, said)
    const before = said.get(kind)
    if (before === hash) return
    if (before !== undefined) this.violations.push(`${place}: ${kind} of ${before} and of ${hash}`)
    const isAfterNullify = said.has('nullify') && (kind === 'notarize' || kind === 'finalize')
    if (isAfterNullify || (kind === 'nullify' && said.has('finalize'))) {
      this.violations.push(`${place}: ${kind} beside ${[...said.keys()].join(', ')}`)
    }
    said.set(kind, hash)
  }
}
