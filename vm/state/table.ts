/**
 * A typed table on the one state tree. Tree key = sha256(domain || key bytes); value = RLP of the record. PROTOCOL 3.
 *
 * A table whose records hold money says which part of the supply equation they belong to; the state view sums the
 * differences of whatever a block really wrote, so the equation is checked against the records, not against the rules.
 */
import type { Domain } from '../../core/domains.ts'
import { decodeRlp, encodeRlp, type RlpItem } from '../../core/rlp.ts'

/** The right-hand side of the supply equation. */
export type MoneyCategory =
  | 'balances'
  | 'bonded'
  | 'unbonding'
  | 'accrued'
  | 'workerPool'
  | 'payoutQueue'
  | 'carry'
  | 'outputs'

export const MONEY_CATEGORIES: readonly MoneyCategory[] = [
  'balances',
  'bonded',
  'unbonding',
  'accrued',
  'workerPool',
  'payoutQueue',
  'carry',
  'outputs',
]

export type Money = Partial<Readonly<Record<MoneyCategory, bigint>>>

export interface Table<Key, Value> {
  readonly name: string
  readonly domain: Domain
  encodeKey(key: Key): Uint8Array
  encode(value: Value): Uint8Array
  /** @throws QuernError from the RLP reader when stored bytes are not a record */
  decode(bytes: Uint8Array): Value
  /** Wei held by one record. */
  money?(value: Value): Money
}

export interface TableDefinition<Key, Value> {
  readonly name: string
  readonly domain: Domain
  readonly key: (key: Key) => Uint8Array
  readonly toRlp: (value: Value) => RlpItem
  readonly fromRlp: (item: RlpItem) => Value
  readonly money?: (value: Value) => Money
}

export const defineTable = <Key, Value>(definition: TableDefinition<Key, Value>): Table<Key, Value> => ({
  name: definition.name,
  domain: definition.domain,
  encodeKey: definition.key,
  encode: (value) => encodeRlp(definition.toRlp(value)),
  decode: (bytes) => definition.fromRlp(decodeRlp(bytes)),
  ...(definition.money === undefined ? {} : { money: definition.money }),
})
