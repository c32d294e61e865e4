/**
 * What happened, in order, as lines of text and as their hash. Two runs of a seed must give one hash, or something in the
 * node depends on more than what the simulator gives it.
 */
import { createHash } from 'node:crypto'
import { hexKey } from '../../core/bytes.ts'
import type { EventQueue } from '../../core/event-queue.ts'
import type { NetworkMessage } from '../../p2p/transport.ts'

/** Lines hashed together; only the number of hash calls depends on it. */
const LINES_PER_HASH = 256

export class Trace {
  readonly #queue: EventQueue
  readonly #write: ((line: string) => void) | undefined
  readonly #digest = createHash('sha256')
  #lines: string[] = []

  /** @param write takes every line, for `--trace` */
  constructor(queue: EventQueue, write?: (line: string) => void) {
    this.#queue = queue
    this.#write = write
  }

  note(who: string, what: string): void {
    const line = `${this.#queue.nowMs} ${who} ${what}`
    this.#write?.(line)
    if (this.#lines.push(line) >= LINES_PER_HASH) this.#fold()
  }

  /** Of all lines so far. */
  get hash(): string {
    this.#fold()
    return this.#digest.copy().digest('hex')
  }

  #fold(): void {
    if (this.#lines.length === 0) return
    this.#digest.update(`${this.#lines.join('\n')}\n`)
    this.#lines = []
  }
}

export const shortHash = (hash: Uint8Array): string => hexKey(hash.subarray(0, 4))

/** A message in a few words. */
export function labelOf(message: NetworkMessage | undefined): string {
  if (message === undefined) return 'garbage'
  if (message.type === 'transactions') return `${message.transactions.length} transactions`
  if (message.type === 'evidence') return `evidence against ${shortHash(message.evidence.validator)}`
  const inner = message.message
  if (inner.type === 'proposal') {
    const { epoch, view, block } = inner.proposal
    return `proposal ${epoch}/${view} ${shortHash(block.hash)} at ${block.header.height}`
  }
  const { kind, epoch, view, blockHash } = inner.type === 'vote' ? inner.vote : inner.certificate
  const who = inner.type === 'vote' ? ` of ${inner.vote.validator}` : ''
  return `${inner.type} ${kind} ${epoch}/${view} ${shortHash(blockHash)}${who}`
}
