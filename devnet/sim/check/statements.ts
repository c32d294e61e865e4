/**
 * What honest validators signed, over all their lives: as it left them, and as it stands on their disks. PROTOCOL 5, S2 to
 * S4 and S7. In one view a validator notarises one block, proposes one, finalises one, and never nullifies beside a finalize
 * nor votes for a block after it nullified. Whatever leaves was durable before, with the body or the notarization behind it.
 */
import { decodeBlock } from '../../../consensus/block.ts'
import type { Message } from '../../../consensus/types.ts'
import { decodeMessage } from '../../../consensus/wire.ts'
import { hexKey } from '../../../core/bytes.ts'
import type { KvOperation } from '../../../core/kv.ts'
import type { Violations } from './violations.ts'

/** First byte of a journal key (node/storage/layout.ts), and of a block among the records (node/storage/journal.ts). */
const JOURNAL_TABLE = 0x40
const BLOCK_RECORD = 4

type Kind = 'proposal' | 'notarize' | 'nullify' | 'finalize'

interface Statement {
  readonly kind: Kind
  readonly epoch: number
  readonly view: number
  readonly hash: string
}

function statementOf(message: Message): Statement | undefined {
  if (message.type === 'vote') {
    const { kind, epoch, view, blockHash } = message.vote
    return { kind, epoch, view, hash: hexKey(blockHash) }
  }
  if (message.type !== 'proposal') return undefined
  const { epoch, view, block } = message.proposal
  return { kind: 'proposal', epoch, view, hash: hexKey(block.hash) }
}

const placeOf = (name: string, { epoch, view }: Statement): string => `${name} in ${epoch}/${view}`

/** One validator's book; of the wire or of the disk. */
class Book {
  readonly #said = new Map<string, Map<Kind, string>>()
  readonly #where: string
  readonly #violations: Violations

  constructor(where: string, violations: Violations) {
    this.#where = where
    this.#violations = violations
  }

  /** False when it was said before. */
  add(name: string, statement: Statement): boolean {
    const place = placeOf(name, statement)
    const said = this.#said.get(place) ?? new Map<Kind, string>()
    this.#said.set(place, said)
    const { kind, hash } = statement
    const before = said.get(kind)
    if (before === hash) return false
    const fail = (what: string): void => this.#violations.add(`${place}: ${what}, ${this.#where}`)
    if (before !== undefined) fail(`two ${kind} statements`)
    if (kind === 'nullify' && said.has('finalize')) fail('nullify after finalize')
    if ((kind === 'notarize' || kind === 'finalize') && said.has('nullify')) fail(`${kind} after nullify`)
    said.set(kind, hash)
    return true
  }

  has(name: string, statement: Statement): boolean {
    return this.#said.get(placeOf(name, statement))?.get(statement.kind) === statement.hash
  }
}

type Held = Map<string, Set<string>>

const has = (held: Held, name: string, what: string): boolean => held.get(name)?.has(what) === true

function add(held: Held, name: string, what: string): void {
  const of = held.get(name) ?? new Set<string>()
  held.set(name, of.add(what))
}

export class StatementCheck {
  readonly #violations: Violations
  readonly #wire: Book
  readonly #disk: Book
  /** By machine: bodies on its disk, and notarizations. */
  readonly #bodies: Held = new Map()
  readonly #notarizations: Held = new Map()
  /** Newest view of each epoch that an honest validator spoke in. */
  readonly #views = new Map<number, number>()
  signed = 0

  constructor(violations: Violations) {
    this.#violations = violations
    this.#wire = new Book('as sent', violations)
    this.#disk = new Book('on disk', violations)
  }

  /** Views that honest validators entered, over all epochs. */
  get views(): number {
    let sum = 0
    for (const view of this.#views.values()) sum += view + 1
    return sum
  }

  /** An honest machine sends a consensus message. */
  sent(name: string, message: Message): void {
    const statement = statementOf(message)
    if (statement === undefined || !this.#wire.add(name, statement)) return
    const { kind, epoch, view, hash } = statement
    this.signed++
    this.#views.set(epoch, Math.max(view, this.#views.get(epoch) ?? 0))
    const fail = (what: string): void => this.#violations.add(`${placeOf(name, statement)}: sent a ${kind} ${what}`)
    if (!this.#disk.has(name, statement)) fail('that is not on its disk')
    if (kind === 'notarize' && !has(this.#bodies, name, hash)) fail('without the body on its disk')
    if (kind === 'finalize' && !has(this.#notarizations, name, `${epoch}/${view} ${hash}`)) {
      fail('without the notarization on its disk')
    }
  }

  /** An operation of an honest machine's disk became durable. */
  durable(name: string, operation: KvOperation): void {
    if (operation.type !== 'put' || operation.key[0] !== JOURNAL_TABLE) return
    const { value } = operation
    if (value[0] === BLOCK_RECORD) {
      add(this.#bodies, name, hexKey(decodeBlock(value.subarray(1)).hash))
      return
    }
    const message = decodeMessage(value)
    const statement = statementOf(message)
    if (statement !== undefined) this.#disk.add(name, statement)
    if (message.type === 'proposal') add(this.#bodies, name, hexKey(message.proposal.block.hash))
    if (message.type === 'certificate' && message.certificate.kind === 'notarize') {
      const { epoch, view, blockHash } = message.certificate
      add(this.#notarizations, name, `${epoch}/${view} ${hexKey(blockHash)}`)
    }
  }

  /** What stood on it may be signed no more. What was said with it counts for ever. */
  lostDisk(name: string): void {
    this.#bodies.delete(name)
    this.#notarizations.delete(name)
  }

  /** Whether an honest validator signed this vote, sent or about to be sent. */
  hasSigned(
    name: string,
    kind: 'notarize' | 'nullify' | 'finalize',
    epoch: number,
    view: number,
    hash: string,
  ): boolean {
    return this.#disk.has(name, { kind, epoch, view, hash })
  }
}
