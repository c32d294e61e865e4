/** The five questions: queries/NAME.sql over a folder of exported datasets, and what each draws. */
import fs from 'node:fs'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Chart, Series } from './chart.ts'

export type Answer = readonly Readonly<Record<string, unknown>>[]

const QUERIES = new URL('queries/', import.meta.url)

/** What a folder must hold: `quern chain dataset NAME` for each. */
export const DATASETS_NEEDED = ['blocks', 'transactions', 'results', 'validators', 'rewards', 'timings'] as const

export const QUESTIONS = ['leadership', 'inequality', 'finality', 'difficulty', 'gas'] as const
export type Question = (typeof QUESTIONS)[number]

/** Counts are small, and everything that is not is text or floating point in the SQL already. */
const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)

/** @param folder of the Parquet files, by their default names */
export async function answer(folder: string): Promise<Readonly<Record<Question, Answer>>> {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  try {
    await connection.run(`SET file_search_path = '${path.resolve(folder).replaceAll("'", "''")}'`)
    const answers: Partial<Record<Question, Answer>> = {}
    for (const question of QUESTIONS) {
      const sql = fs.readFileSync(new URL(`${question}.sql`, QUERIES), 'utf8')
      const rows = (await connection.runAndReadAll(sql)).getRowObjectsJS()
      answers[question] = rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
      )
    }
    return answers as Record<Question, Answer>
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const points = (rows: Answer, x: string, y: string): Series['points'] =>
  rows.flatMap((row) => (row[y] === null ? [] : [[Number(row[x]), Number(row[y])] as const]))

const line = (name: string, rows: Answer, x: string, y: string): Series => ({
  name,
  mark: 'line',
  points: points(rows, x, y),
})

function lorenz(rows: Answer, party: string): Series {
  const own = rows.filter((row) => row.party === party)
  const gini = Number(own[0]?.gini ?? 0).toFixed(2)
  const curve = points(own, 'recipients_share', 'wei_share')
  return { name: `${own.length} ${party}, Gini ${gini}`, mark: 'line', points: [[0, 0], ...curve] }
}

const DIAGONAL: Series['points'] = [
  [0, 0],
  [1, 1],
]

export const CHARTS: Readonly<Record<Question, (rows: Answer) => Chart>> = {
  leadership: (rows) => {
    const highest = Math.max(0, ...rows.flatMap((row) => [Number(row.expected_share), Number(row.led_share)]))
    return {
      title: 'Leadership against weight: each validator',
      x: 'share of leader-election weight (stake and work)',
      y: 'share',
      series: [
        { name: 'share of blocks led', mark: 'dots', points: points(rows, 'expected_share', 'led_share') },
        { name: 'as expected', mark: 'dashes', points: [DIAGONAL[0]!, [highest, highest]] },
        {
          name: 'share of work',
          mark: 'dots',
          points: points(rows, 'expected_share', 'work_share'),
        },
      ],
    }
  },
  inequality: (rows) => ({
    title: 'Inequality of rewards: Lorenz curves',
    x: 'share of recipients, poorest first',
    y: 'share of rewards',
    isUnit: true,
    series: [
      lorenz(rows, 'validators'),
      lorenz(rows, 'workers'),
      { name: 'all alike', mark: 'dashes', points: DIAGONAL },
    ],
  }),
  finality: (rows) => ({
    title: 'Finality: from a block to the first one made on a final block',
    x: 'epoch',
    y: 'milliseconds',
    series: [
      line('median', rows, 'epoch', 'p50_ms'),
      line('nine of ten within', rows, 'epoch', 'p90_ms'),
      line('longest', rows, 'epoch', 'max_ms'),
      { name: 'mean block interval', mark: 'dashes', points: points(rows, 'epoch', 'interval_ms') },
    ],
  }),
  difficulty: (rows) => ({
    title: 'Difficulty follows the work',
    x: 'epoch',
    y: 'multiply-accumulates',
    isLogarithmic: true,
    series: [
      line('difficulty', rows, 'epoch', 'difficulty_macs'),
      line('verified work a block', rows, 'epoch', 'work_per_block_macs'),
    ],
  }),
  gas: (rows) => ({
    title: 'Gas: how full blocks are',
    x: 'epoch',
    y: 'share of the gas limit',
    series: [line('mean', rows, 'epoch', 'fill_share'), line('fullest block', rows, 'epoch', 'fullest_share')],
  }),
}
