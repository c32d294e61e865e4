/**
 * The size of two-anchor proofs: by the lane's own activity, and by the number of other lanes. `npx tsx
 * scripts/analysis/lane-proofs.ts`, with `--svg FILE` (tmp/lane-proofs.svg).
 */
import fs from 'node:fs'
import path from 'node:path'
import { printTable, textOption } from '../bench/report.ts'
import { chartSvg } from './chart.ts'
import { MAX_OTHER_LANES, proofSizes } from './lane-proof-size.ts'

const file = textOption('svg') ?? path.join('tmp', 'lane-proofs.svg')
/** Blocks that touch the lane, and how many of its transactions each holds. */
const RATES = [1, 4, 16] as const
const BLOCKS = 100
const FEW_LANES = 1_023
const DOUBLINGS = 6
const BLOCKS_AMONG_MANY = 8

const byActivity = RATES.map((rate) => ({
  name: `${rate} a block`,
  mark: 'line' as const,
  points: proofSizes(FEW_LANES, BLOCKS, rate).map((bytes, blocks) => [blocks, bytes] as const),
}))

const byOthers = Array.from({ length: DOUBLINGS + 1 }, (_, doubling) => {
  const others = Math.min((FEW_LANES + 1) * 2 ** doubling, MAX_OTHER_LANES)
  return { doubling, others, sizes: RATES.map((rate) => proofSizes(others, BLOCKS_AMONG_MANY, rate).at(-1)!) }
})
printTable(
  ['other lanes', ...RATES.map((rate) => `${BLOCKS_AMONG_MANY * rate} transactions`)],
  byOthers.map(({ others, sizes }) => [others.toLocaleString('en'), ...sizes.map((bytes) => `${bytes} bytes`)]),
)

const svg = chartSvg(
  {
    title: `Two-anchor proofs among ${FEW_LANES + 1} lanes`,
    x: 'blocks that touch the lane',
    y: 'bytes',
    series: byActivity,
  },
  {
    title: `The same after ${BLOCKS_AMONG_MANY} blocks, as other lanes double`,
    x: `doublings of the other lanes, from ${FEW_LANES + 1} to ${MAX_OTHER_LANES + 1}`,
    y: 'bytes',
    series: RATES.map((rate, i) => ({
      name: `${rate} a block`,
      mark: 'line' as const,
      points: byOthers.map(({ doubling, sizes }) => [doubling, sizes[i]!] as const),
    })),
  },
)
fs.mkdirSync(path.dirname(file), { recursive: true })
fs.writeFileSync(file, svg)
