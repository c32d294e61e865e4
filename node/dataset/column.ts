/**
 * What a dataset is: a name, a version, columns, and the rows of a range of blocks.
 *
 *     kind       parquet                                   csv, jsonl
 *     integer    INT64                                     digits; below 2^53
 *     amount     DECIMAL(38, 0), 16 bytes                  digits; in jsonl a string
 *     text       UTF8                                      text
 *     flag       BOOLEAN                                   true, false
 *
 * Hashes are text of 0x and hex digits and addresses bech32, as the JSON-RPC methods write them: DuckDB, pandas and Spark
 * join and print such text as it is, while fixed bytes are binary objects to them. What may exceed 38 digits is text.
 * A change of a column is a new version of its dataset.
 */

export type ColumnKind = 'integer' | 'amount' | 'text' | 'flag'

export interface Column<Kind extends ColumnKind = ColumnKind, Optional extends boolean = boolean> {
  readonly kind: Kind
  readonly nullable: Optional
  readonly about: string
}

interface Cells {
  readonly integer: number
  readonly amount: bigint
  readonly text: string
  readonly flag: boolean
}

export type Cell = Cells[ColumnKind] | null
export type Row = Readonly<Record<string, Cell>>
export type Columns = Readonly<Record<string, Column>>

type CellOf<C> = C extends Column<infer K, infer O> ? (O extends true ? Cells[K] | null : Cells[K]) : never
export type RowOf<C extends Columns> = { readonly [Name in keyof C]: CellOf<C[Name]> }

type Maker<K extends ColumnKind> = {
  (about: string): Column<K, false>
  orNull(about: string): Column<K, true>
}

const maker = <K extends ColumnKind>(kind: K): Maker<K> =>
  Object.assign((about: string) => ({ kind, nullable: false, about }) as const, {
    orNull: (about: string) => ({ kind, nullable: true, about }) as const,
  })

export const integer = maker('integer')
export const amount = maker('amount')
export const text = maker('text')
export const flag = maker('flag')

/** Heights, both included. */
export interface BlockRange {
  readonly from: number
  readonly to: number
}

export interface Dataset<Source> {
  readonly name: string
  readonly version: number
  /** What a row is. */
  readonly about: string
  readonly columns: Columns
  /** In order; pulled, so that no more of them is in memory than their reader keeps. */
  rows(source: Source, range: BlockRange): Iterable<Row> | AsyncIterable<Row>
}

/** Makes the compiler hold the rows against the columns. */
export const defineDataset = <Source, const C extends Columns>(definition: {
  readonly name: string
  readonly version: number
  readonly about: string
  readonly columns: C
  readonly rows: (source: Source, range: BlockRange) => Iterable<RowOf<C>> | AsyncIterable<RowOf<C>>
}): Dataset<Source> => definition as unknown as Dataset<Source>
