/** Schemas as they are published: for `--dry`, and for README.md, which a test holds against this. */
import type { Column, ColumnKind } from './column.ts'
import type { ChainDataset } from './datasets.ts'

const PARQUET_TYPES: Readonly<Record<ColumnKind, string>> = {
  integer: 'INT64',
  amount: 'DECIMAL(38, 0)',
  text: 'UTF8',
  flag: 'BOOLEAN',
}

const TEXT_TYPES: Readonly<Record<ColumnKind, string>> = {
  integer: 'number',
  amount: 'decimal string',
  text: 'string',
  flag: 'boolean',
}

export const schemaJson = ({
  name,
  version,
  about,
  columns,
}: Pick<ChainDataset, 'name' | 'version' | 'about' | 'columns'>) => ({
  dataset: name,
  version,
  row: about,
  columns: Object.entries(columns).map(([column, { kind, nullable, about: meaning }]: [string, Column]) => ({
    name: column,
    parquet: PARQUET_TYPES[kind],
    text: TEXT_TYPES[kind],
    nullable,
    about: meaning,
  })),
})

/** One dataset's section of README.md. */
export function schemaMarkdown(dataset: ChainDataset): string {
  const { columns, version, row } = schemaJson(dataset)
  const lines = columns.map(
    ({ name, parquet, nullable, about }) => `| \`${name}\` | ${parquet}${nullable ? ', null' : ''} | ${about} |`,
  )
  return [
    `## ${dataset.name}, version ${version}`,
    '',
    `${row[0]!.toUpperCase()}${row.slice(1)}.`,
    '',
    '| column | type | |',
    '|---|---|---|',
    ...lines,
  ].join('\n')
}
