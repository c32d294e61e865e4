/**
 * Difficulty under churn: a table, and a plot of results per block by epoch. `npx tsx scripts/analysis/difficulty.ts`, with
 * `--epochs N` (1,000), `--seed N` (1), `--network NAME` (devnet), `--svg FILE` (tmp/difficulty.svg).
 */
import fs from 'node:fs'
import path from 'node:path'
import { type NetworkName, PRESETS } from '../../vm/params.ts'
import { numberOption, printTable, textOption } from '../bench/report.ts'
import { playChurn } from './churn.ts'
import { summarise } from './figures.ts'
import { plotSvg } from './plot.ts'
import { START_DIFFICULTY_MACS, scenariosFor } from './scenarios.ts'

const network = textOption('network') ?? 'devnet'
if (!Object.hasOwn(PRESETS, network)) throw new Error(`--network wants one of ${Object.keys(PRESETS).join(', ')}`)
const params = { ...PRESETS[network as NetworkName], genesisDifficultyMacs: START_DIFFICULTY_MACS }
const epochs = numberOption('epochs', 1_000)
const seed = numberOption('seed', 1)
const file = textOption('svg') ?? path.join('tmp', 'difficulty.svg')

const target = params.targetResultsPerBlock
const panels = scenariosFor(params).map(({ name, miners }) => ({
  title: name,
  figures: playChurn(miners, params, epochs, seed),
}))
const head = ['results per block', 'mean', 'least', 'most', 'D overshoot', 'recovery', 'drought', 'lost']
printTable(
  head,
  panels.map(({ title, figures }) => {
    const summary = summarise(figures, target)
    return [
      title,
      summary.meanPerBlock.toFixed(2),
      summary.leastPerBlock.toFixed(2),
      summary.mostPerBlock.toFixed(2),
      `${summary.overshoot.toFixed(2)}x`,
      `${summary.longestRecovery} ep.`,
      `${summary.longestDrought} ep.`,
      summary.lost.toLocaleString('en'),
    ]
  }),
)
fs.mkdirSync(path.dirname(file), { recursive: true })
fs.writeFileSync(file, plotSvg(panels, { targetPerBlock: target, maxPerBlock: params.maxResultsPerBlock }))
console.log(`${epochs} epochs of ${params.epochBlocks} blocks each, seed ${seed}; plot: ${file}`)
