import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openDirectory } from './directory.ts'
import type { DevnetPlan } from './genesis.ts'

const PLAN: DevnetPlan = {
  seed: 'mill',
  validators: 4,
  workers: 1,
  mnemonic: 'none',
  accounts: 10,
  balanceWei: 10n ** 22n,
  timestampMs: 1,
}

let folder: string

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-directory-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const open = (given: Partial<DevnetPlan>, dataDir = folder) =>
  openDirectory(dataDir, given, (partial) => ({ ...PLAN, ...partial }))

it('continues a chain with its own plan', async () => {
  await open({ balanceWei: 5n }).savePlan()
  expect(open({}).plan).toEqual({ ...PLAN, balanceWei: 5n })
  expect(open({ balanceWei: 5n, seed: 'mill' }).plan.balanceWei).toBe(5n)
})

it('names the flags that disagree as the command line does', async () => {
  await open({}).savePlan()
  expect(() => open({ balanceWei: 5n * 10n ** 18n })).toThrow('made with --balance 10000, not --balance 5:')
  expect(() => open({ blockIntervalMs: 9 })).toThrow('the default --block-interval-ms, not --block-interval-ms 9:')
})

it('says that a file is no folder', () => {
  const file = path.join(folder, 'file')
  fs.writeFileSync(file, '')
  expect(() => open({}, file)).toThrow(expect.objectContaining({ code: 'DATA_DIR_INVALID' }))
})
