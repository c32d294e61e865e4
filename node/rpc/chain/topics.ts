/**
 * What `chain_subscribe` sends, by topic. Each event comes with a cursor: subscribing again with it continues after that
 * event.
 *
 *     blocks        final blocks                        cursor "height"
 *     results       accepted results in final blocks    cursor "height.index"
 *     transactions  transactions in final blocks        cursor "height.index"
 *     tip           the notarised tip, block by block   cursor "height:0xhash", where the tip stands after the event
 */
import { formatAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import type { ExecutedBlock } from '../../api.ts'
import { invalidParams } from '../errors.ts'
import type { Footprint } from './block-walk.ts'
import { headerJson } from './header.ts'
import { resultsOf } from './result.ts'

export const TOPICS = ['blocks', 'tip', 'results', 'transactions'] as const
export type Topic = (typeof TOPICS)[number]

export interface ChainEvent {
  readonly cursor: string
  readonly event: Readonly<Record<string, unknown>>
}

const place = ({ block }: ExecutedBlock) => ({ height: block.header.height, block_hash: toHex(block.hash) })

function blockEvents(executed: ExecutedBlock): ChainEvent[] {
  const { header, hash } = executed.block
  const transactions = executed.transactions.map((transaction) => toHex(transaction.hash))
  return [{ cursor: String(header.height), event: { header: headerJson(header, hash), transactions } }]
}

const resultEvents = (executed: ExecutedBlock): ChainEvent[] =>
  resultsOf(executed).map(({ transaction, json }, index) => ({
    cursor: `${executed.block.header.height}.${index}`,
    event: { ...place(executed), index, transaction_hash: toHex(transaction.hash), result: json },
  }))

const transactionEvents = (executed: ExecutedBlock): ChainEvent[] =>
  executed.transactions.map((transaction, index) => {
    const receipt = executed.receipts[index]!
    return {
      cursor: `${executed.block.header.height}.${index}`,
      event: {
        ...place(executed),
        index,
        transaction_hash: toHex(transaction.hash),
        type: transaction.action.kind,
        from: formatAddress(transaction.from),
        status: receipt.status,
        error: receipt.error ?? null,
      },
    }
  })

const tipCursor = (height: number, hash: Uint8Array): string => `${height}:${toHex(hash)}`

function addedEvents({ block }: ExecutedBlock): ChainEvent[] {
  const { header, hash } = block
  return [{ cursor: tipCursor(header.height, hash), event: { type: 'added', header: headerJson(header, hash) } }]
}

/** `tip` only. */
export function droppedEvents({ header, hash }: Footprint): ChainEvent[] {
  const cursor = tipCursor(header.height - 1, header.parentHash)
  return [{ cursor, event: { type: 'dropped', header: headerJson(header, hash) } }]
}

/** Events of one block. */
export const EVENTS: Readonly<Record<Topic, (executed: ExecutedBlock) => ChainEvent[]>> = {
  blocks: blockEvents,
  tip: addedEvents,
  results: resultEvents,
  transactions: transactionEvents,
}

export interface CursorPlace {
  readonly height: number
  /** `results` and `transactions`. */
  readonly index: number | undefined
  /** `tip`. */
  readonly hash: string | undefined
}

/** What this topic's cursors look like. */
const PATTERNS: Readonly<Record<Topic, RegExp>> = {
  blocks: /^(?<height>\d{1,15})$/,
  tip: /^(?<height>\d{1,15}):(?<hash>0x[0-9a-f]{64})$/,
  results: /^(?<height>\d{1,15})\.(?<index>\d{1,9})$/,
  transactions: /^(?<height>\d{1,15})\.(?<index>\d{1,9})$/,
}

/** @throws RpcError `INVALID_PARAMS` for anything but a cursor of this topic */
export function readCursor(topic: Topic, cursor: string): CursorPlace {
  const groups = PATTERNS[topic].exec(cursor)?.groups
  if (groups === undefined) throw invalidParams(`parameter "cursor": not a cursor of topic ${topic}`)
  const { height, index, hash } = groups
  return { height: Number(height), index: index === undefined ? undefined : Number(index), hash }
}
