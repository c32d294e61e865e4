import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MemoryStore } from '../../core/kv.ts'
import { supply } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { DATASET_NAMES } from '../cli/commands/chain/dataset.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import { VPROG_PARAMS } from '../testing/chain-plan.ts'
import { amount, flag, integer, type Row, text } from './column.ts'
import { type ChainDataset, DATASETS } from './datasets.ts'
import { exportToFile, FORMATS, type Format } from './export.ts'
import { openDatasetSource } from './open.ts'
import { schemaMarkdown } from './schema.ts'
import type { DatasetSource } from './source.ts'

/** Short epochs: who joins is in the third set, and may equivocate there. */
const PARAMS = { ...VPROG_PARAMS, epochBlocks: 8, seedWindowBlocks: 4 }
/** Five epochs and a part. */
const BLOCKS = 44

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-dataset-'))
let maker: ChainMaker
let source: DatasetSource
let instance: DuckDBInstance
let duckdb: DuckDBConnection

beforeAll(async () => {
  instance = await DuckDBInstance.create()
  duckdb = await instance.connect()
  maker = await ChainMaker.open(new MemoryStore(), { seed: 3, params: PARAMS, vprogsFrom: 4 })
  await maker.run(BLOCKS)
  source = await openDatasetSource(maker.chain, maker.genesis)
  for (const dataset of DATASETS) for (const format of FORMATS) await written(dataset, format)
}, 60_000)
afterAll(() => {
  duckdb.closeSync()
  instance.closeSync()
  fs.rmSync(folder, { recursive: true })
})

const fileOf = (name: string, format: Format): string => path.join(folder, `${name}.${format}`)
const written = (dataset: ChainDataset, format: Format) =>
  exportToFile(dataset, source, { from: 0, to: BLOCKS, format }, fileOf(dataset.name, format))
const supplyAt = (height: number) => readRecord(source.state(height), supply, undefined)!

/** `$name` in the SQL is the folder's file of that name. */
const query = async (sql: string): Promise<Record<string, unknown>[]> =>
  (await duckdb.runAndReadAll(sql.replaceAll('$', `${folder}/`))).getRowObjectsJS()

/** In DuckDB's own exact arithmetic, as digits: its JavaScript values would be floating point. */
async function total(sql: string): Promise<bigint> {
  const [row] = await query(`SELECT CAST((${sql}) AS VARCHAR) AS total`)
  return BigInt(row!.total as string)
}

