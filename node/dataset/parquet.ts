/** Datasets as Parquet: typed columns, Snappy, one row group after another, so that memory does not grow with the file. */
import type { SchemaElement } from 'hyparquet'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import { QuernError } from '../../core/errors.ts'
import type { Cell, Column, Columns, Row } from './column.ts'

/** Some 20 MB of rows of the widest dataset. Larger groups compress no better here, and DuckDB scans groups in parallel. */
const ROW_GROUP_ROWS = 20_000

/** What DECIMAL(38, 0) holds, and what DuckDB, Spark and Trino read: 10^20 CPC in wei. */
const MAX_DECIMAL = 10n ** 38n - 1n

function elementOf(name: string, { kind, nullable }: Column): SchemaElement {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED'
  switch (kind) {
    case 'integer':
      return { name, repetition_type, type: 'INT64' }
    case 'amount':
      return {
        name,
        repetition_type,
        type: 'FIXED_LEN_BYTE_ARRAY',
        type_length: 16,
        converted_type: 'DECIMAL',
        precision: 38,
        scale: 0,
      }
    case 'text':
      return { name, repetition_type, type: 'BYTE_ARRAY', converted_type: 'UTF8' }
    case 'flag':
      return { name, repetition_type, type: 'BOOLEAN' }
  }
}

function stored(name: string, { kind }: Column, cell: Cell): Cell {
  if (kind === 'integer') return cell === null ? null : BigInt(cell)
  if (typeof cell === 'bigint' && (cell > MAX_DECIMAL || cell < -MAX_DECIMAL)) {
    throw new QuernError(
      'DATASET_AMOUNT_TOO_LARGE',
      `an amount in column ${name} has more than 38 digits: export as jsonl or csv, which hold any`,
      { column: name },
    )
  }
  return cell
}

export class ParquetFile {
  readonly #writer: ParquetWriter
  readonly #columns: readonly (readonly [string, Column])[]
  #cells: Cell[][]

  /**
   * @param file written anew
   * @param about kept in the file's metadata
   */
  constructor(file: string, columns: Columns, about: Readonly<Record<string, string>>) {
    this.#columns = Object.entries(columns)
    this.#cells = this.#columns.map(() => [])
    this.#writer = new ParquetWriter({
      writer: fileWriter(file),
      schema: [
        { name: 'root', num_children: this.#columns.length },
        ...this.#columns.map(([name, column]) => elementOf(name, column)),
      ],
      kvMetadata: Object.entries(about).map(([key, value]) => ({ key, value })),
      createdBy: 'quern',
    })
  }

  /** @throws QuernError `DATASET_AMOUNT_TOO_LARGE` */
  add(row: Row): void {
    for (const [i, [name, column]] of this.#columns.entries()) {
      this.#cells[i]!.push(stored(name, column, row[name]!))
    }
    if (this.#cells[0]!.length >= ROW_GROUP_ROWS) this.#flush()
  }

  finish(): void {
    this.#flush()
    this.#writer.finish()
  }

  #flush(): void {
    const rows = this.#cells[0]!.length
    if (rows === 0) return
    const columnData = this.#columns.map(([name], i) => ({ name, data: this.#cells[i]! }))
    this.#writer.write({ columnData, rowGroupSize: rows })
    this.#cells = this.#columns.map(() => [])
  }
}
