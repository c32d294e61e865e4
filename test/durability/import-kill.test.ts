/** `quern chain import` killed again and again: it goes on from the last block that reached the disk, and ends in the same roots. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { MemoryStore } from '../../core/kv.ts'
import { exportArchive } from '../../node/archive/export.ts'
import { genesisText } from '../../node/config/genesis-file.ts'
import { homePaths } from '../../node/config/home-paths.ts'
import { genesisEntry } from '../../node/genesis-entry.ts'
import { ChainStore } from '../../node/storage/chain-store.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { ChainMaker } from '../../node/testing/chain-maker.ts'

const BLOCKS = 400
/** Each life is half as long again as the one before, until one is long enough: some end in the middle on any machine. */
const FIRST_LIFE_MS = 400
const LONGER = 1.5
const MAX_LIVES = 15

let home: string
let archive: string
let maker: ChainMaker

beforeAll(async () => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-import-'))
  archive = path.join(home, 'chain.era')
  maker = await ChainMaker.open(new MemoryStore(), { transactionsPerBlock: 2 })
  await maker.run(BLOCKS)
  await exportArchive(maker.genesis, maker.chain, { from: 1, to: BLOCKS, file: archive })
  fs.writeFileSync(homePaths(home).genesis, genesisText(maker.genesis))
})

afterAll(() => fs.rmSync(home, { recursive: true, force: true }))

/** @returns code null where it was killed before it was done */
function run(killAfterMs: number): Promise<{ readonly code: number | null; readonly stdout: string }> {
  return new Promise((resolve) => {
    const args = [inject('executable'), 'chain', 'import', archive, '--home', home, '--json']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code, stdout })
    })
  })
}

async function headHeight(): Promise<number> {
  if (!fs.existsSync(homePaths(home).data)) return 0
  const store = await LevelStore.open(homePaths(home).data)
  try {
    const chain = await ChainStore.open(store, genesisEntry(maker.genesis))
    const { header } = chain.head
    expect(toHex(chain.state.root)).toBe(toHex(maker.chain.blockAt(header.height)!.block.header.stateRoot))
    return header.height
  } finally {
    await store.close()
  }
}

it('resumes after kill -9, wherever that was', async () => {
  const heights: number[] = []
  let last = await run(FIRST_LIFE_MS)
  for (let life = 1; last.code === null && life < MAX_LIVES; life++) {
    heights.push(await headHeight())
    last = await run(FIRST_LIFE_MS * LONGER ** life)
  }
  expect(heights).toEqual(heights.toSorted((a, b) => a - b))
  expect(heights.some((height) => height > 0 && height < BLOCKS)).toBe(true)
  expect(last.code).toBe(0)
  const { height, hash, stateRoot, blocks } = JSON.parse(last.stdout)
  const { head } = maker.chain
  expect({ height, hash, stateRoot, blocks }).toEqual({
    height: BLOCKS,
    hash: toHex(head.hash),
    stateRoot: toHex(head.header.stateRoot),
    blocks: BLOCKS - heights.at(-1)!,
  })
  console.log(`killed at ${heights.join(', ')} of ${BLOCKS} blocks`)
})