function bigEndian(bytes: Uint8Array): bigint {
  return BigInt.asIntN(128, BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
}

/** Amounts as the 16 bytes they are: as decimals this reader would make floating point of them. */
async function secondReader(dataset: ChainDataset): Promise<Row[]> {
  const file = await asyncBufferFromFile(fileOf(dataset.name, 'parquet'))
  const metadata = await parquetMetadataAsync(file)
  for (const element of metadata.schema) if (element.converted_type === 'DECIMAL') delete element.converted_type
  const rows = await parquetReadObjects({ file, metadata, utf8: false })
  const kinds = Object.entries(dataset.columns)
  return rows.map((row) =>
    Object.fromEntries(
      kinds.map(([name, { kind }]) => {
        const cell: unknown = row[name] ?? null
        if (cell === null) return [name, null]
        if (kind === 'amount') return [name, bigEndian(cell as Uint8Array)]
        return [name, kind === 'integer' ? Number(cell) : (cell as string | boolean)]
      }),
    ),
  )
}

const rowsOf = async (dataset: ChainDataset): Promise<Row[]> => {
  const rows: Row[] = []
  for await (const row of dataset.rows(source, { from: 0, to: BLOCKS })) rows.push(row)
  return rows
}

describe('every dataset', () => {
  test('has rows here, and a name the command knows', async () => {
    expect(DATASETS.map(({ name }) => name)).toEqual([...DATASET_NAMES])
    for (const dataset of DATASETS)
      expect([dataset.name, (await rowsOf(dataset)).length > 0]).toEqual([dataset.name, true])
  })

  test('reads back from Parquet, cell by cell, with hyparquet', async () => {
    for (const dataset of DATASETS) expect(await secondReader(dataset)).toEqual(await rowsOf(dataset))
  })

  test('is the same table to DuckDB in all three formats', async () => {
    for (const { name, columns } of DATASETS) {
      const types = Object.entries(columns).map(([column, { kind }]) => {
        const type = { integer: 'BIGINT', amount: 'DECIMAL(38,0)', text: 'VARCHAR', flag: 'BOOLEAN' }[kind]
        return `'${column}': '${type}'`
      })
      const readers = [
        `read_parquet('$${name}.parquet')`,
        `read_csv('$${name}.csv', header = true, allow_quoted_nulls = false, columns = {${types.join(', ')}})`,
        `read_json('$${name}.jsonl', format = 'newline_delimited', columns = {${types.join(', ')}})`,
      ]
      for (const other of readers.slice(1)) {
        const differences = `SELECT count(*) FROM ((FROM ${readers[0]} EXCEPT ALL FROM ${other}) UNION ALL (FROM ${other} EXCEPT ALL FROM ${readers[0]}))`
        expect([other, await total(differences)]).toEqual([other, 0n])
      }
      const described = await query(`DESCRIBE FROM ${readers[0]}`)
      const isAmount = Object.values(columns).map(({ kind }) => kind === 'amount')
      expect(described.map(({ column_type }) => column_type === 'DECIMAL(38,0)')).toEqual(isAmount)
    }
  })

  test('is published as it is', () => {
    const readme = fs.readFileSync(new URL('README.md', import.meta.url), 'utf8')
    for (const dataset of DATASETS) expect(readme).toContain(schemaMarkdown(dataset))
  })
})

describe('the sums agree with the supply of the chain', () => {
  test('minted and burned', async () => {
    expect(await total("SELECT sum(minted_wei) FROM '$blocks.parquet'")).toBe(supplyAt(BLOCKS).minted)
    expect(await total("SELECT sum(burned_wei) FROM '$blocks.parquet'")).toBe(supplyAt(BLOCKS).burned)
    const newest = `SELECT supply_wei FROM '$blocks.parquet' WHERE height = ${BLOCKS}`
    const { genesis, minted, burned } = supplyAt(BLOCKS)
    expect(await total(newest)).toBe(genesis + minted - burned)
  })

  test('balances: the newest of each address', async () => {
    const newest =
      "SELECT sum(balance) FROM (SELECT arg_max(balance_wei, height) AS balance FROM '$balances.parquet' GROUP BY address)"
    expect(await total(newest)).toBe(supplyAt(BLOCKS).balances)
    expect(await total("SELECT sum(change_wei) FROM '$balances.parquet'")).toBe(supplyAt(BLOCKS).balances)
  })

  test('outputs: what is not spent', async () => {
    const held = supplyAt(BLOCKS).outputs
    expect(held).toBeGreaterThan(0n)
    expect(await total("SELECT sum(change_wei) FROM '$outputs.parquet'")).toBe(held)
    expect(await total(`SELECT outputs_wei FROM '$blocks.parquet' WHERE height = ${BLOCKS}`)).toBe(held)
    const unspent =
      "SELECT sum(wei) FROM (SELECT sum(change_wei) AS wei, count(*) AS rows FROM '$outputs.parquet' " +
      'GROUP BY output_transaction, output_index) WHERE rows = 1'
    expect(await total(unspent)).toBe(held)
    // Made and spent by transactions that the other table has, with as many of them.
    const moved = (made: boolean) => total(`SELECT count(*) FROM '$outputs.parquet' WHERE made = ${made}`)
    const named = (column: string) => total(`SELECT sum(${column}) FROM '$transactions.parquet' WHERE status = 1`)
    expect(await moved(true)).toBe(await named('outputs'))
    expect(await moved(false)).toBe(await named('inputs'))
    expect(await moved(false)).toBeGreaterThan(0n)
    const unknown =
      "SELECT count(*) FROM '$outputs.parquet' ANTI JOIN '$transactions.parquet' ON output_transaction = kip_id"
    expect(await total(unknown)).toBe(0n)
  })

  test('all that there is, is somewhere', async () => {
    const { bonded, unbonding, accrued, workerPool, payoutQueue } = supplyAt(BLOCKS)
    const free = await total("SELECT sum(change_wei) FROM '$balances.parquet'")
    const inOutputs = await total("SELECT sum(change_wei) FROM '$outputs.parquet'")
    const carried = await total(`SELECT carry_wei FROM '$blocks.parquet' WHERE height = ${BLOCKS}`)
    const elsewhere = bonded + unbonding + accrued + workerPool + payoutQueue
    expect(free + inOutputs + carried + elsewhere).toBe(
      await total(`SELECT supply_wei FROM '$blocks.parquet' WHERE height = ${BLOCKS}`),
    )
  })

  test('rewards: the pool is what workers were paid and still wait for', async () => {
    const sum = (kind: string) =>
      total(`SELECT coalesce(sum(amount_wei), 0) FROM '$rewards.parquet' WHERE kind = '${kind}'`)
    const { workerPool, payoutQueue } = supplyAt(BLOCKS)
    const paid = await sum('payout')
    expect(paid).toBeGreaterThan(0n)
    expect(paid).toBe((await sum('pool')) - workerPool - payoutQueue)
    expect(await sum('priority_fees')).toBe(await total("SELECT sum(priority_fees_wei) FROM '$blocks.parquet'"))
    // What the devnet's authority gives is minted too.
    const wrong = `
      WITH paid AS (SELECT height, sum(amount_wei) AS wei FROM '$rewards.parquet' WHERE kind IN ('leader', 'voter', 'pool') GROUP BY height),
        chain AS (SELECT *, lag(carry_wei) OVER (ORDER BY height) AS carried FROM '$blocks.parquet'),
        given AS (SELECT height FROM '$transactions.parquet' WHERE kind = 'DEV_SET_BALANCE' AND status = 1)
      SELECT count(*) FROM chain JOIN paid USING (height)
      WHERE minted_wei + carried - carry_wei <> wei AND height NOT IN (FROM given)`
    expect(await total(wrong)).toBe(0n)
  })

  test('fees, gas and results are those of the headers', async () => {
    const paid = await total("SELECT sum(fee_wei) FROM '$transactions.parquet'")
    expect(paid).toBe(await total("SELECT sum(fees_burned_wei) + sum(priority_fees_wei) FROM '$blocks.parquet'"))
    expect(await total("SELECT sum(gas_used) FROM '$transactions.parquet'")).toBe(
      await total("SELECT sum(gas_used) FROM '$blocks.parquet'"),
    )
    expect(await total("SELECT sum(gram_used) FROM '$transactions.parquet'")).toBe(
      await total("SELECT sum(gram_used) FROM '$blocks.parquet'"),
    )
    expect(await total("SELECT sum(accepted) FROM '$results.parquet'")).toBe(
      await total("SELECT sum(results) FROM '$blocks.parquet'"),
    )
    const byWorker = await total("SELECT sum(work_macs) FROM '$workers.parquet'")
    expect(byWorker).toBe(await total("SELECT sum(work_macs) FROM '$results.parquet'"))
  })

  test('certificates have a quorum of the power that votes', async () => {
    const short =
      "SELECT count(*) FROM (SELECT height, kind FROM '$votes.parquet' GROUP BY height, kind " +
      'HAVING 3 * sum(power_wei) FILTER (signed) <= 2 * sum(power_wei))'
    expect(await total(short)).toBe(0n)
    const direct = "SELECT count(*) FROM '$timings.parquet' WHERE finalised_directly"
    const finalised = "SELECT count(DISTINCT height) FROM '$votes.parquet' WHERE kind = 'finalize'"
    expect(await total(direct)).toBe(await total(finalised))
  })

  test('accepted evidence burned something', async () => {
    const accepted = await query("SELECT accepted, slashed_wei > 0 AS slashed FROM '$evidence.parquet'")
    expect(accepted.map(({ accepted: yes }) => yes === 1n)).toEqual(accepted.map(({ slashed }) => slashed))
  })
})

describe('a file', () => {
  const LIMIT = 10n ** 38n - 1n
  const columns = {
    height: integer('a'),
    wei: amount.orNull('b'),
    note: text.orNull('c'),
    is: flag.orNull('d'),
    big: integer.orNull('e'),
  }
  const made = (rows: ChainDataset['rows']): ChainDataset => ({
    name: 'made',
    version: 1,
    about: 'made up',
    columns,
    rows,
  })
  const extremes: Row[] = [
    { height: 0, wei: LIMIT, note: 'a "quoted", text\nof two lines', is: true, big: Number.MAX_SAFE_INTEGER },
    { height: 1, wei: -LIMIT, note: '', is: false, big: 0 },
    { height: 2, wei: 2n ** 126n, note: 'ﷺ Quern', is: true, big: -1 },
    { height: 3, wei: 0n, note: null, is: null, big: null },
    { height: 4, wei: null, note: 'null', is: true, big: 1 },
  ]

  test('holds the largest, the smallest and nothing at all', async () => {
    const dataset = made(() => extremes)
    for (const format of FORMATS) await written(dataset, format)
    expect(await secondReader(dataset)).toEqual(extremes)
    const read = await query(
      'SELECT CAST(wei AS VARCHAR) AS wei, note, "is", big FROM \'$made.parquet\' ORDER BY height',
    )
    expect(read).toEqual(
      extremes.map(({ wei, note, is, big }) => ({
        wei: wei === null ? null : String(wei),
        note,
        is,
        big: big === null ? null : BigInt(Number(big)),
      })),
    )
    expect(await total("SELECT sum(wei) FROM '$made.parquet'")).toBe(2n ** 126n)
    const csv = `read_csv('$made.csv', header = true, allow_quoted_nulls = false, columns = {'height': 'BIGINT', 'wei': 'DECIMAL(38,0)', 'note': 'VARCHAR', 'is': 'BOOLEAN', 'big': 'BIGINT'})`
    expect(await query(`SELECT note FROM ${csv} WHERE wei IS NOT NULL ORDER BY height`)).toEqual(
      extremes.slice(0, 4).map(({ note }) => ({ note })),
    )
    expect(fs.readFileSync(fileOf('made', 'jsonl'), 'utf8')).toContain(`"wei":"-${LIMIT}"`)
  })

  test('never rounds: what DECIMAL(38, 0) cannot hold is refused, and text holds it', async () => {
    const over = made(() => [{ ...extremes[0]!, wei: 2n ** 127n }])
    fs.rmSync(fileOf('made', 'parquet'), { force: true })
    await expect(written(over, 'parquet')).rejects.toMatchObject({ code: 'DATASET_AMOUNT_TOO_LARGE' })
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('made.parquet'))).toEqual([])
    await written(over, 'jsonl')
    expect(fs.readFileSync(fileOf('made', 'jsonl'), 'utf8')).toContain(`"wei":"${2n ** 127n}"`)
  })

  test('is written group by group, while its rows are pulled', async () => {
    const rows = 45_000
    function* many(): Generator<Row> {
      for (let height = 0; height < rows; height++) yield { ...extremes[0]!, height, wei: BigInt(height) }
    }
    const dataset = made(many)
    await written(dataset, 'parquet')
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(fileOf('made', 'parquet')))
    expect(metadata.row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([20_000, 20_000, 5_000])
    expect(await total("SELECT sum(wei) FROM '$made.parquet'")).toBe(BigInt((rows * (rows - 1)) / 2))
    expect(metadata.key_value_metadata).toContainEqual({ key: 'quern.dataset', value: 'made' })
  })

  test('without rows has its columns all the same', async () => {
    const dataset = made(() => [])
    for (const format of FORMATS) expect(await written(dataset, format)).toMatchObject({ rows: 0 })
    expect(await query("DESCRIBE FROM '$made.parquet'")).toHaveLength(5)
    expect(fs.readFileSync(fileOf('made', 'csv'), 'utf8')).toBe('height,wei,note,is,big\n')
  })

  test('that cannot be written says so, and what is pruned is BLOCK_PRUNED', async () => {
    const dataset = DATASETS.find(({ name }) => name === 'balances')!
    const options = { from: 0, to: BLOCKS, format: 'csv' } as const
    const nowhere = path.join(folder, 'no', 'such.csv')
    await expect(exportToFile(dataset, source, options, nowhere)).rejects.toMatchObject({ code: 'DATASET_UNWRITABLE' })
    while (await maker.chain.prune({ blocksFrom: 3, statesFrom: 3 })) {}
    const pruned = await openDatasetSource(maker.chain, maker.genesis)
    await expect(exportToFile(dataset, pruned, options, fileOf('made', 'csv'))).rejects.toMatchObject({
      code: 'BLOCK_PRUNED',
    })
  })
})
