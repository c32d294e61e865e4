import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { Devnet } from './devnet.ts'

const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-snapshots-'))
afterAll(() => fs.rmSync(dataDir, { recursive: true, force: true }))

it('a revert uses up its snapshot and all later ones, on disk too', async () => {
  const devnet = await Devnet.start({
    plan: { validators: 1, workers: 0, accounts: 1, blockIntervalMs: 20 },
    dataDir,
    port: 0,
    clientVersion: 'quern/test',
    onFailure: (_, error) => {
      throw error
    },
  })
  try {
    const { controls } = devnet
    const kept = () => fs.readdirSync(path.join(dataDir, 'snapshots')).sort()
    const [first, second] = [await controls.snapshot(), await controls.snapshot()]
    await controls.snapshot()
    expect(kept()).toHaveLength(3)
    expect(await controls.revert(second)).toBe(true)
    expect(kept()).toEqual([String(first)])
    expect(await controls.revert(second)).toBe(false)
    expect(await controls.revert(first)).toBe(true)
    expect(kept()).toEqual([])
    await controls.mine(2)
  } finally {
    await devnet.stop()
  }
})
