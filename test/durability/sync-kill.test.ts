/** kill -9 in the middle of a sync, life after life on one store: each goes on where the last one was, to the same chain. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { testGenesis } from '../../consensus/testing/chain.ts'
import { toHex } from '../../core/bytes.ts'
import { genesisEntry } from '../../node/genesis-entry.ts'
import { ChainStore } from '../../node/storage/chain-store.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { makeChain, SYNC_PARAMS, SYNC_VALIDATORS } from '../../node/sync/sync-fixture.ts'

const PROGRAM = fileURLToPath(new URL('sync-process.ts', import.meta.url))
const BLOCKS = 160
/** Heights at which a life ends: at its first block, inside a portion, at the end of an epoch, just before the end. */
const KILLS = [1, 37, 64, 96, 158]

let running: ChildProcess | undefined
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-sync-kill-'))
afterEach(() => {
  running?.kill('SIGKILL')
  fs.rmSync(directory, { recursive: true, force: true })
})

/** One life, killed once it reports this height. @returns what it found, and the last that it reported */
async function live(killAt: number): Promise<{ readonly found: number; readonly last: number }> {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, directory, String(BLOCKS)], { stdio: [...stdio] })
  running = child
  const ended = new Promise((resolve) => child.once('exit', resolve))
  let found = -1
  let last = -1
  for await (const line of readline.createInterface({ input: child.stdout! })) {
    const [what, height] = line.split(' ')
    if (what === 'found') found = Number(height)
    last = Math.max(last, Number(height))
    if (what === 'final' && last >= killAt) child.kill('SIGKILL')
  }
  await ended
  return { found, last }
}

it('loses no block that was reported, and ends with the chain of its peers', { timeout: 120_000 }, async () => {
  let before = 0
  for (const killAt of [...KILLS, Number.POSITIVE_INFINITY]) {
    const { found, last } = await live(killAt)
    expect(found).toBeGreaterThanOrEqual(before)
    before = last
  }
  expect(before).toBe(BLOCKS)
  const { blocks, scheme } = makeChain(BLOCKS)
  const store = await LevelStore.open(directory)
  const chain = await ChainStore.open(store, genesisEntry(testGenesis(SYNC_VALIDATORS, SYNC_PARAMS, scheme)))
  expect(toHex(chain.head.hash)).toBe(toHex(blocks.at(-1)!.block.hash))
  // Each block with what proves it.
  for (let height = 1; height <= BLOCKS; height++) expect(chain.finalization(height), `${height}`).toBeDefined()
  await store.close()
})
