import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MemoryStore } from '../../core/kv.ts'
import { DATASETS } from '../../node/dataset/datasets.ts'
import { exportToFile } from '../../node/dataset/export.ts'
import { openDatasetSource } from '../../node/dataset/open.ts'
import { ChainMaker } from '../../node/testing/chain-maker.ts'
import { MADE_PARAMS } from '../../node/testing/chain-plan.ts'
import { epochs } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { chartSvg } from './chart.ts'
import { type Answer, answer, CHARTS, DATASETS_NEEDED, QUESTIONS, type Question } from './queries.ts'

const BLOCKS = 34
const EPOCH_BLOCKS = 8
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-analysis-'))
let maker: ChainMaker
let answers: Readonly<Record<Question, Answer>>

beforeAll(async () => {
  const params = { ...MADE_PARAMS, epochBlocks: EPOCH_BLOCKS, seedWindowBlocks: 4 }
  maker = await ChainMaker.open(new MemoryStore(), { seed: 3, params })
  await maker.run(BLOCKS)
  const source = await openDatasetSource(maker.chain, maker.genesis)
  for (const name of DATASETS_NEEDED) {
    const dataset = DATASETS.find((each) => each.name === name)!
    await exportToFile(
      dataset,
      source,
      { from: 0, to: BLOCKS, format: 'parquet' },
      path.join(folder, `${name}.parquet`),
    )
  }
  answers = await answer(folder)
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const blocks = () => Array.from({ length: BLOCKS }, (_, i) => maker.chain.blockAt(i + 1)!)
const sum = (rows: Answer, name: string): number => rows.reduce((total, row) => total + Number(row[name]), 0)
const EPOCHS = Math.ceil(BLOCKS / EPOCH_BLOCKS)

describe('five questions to a small chain', () => {
  test('leadership: every block was led by somebody, and weights share them out', () => {
    const { leadership } = answers
    expect(sum(leadership, 'blocks_led')).toBe(BLOCKS)
    expect(sum(leadership, 'blocks_expected')).toBeCloseTo(BLOCKS, 9)
    for (const share of ['led_share', 'expected_share', 'stake_share', 'work_share']) {
      expect(sum(leadership, share)).toBeCloseTo(1, 9)
    }
  })

  test('inequality: the Gini coefficient is half the mean difference over the mean', () => {
    for (const party of ['validators', 'workers']) {
      const own = answers.inequality.filter((row) => row.party === party)
      const incomes = own.map(({ wei }) => Number(wei))
      const mean = incomes.reduce((total, wei) => total + wei, 0) / incomes.length
      const difference = incomes.flatMap((a) => incomes.map((b) => Math.abs(a - b))).reduce((a, b) => a + b, 0)
      const gini = difference / incomes.length ** 2 / mean / 2
      expect(own.length).toBeGreaterThan(1)
      expect(Number(own[0]!.gini)).toBeCloseTo(gini, 9)
      expect(Number(own.at(-1)!.wei_share)).toBeCloseTo(1, 12)
    }
  })

  test('finality: no quicker than the next block, and every epoch is there', () => {
    expect(answers.finality.map(({ epoch }) => epoch)).toEqual(Array.from({ length: EPOCHS }, (_, i) => i))
    // The head has no block after it.
    expect(sum(answers.finality, 'blocks')).toBe(BLOCKS - 1)
    for (const { p50_ms, p90_ms, max_ms } of answers.finality) {
      expect(Number(p50_ms)).toBeGreaterThanOrEqual(MADE_PARAMS.blockIntervalMs)
      expect(Number(p90_ms)).toBeGreaterThanOrEqual(Number(p50_ms))
      expect(Number(max_ms)).toBeGreaterThanOrEqual(Number(p90_ms))
    }
  })

  test('difficulty: that of the headers, and the work that the chain counted', () => {
    const state = maker.chain.stateAt(BLOCKS)!
    for (const { epoch, difficulty_macs, results, work_per_block_macs } of answers.difficulty) {
      const own = blocks().filter(({ block }) => block.header.epoch === epoch)
      expect(difficulty_macs).toBe(Number(own[0]!.block.header.difficulty))
      const record = readRecord(state, epochs, Number(epoch))
      if (record === undefined) continue
      expect([epoch, results]).toEqual([epoch, record.results])
      expect(Number(work_per_block_macs) * own.length).toBeCloseTo(Number(record.workMacs), 3)
    }
  })

  test('gas: sums and shares of the headers', () => {
    const used = blocks().reduce((total, { block }) => total + block.header.gasUsed, 0)
    const count = blocks().reduce((total, { block }) => total + block.transactions.length, 0)
    expect(sum(answers.gas, 'transactions')).toBe(count)
    const [whole] = answers.gas
    const first = blocks().slice(0, EPOCH_BLOCKS)
    const firstUsed = first.reduce((total, { block }) => total + block.header.gasUsed, 0)
    expect(Number(whole!.fill_share)).toBeCloseTo(firstUsed / (EPOCH_BLOCKS * MADE_PARAMS.gasLimit), 12)
    expect(used).toBeGreaterThan(firstUsed)
  })

  test('each is drawn inside its frame', () => {
    for (const question of QUESTIONS) {
      const svg = chartSvg(CHARTS[question](answers[question]))
      const places = [...svg.matchAll(/(?:c[xy]|points)="([^"]+)"/g)].flatMap(([, text]) =>
        text!.split(/[ ,]/).map(Number),
      )
      expect(places.length).toBeGreaterThan(4)
      for (const place of places) expect([question, place >= 0 && place <= 640]).toEqual([question, true])
      expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    }
  })

  test('a chart of nothing is a chart', () => {
    expect(chartSvg({ title: 'a < b', x: 'x', y: 'y', series: [], isLogarithmic: true })).toContain('a &lt; b')
  })
})
