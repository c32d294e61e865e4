/**
 * Asks a chain five questions and draws the answers.
 *
 *     for name in blocks transactions results validators rewards timings; do quern chain dataset $name; done
 *     npx tsx scripts/analysis/chain.ts [FOLDER] [--out FOLDER]
 *
 * FOLDER: where the Parquet files are (default: here). The answers go to NAME.json and NAME.svg in --out (default: tmp/analysis).
 */
import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { chartSvg } from './chart.ts'
import { answer, CHARTS, DATASETS_NEEDED, QUESTIONS } from './queries.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: 'tmp/analysis' } },
})
const folder = positionals[0] ?? '.'
const missing = DATASETS_NEEDED.filter((name) => !fs.existsSync(path.join(folder, `${name}.parquet`)))
if (missing.length > 0) {
  console.error(`no ${missing.join(', ')} in ${folder}: write them with \`quern chain dataset NAME\``)
  process.exit(2)
}

fs.mkdirSync(values.out, { recursive: true })
const answers = await answer(folder)
for (const question of QUESTIONS) {
  const rows = answers[question]
  fs.writeFileSync(path.join(values.out, `${question}.json`), `${JSON.stringify(rows, null, 1)}\n`)
  fs.writeFileSync(path.join(values.out, `${question}.svg`), chartSvg(CHARTS[question](rows)))
  console.log(`\n${question}`)
  console.table(rows.slice(0, 20))
}
