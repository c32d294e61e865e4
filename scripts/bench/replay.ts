/**
 * Replay of a chain of transfers and of one of all kinds, from genesis, on one thread and on two; and the signatures alone,
 * which no replay of these blocks can be quicker than.
 *
 *     npx tsx scripts/bench/replay.ts [--blocks 60] [--transfers 2000] [--mixed 500]
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { recoverInline } from '../../consensus/replay.ts'
import { ArchiveReader } from '../../node/archive/archive-reader.ts'
import { exportArchive } from '../../node/archive/export.ts'
import { replay } from '../../node/replay/replay.ts'
import { openReplaySource } from '../../node/replay/source.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { ChainMaker } from '../../node/testing/chain-maker.ts'
import { type ChainPlan, MADE_PARAMS } from '../../node/testing/chain-plan.ts'
import { numberOption, perSecond, printTable, secondsOf } from './report.ts'

const blocks = numberOption('blocks', 60)
const transfers = numberOption('transfers', 2_000)
const mixed = numberOption('mixed', 500)

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-bench-replay-'))
const rows: string[][] = []
let peakBytes = 0
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage().rss)
}, 100)

async function measure(name: string, count: number, plan: Partial<ChainPlan>): Promise<void> {
  const file = path.join(folder, `${name}.era`)
  const store = await LevelStore.open(path.join(folder, name))
  const maker = await ChainMaker.open(store, plan)
  await maker.run(count)
  await exportArchive(maker.genesis, maker.chain, { from: 1, to: count, file })
  await store.close()
  const archive = await ArchiveReader.open(file)
  const { genesis } = archive
  let transactions = 0
  const recover = recoverInline(genesis.params)
  const alone = await secondsOf(async () => {
    for await (const { block } of archive.blocks()) {
      recover(block.transactions)
      transactions += block.transactions.length
    }
  })
  const row = (what: string, seconds: number): void => {
    rows.push([
      `${name}: ${what}`,
      `${seconds.toFixed(2)} s`,
      perSecond(transactions, seconds),
      perSecond(count, seconds),
    ])
  }
  row('decoding and senders alone, one thread', alone)
  for (const threads of [1, 2]) {
    const source = await openReplaySource({ genesis, archive }, {})
    peakBytes = 0
    const seconds = await secondsOf(async () => {
      const { stoppedBy } = await replay(source, { threads })
      if (stoppedBy !== undefined) throw new Error(`${stoppedBy.height}: ${stoppedBy.failure.message}`)
    })
    row(`replay, ${threads} ${threads === 1 ? 'thread' : 'threads'} (${Math.round(peakBytes / 1e6)} MB)`, seconds)
  }
  await archive.close()
}

try {
  await measure('transfers', blocks, {
    transfersPerBlock: transfers,
    params: { ...MADE_PARAMS, gasLimit: 240_000_000 },
  })
  await measure('all kinds', mixed, {})
  printTable(['', 'took', 'transactions/s', 'blocks/s'], rows)
} finally {
  clearInterval(watch)
  fs.rmSync(folder, { recursive: true, force: true })
}
