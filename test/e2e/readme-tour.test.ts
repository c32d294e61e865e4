/** The README's five minutes, run as they stand there against a devnet as the README starts it. */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT } from '../pure-folders.ts'
import { TestDevnet } from './devnet-fixture.ts'
import { EASY_DIFFICULTY_MACS } from './lottery.ts'

const DEFAULT_URL = 'http://127.0.0.1:8545'

let net: TestDevnet
let folder: string

beforeAll(async () => {
  net = await TestDevnet.start({ validators: 4, workers: 1, difficultyMacs: EASY_DIFFICULTY_MACS * 16 })
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-tour-'))
})
afterAll(async () => {
  fs.rmSync(folder, { recursive: true, force: true })
  await net.stop()
})

it('sends a transfer and proves a result', async () => {
  const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8')
  const tour = /^```js\n([\s\S]+?)^```$/m.exec(readme)?.[1]
  expect(tour).toContain(DEFAULT_URL)
  // Where Node.js looks for packages from the tour's folder.
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'junction')
  const file = path.join(folder, 'tour.mjs')
  fs.writeFileSync(file, tour!.replace(DEFAULT_URL, net.url))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file])
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^transfer in block \d+n success$/m)
  expect(stdout).toMatch(/^block \d+ has [1-9]\d* result\(s\)$/m)
  expect(stdout).toMatch(/^cpc1[0-9a-z]{38} proved: true$/m)
  expect(stdout).toContain('work_macs')
})
