/**
 * Archives: export from a store, reading without execution, and import, which executes and verifies everything, beside a plain
 * copy of the same file.
 *
 *     npx tsx scripts/bench/archive.ts [--blocks 60] [--transfers 2000]
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ArchiveReader } from '../../node/archive/archive-reader.ts'
import { exportArchive } from '../../node/archive/export.ts'
import { importArchive } from '../../node/archive/import.ts'
import { genesisEntry } from '../../node/genesis-entry.ts'
import { ChainStore } from '../../node/storage/chain-store.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { ChainMaker } from '../../node/testing/chain-maker.ts'
import { MADE_PARAMS } from '../../node/testing/chain-plan.ts'
import { numberOption, printTable, secondsOf, times } from './report.ts'

const blocks = numberOption('blocks', 60)
const transfersPerBlock = numberOption('transfers', 2_000)

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-bench-archive-'))
const place = (name: string): string => path.join(folder, name)
try {
  const store = await LevelStore.open(place('made'))
  const params = { ...MADE_PARAMS, gasLimit: 240_000_000 }
  const maker = await ChainMaker.open(store, { transfersPerBlock, params })
  await maker.run(blocks)
  const options = { from: 1, to: blocks, file: place('chain.era') }
  let bytes = 0
  const rows: string[][] = []
  const row = (what: string, seconds: number, size = bytes): void => {
    rows.push([what, `${seconds.toFixed(2)} s`, `${(size / seconds / 1e6).toFixed(1)} MB/s`, times(seconds / copied)])
  }
  const exported = await secondsOf(async () => {
    bytes = (await exportArchive(maker.genesis, maker.chain, options)).bytes
  })
  const copied = await secondsOf(() => fs.promises.cp(options.file, place('copy.era')))
  row('copy of the file', copied)
  row('export', exported)
  let withState = 0
  const exportedAll = await secondsOf(async () => {
    withState = (
      await exportArchive(maker.genesis, maker.chain, { ...options, file: place('state.era'), withWrites: true })
    ).bytes
  })
  row('export --with-state', exportedAll, withState)
  await store.close()
  const reader = await ArchiveReader.open(options.file)
  row(
    'read and decode',
    await secondsOf(async () => {
      for await (const _ of reader.blocks());
    }),
  )
  for (const threads of [1, 2]) {
    const target = await LevelStore.open(place(`import-${threads}`))
    const chain = await ChainStore.open(target, genesisEntry(reader.genesis))
    const seconds = await secondsOf(async () => {
      await importArchive(reader, chain, { threads: threads - 1 })
    })
    row(`import, ${threads} ${threads === 1 ? 'thread' : 'threads'}`, seconds)
    await target.close()
  }
  await reader.close()
  console.log(
    `${blocks} blocks of ${transfersPerBlock} transfers: ${(bytes / 1e6).toFixed(1)} MB, with state ${(withState / 1e6).toFixed(1)} MB`,
  )
  printTable(['', 'took', 'of the archive', 'against a copy'], rows)
} finally {
  fs.rmSync(folder, { recursive: true, force: true })
}
