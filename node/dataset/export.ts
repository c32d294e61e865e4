/** A dataset into a file that appears whole or not at all, or onto a stream, row by row. */
import fs from 'node:fs'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { toHex } from '../../core/bytes.ts'
import { messageOf, QuernError } from '../../core/errors.ts'
import type { BlockRange, Row } from './column.ts'
import type { ChainDataset } from './datasets.ts'
import { ParquetFile } from './parquet.ts'
import type { DatasetSource } from './source.ts'
import { csvHead, csvLine, jsonLine } from './text-rows.ts'

export const FORMATS = ['parquet', 'jsonl', 'csv'] as const
export type Format = (typeof FORMATS)[number]

export interface ExportOptions extends BlockRange {
  readonly format: Format
  /** Called now and then with the height of the newest row. */
  readonly onHeight?: (height: number) => void
}

export interface Exported {
  readonly rows: number
  readonly bytes: number
}

/** Some 100 KB of text: a chunk of a stream costs more than a line. */
const ROWS_PER_CHUNK = 512

interface Counter {
  rows: number
}

async function* chunksOf(
  dataset: ChainDataset,
  source: DatasetSource,
  options: ExportOptions,
  counter: Counter,
): AsyncGenerator<readonly Row[]> {
  let chunk: Row[] = []
  for await (const row of dataset.rows(source, options)) {
    counter.rows++
    chunk.push(row)
    if (chunk.length < ROWS_PER_CHUNK) continue
    yield chunk
    options.onHeight?.(Number(row.height))
    chunk = []
  }
  yield chunk
}

async function* textOf({ columns }: ChainDataset, format: 'jsonl' | 'csv', chunks: AsyncIterable<readonly Row[]>) {
  if (format === 'csv') yield `${csvHead(columns)}\n`
  const lineOf = format === 'csv' ? csvLine : jsonLine
  for await (const rows of chunks) {
    if (rows.length > 0) yield `${rows.map((row) => lineOf(columns, row)).join('\n')}\n`
  }
}

/** @returns the number of rows; the stream stays open */
export async function exportToStream(
  dataset: ChainDataset,
  source: DatasetSource,
  options: ExportOptions & { readonly format: 'jsonl' | 'csv' },
  stream: Writable,
): Promise<number> {
  const counter = { rows: 0 }
  const lines = textOf(dataset, options.format, chunksOf(dataset, source, options, counter))
  await pipeline(Readable.from(lines), stream, { end: false })
  return counter.rows
}

/**
 * Writes FILE.part and renames it at the end.
 * @throws QuernError `BLOCK_PRUNED`, `DATASET_AMOUNT_TOO_LARGE`, `DATASET_UNWRITABLE`
 */
export async function exportToFile(
  dataset: ChainDataset,
  source: DatasetSource,
  options: ExportOptions,
  file: string,
): Promise<Exported> {
  const part = `${file}.part`
  const { format } = options
  const counter = { rows: 0 }
  const chunks = chunksOf(dataset, source, options, counter)
  try {
    if (format === 'parquet') {
      const parquet = new ParquetFile(part, dataset.columns, about(dataset, source, options))
      for await (const rows of chunks) for (const row of rows) parquet.add(row)
      parquet.finish()
    } else {
      await pipeline(Readable.from(textOf(dataset, format, chunks)), fs.createWriteStream(part))
    }
    fs.renameSync(part, file)
    return { rows: counter.rows, bytes: fs.statSync(file).size }
  } catch (error) {
    fs.rmSync(part, { force: true })
    if (error instanceof QuernError || !isSystemError(error)) throw error
    throw new QuernError('DATASET_UNWRITABLE', `cannot write ${file}: ${messageOf(error)}`, { file })
  }
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error

const about = (dataset: ChainDataset, source: DatasetSource, { from, to }: BlockRange): Record<string, string> => ({
  'quern.dataset': dataset.name,
  'quern.version': String(dataset.version),
  'quern.chain_id': String(source.params.chainId),
  'quern.genesis': toHex(source.rules.genesisHash),
  'quern.from': String(from),
  'quern.to': String(to),
})
