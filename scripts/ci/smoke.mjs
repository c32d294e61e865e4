// A devnet as a newcomer starts it, from outside and with nothing but Node.js: `npx quern devnet` makes 100 final blocks
// without a word on stderr, includes compute results, is found healthy by `quern devnet check`, stops when interrupted, and
// goes on from the same folder.
// Prints what it measured; exits with 1 where that is wrong. Limits are generous: this runs on busy machines too.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
const FLAGS = ['devnet', '--json', '--rpc-port', '0']
const FINAL_BLOCKS = 100
/** Goals are 4 s and 2 s on a quiet machine. */
const FIRST_BLOCK_LIMIT_MS = 20_000
const STOP_LIMIT_MS = 10_000
const BLOCKS_LIMIT_MS = 180_000
const POLL_MS = 20

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-smoke-'))
const running = new Set()
const pause = () => new Promise((resolve) => setTimeout(resolve, POLL_MS))

function start(command, args) {
  const startMs = performance.now()
  // Of a group of its own, so that it can be interrupted as a terminal does it: npx and what it started, together.
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const devnet = { child, startMs, stdout: '', stderr: '', ended: false }
  running.add(devnet)
  child.stdout.setEncoding('utf8').on('data', (text) => {
    devnet.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    devnet.stderr += text
  })
  devnet.closed = new Promise((resolve) =>
    child.once('close', (code) => {
      devnet.ended = true
      running.delete(devnet)
      resolve(code)
    }),
  )
  return devnet
}

async function until(devnet, limitMs, what, ask) {
  const endMs = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (devnet.ended) throw new Error(`the devnet ended before ${what}:\n${devnet.stdout}${devnet.stderr}`)
    if (performance.now() > endMs) throw new Error(`no ${what} within ${limitMs / 1000} s:\n${devnet.stderr}`)
    await pause()
  }
}

async function ready(devnet) {
  const line = await until(devnet, FIRST_BLOCK_LIMIT_MS, 'ready line', () =>
    /^\{"event":"ready".*$/m.exec(devnet.stdout),
  )
  return JSON.parse(line[0])
}

async function rpc(url, method, params) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const { result, error } = await (await fetch(url, { method: 'POST', body })).json()
  if (error) throw new Error(`${method}: ${error.message}`)
  return result
}

const finalHeight = async (url) => (await rpc(url, 'chain_getHeader', ['finalized'])).height

async function stop(devnet) {
  const stopMs = performance.now()
  process.kill(-devnet.child.pid, 'SIGINT')
  await until(devnet, STOP_LIMIT_MS, 'end after Ctrl-C', () => devnet.ended)
  return { code: await devnet.closed, ms: performance.now() - stopMs }
}

/** npm's own remarks on its settings are not ours. */
const ownErrors = ({ stderr }) => stderr.split('\n').filter((line) => line !== '' && !line.startsWith('npm '))

function expect(condition, what) {
  if (!condition) throw new Error(`it should hold that ${what}`)
}

async function firstRun() {
  const devnet = start('npx', ['quern', ...FLAGS, '--seed', 'ci', '--block-interval-ms', '100', '--data-dir', folder])
  const { rpc: url, genesis } = await ready(devnet)
  const readyMs = performance.now() - devnet.startMs
  await until(devnet, FIRST_BLOCK_LIMIT_MS, 'block', async () => (await rpc(url, 'eth_blockNumber', [])) !== '0x0')
  const firstBlockMs = performance.now() - devnet.startMs
  console.log(`npx quern devnet: ready after ${seconds(readyMs)}, first block after ${seconds(firstBlockMs)}`)
  expect(firstBlockMs < FIRST_BLOCK_LIMIT_MS, `the first block comes within ${FIRST_BLOCK_LIMIT_MS} ms`)

  await until(
    devnet,
    BLOCKS_LIMIT_MS,
    `${FINAL_BLOCKS} final blocks`,
    async () => (await finalHeight(url)) >= FINAL_BLOCKS,
  )
  const blocksMs = performance.now() - devnet.startMs - firstBlockMs
  const headers = await Promise.all(
    Array.from({ length: FINAL_BLOCKS }, (_, i) => rpc(url, 'chain_getHeader', [i + 1])),
  )
  const results = headers.reduce((sum, { result_count }) => sum + result_count, 0)
  const skipped = headers.reduce((sum, { epoch, view }, i) => sum + skippedViews({ epoch, view }, headers[i - 1]), 0)
  console.log(
    `${FINAL_BLOCKS} final blocks in ${seconds(blocksMs)}, ${results} results in them, ${skipped} views without a block`,
  )
  // Luck decides when: the lottery may well take longer than these blocks.
  if (results === 0) {
    const isIncluded = async () => (await rpc(url, 'poc_getWorkers', [])).length > 0
    await until(devnet, BLOCKS_LIMIT_MS, 'compute result in a block', isIncluded)
  }
  await check(url)
  const height = await finalHeight(url)
  const { ms } = await stop(devnet)
  console.log(`stopped ${seconds(ms)} after Ctrl-C, at height ${height}`)
  expect(ownErrors(devnet).length === 0, `nothing is written to stderr:\n${devnet.stderr}`)
  return { genesis, height }
}

async function check(url) {
  const command = start(process.execPath, ['bin/quern.js', 'devnet', 'check', '--seconds', '30', '--rpc', url])
  const code = await command.closed
  console.log(command.stdout.trimEnd())
  expect(code === 0, `the network is found healthy:\n${command.stderr}`)
}

/** Views between a block and the one before it. */
function skippedViews({ epoch, view }, before) {
  return before === undefined || before.epoch !== epoch ? view : view - before.view - 1
}

async function secondRun({ genesis, height }) {
  const devnet = start(process.execPath, ['bin/quern.js', ...FLAGS, '--data-dir', folder])
  const again = await ready(devnet)
  expect(again.genesis === genesis, 'the same folder holds the same chain')
  const from = await finalHeight(again.rpc)
  expect(from >= height, `the chain goes on from ${height}, not from ${from}`)
  await until(devnet, BLOCKS_LIMIT_MS, 'more blocks', async () => (await finalHeight(again.rpc)) >= from + 5)
  const { code, ms } = await stop(devnet)
  console.log(
    `started again at height ${from}, went on, and stopped ${seconds(ms)} after Ctrl-C with exit code ${code}`,
  )
  expect(code === 0, 'an interrupted devnet exits with 0')
  expect(ownErrors(devnet).length === 0, `nothing is written to stderr:\n${devnet.stderr}`)
}

const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`

try {
  await secondRun(await firstRun())
  console.log('smoke: passed')
} catch (error) {
  console.error(`smoke: ${error.message}`)
  process.exitCode = 1
} finally {
  for (const { child } of running) process.kill(-child.pid, 'SIGKILL')
  fs.rmSync(folder, { recursive: true, force: true })
}
