// A fault drill on a network of four validators in four processes, from outside and with nothing but Node.js: kill -9 each in
// turn, SIGSTOP one, partition two from two and heal, then kill and start all at once. Through all of it: no fork, no final
// block lost, and finality back within RECOVERY_LIMIT_MS of a healthy quorum. Prints each step and its time; exits with 1
// where one of that is wrong. Needs the build. Options: --quick (fewer blocks, a shorter stop), --blocks N, --stop-seconds N,
// --data-dir DIR (kept; default: a temporary folder).
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const VALIDATORS = 4
const QUORUM = 3
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    blocks: { type: 'string' },
    'stop-seconds': { type: 'string' },
    'data-dir': { type: 'string' },
  },
})
const BLOCKS = Number(options.blocks ?? (options.quick ? 60 : 500))
const STOP_MS = 1_000 * Number(options['stop-seconds'] ?? (options.quick ? 5 : 30))
const PARTITION_MS = options.quick ? 3_000 : 15_000
const BLOCK_INTERVAL_MS = 100
/**
 * D. Views are led by lot, and each silent leader in a row doubles the wait (S3), from 0.3 s here: it takes six in a row, one
 * chance in 4,096, to make ten seconds.
 */
const NETWORK_DELAY_MS = 100

/** What is promised: finality is back so soon once a quorum is up and connected. */
const RECOVERY_LIMIT_MS = 10_000
/** Final blocks that count as finality being back: one may have been under way. */
const RECOVERED_BLOCKS = 2
/** A validator that was away is level with the others, blocks executed one by one. */
const CATCH_UP_LIMIT_MS = 60_000
const READY_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 3_000
/** Without a quorum nothing becomes final; what was under way when it was lost may still arrive. */
const SETTLE_MS = 1_000
const ANSWER_LIMIT_MS = 5_000
const POLL_MS = 50

const startMs = performance.now()
const folder = options['data-dir'] ?? fs.mkdtempSync(path.join(os.tmpdir(), 'quern-drill-'))
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`
const say = (text) => console.log(`${((performance.now() - startMs) / 1000).toFixed(1).padStart(7)} s  ${text}`)

function expect(condition, what) {
  if (!condition) throw new Error(`it should hold that ${what}`)
}

async function rpc(url, method, params = [], limitMs = ANSWER_LIMIT_MS) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(limitMs) })
  const { result, error } = await response.json()
  if (error) throw new Error(`${method}: ${error.data?.tag ?? ''} ${error.message}`)
  return result
}

/** @returns milliseconds that it took */
async function until(limitMs, what, ask) {
  const fromMs = performance.now()
  for (;;) {
    if (await ask()) return performance.now() - fromMs
    if (performance.now() - fromMs > limitMs) throw new Error(`${what}: not within ${seconds(limitMs)}`)
    await pause(POLL_MS)
  }
}

// ---------------------------------------------------------------------------------------------------- the devnet

const devnet = { child: undefined, ended: false, stdout: '', stderr: '' }

async function start() {
  const flags = {
    'data-dir': folder,
    validators: VALIDATORS,
    workers: 1,
    'rpc-port': 0,
    'block-interval-ms': BLOCK_INTERVAL_MS,
    'network-delay-ms': NETWORK_DELAY_MS,
  }
  const given = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])
  const args = ['bin/quern.js', 'devnet', '--processes', '--json', ...given]
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  devnet.child = child
  child.stdout.setEncoding('utf8').on('data', (text) => {
    devnet.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    devnet.stderr += text
  })
  devnet.closed = new Promise((resolve) =>
    child.once('close', (code) => {
      devnet.ended = true
      resolve(code)
    }),
  )
  const took = await until(READY_LIMIT_MS, 'the devnet is ready', () => {
    if (devnet.ended) throw new Error(`the devnet ended:\n${devnet.stdout}${devnet.stderr}`)
    return /^\{"event":"ready".*$/m.test(devnet.stdout)
  })
  const ready = JSON.parse(/^\{"event":"ready".*$/m.exec(devnet.stdout)[0])
  say(`ready after ${seconds(took)}: ${ready.nodes.map(({ name, pid }) => `${name} is ${pid}`).join(', ')}`)
  return ready.rpc
}

const restart = (url, index) => rpc(url, 'dev_restartValidator', [index], READY_LIMIT_MS)
/** As the devnet lists them: process and URL, null while one is down. */
const validators = async (url) => (await rpc(url, 'dev_getNodes')).slice(0, VALIDATORS)
const header = (url, ref) => rpc(url, 'chain_getHeader', [ref])
const finalHeight = async (url) => (await header(url, 'finalized')).height

// ----------------------------------------------------------------------------------------- what must never be lost

/** Hashes by height, of every block that any node called final while we looked. */
const seen = new Map()

function note({ height, hash }, who) {
  const before = seen.get(height)
  expect(
    before === undefined || before === hash,
    `height ${height} keeps its final block (${who} has ${hash}, was ${before})`,
  )
  seen.set(height, hash)
}

/** Asks every running node for its newest final block, all through the drill. */
async function watch(url, control) {
  while (!control.stopped) {
    const nodes = [{ name: 'node', rpc: url }, ...(await validators(url).catch(() => []))]
    const heads = nodes.flatMap(({ name, rpc: place }) =>
      place === null
        ? []
        : header(place, 'finalized').then(
            (head) => ({ name, head }),
            () => undefined,
          ),
    )
    for (const found of await Promise.all(heads)) {
      if (found === undefined) continue
      try {
        note(found.head, found.name)
      } catch (error) {
        control.failed ??= error
      }
    }
    await pause(POLL_MS)
  }
}

/** Every node has every block that was ever seen as final, and they are all of one chain. */
async function agree(url) {
  const nodes = [{ name: 'node', rpc: url }, ...(await validators(url))]
  const target = Math.max(...seen.keys())
  for (const { name, rpc: place } of nodes) {
    expect(place !== null, `${name} runs`)
    await until(
      CATCH_UP_LIMIT_MS,
      `${name} has block ${target}`,
      async () => (await finalHeight(place).catch(() => 0)) >= target,
    )
  }
  const heights = [...seen.keys()].filter((height) => height <= target)
  const compare = async ({ name, rpc: place }) => {
    for (const height of heights) note(await header(place, height), name)
  }
  await Promise.all(nodes.map(compare))
  return heights.length
}

// ------------------------------------------------------------------------------------------------------- the steps

/** Finality after `fromHeight`; the clock starts now. */
async function recovered(url, what, fromHeight) {
  const took = await until(RECOVERY_LIMIT_MS, `finality after ${what}`, async () => {
    return (await finalHeight(url)) >= fromHeight + RECOVERED_BLOCKS
  })
  say(`  finality is back ${seconds(took)} after ${what} (limit ${seconds(RECOVERY_LIMIT_MS)})`)
  return took
}

async function level(url, index) {
  const target = await finalHeight(url)
  const took = await until(CATCH_UP_LIMIT_MS, `validator ${index} at height ${target}`, async () => {
    const place = (await validators(url))[index].rpc
    return place !== null && (await finalHeight(place).catch(() => 0)) >= target
  })
  say(`  validator ${index} is level at ${target} after ${seconds(took)}`)
}

async function killEach(url) {
  const times = []
  for (let index = 0; index < VALIDATORS; index++) {
    const { pid } = (await validators(url))[index]
    process.kill(pid, 'SIGKILL')
    await until(ANSWER_LIMIT_MS, `validator ${index} is gone`, async () => (await validators(url))[index].pid === null)
    say(`killed validator ${index} (${pid}) with SIGKILL`)
    times.push(await recovered(url, 'the kill', await finalHeight(url)))
    await restart(url, index)
    await level(url, index)
  }
  return Math.max(...times)
}

async function stopOne(url) {
  const index = 1
  const { pid } = (await validators(url))[index]
  process.kill(pid, 'SIGSTOP')
  say(`stopped validator ${index} (${pid}) with SIGSTOP for ${seconds(STOP_MS)}`)
  try {
    const took = await recovered(url, 'the stop', await finalHeight(url))
    await pause(Math.max(0, STOP_MS - took))
    return took
  } finally {
    process.kill(pid, 'SIGCONT')
    await level(url, index)
  }
}

async function partition(url) {
  await rpc(url, 'dev_partition', [
    [
      [0, 1],
      [2, 3],
    ],
  ])
  await pause(SETTLE_MS)
  const places = (await validators(url)).map(({ rpc: place }) => place)
  const stuck = await Promise.all(places.map(finalHeight))
  say(`partitioned 0, 1 from 2, 3 at final heights ${stuck.join(', ')}`)
  await pause(PARTITION_MS)
  const heights = await Promise.all(places.map(finalHeight))
  // Whoever was behind may still catch up with its own half.
  expect(Math.max(...heights) === Math.max(...stuck), `half of the stake finalises nothing (now ${heights.join(', ')})`)
  await rpc(url, 'dev_heal')
  const took = await recovered(url, 'the healing', Math.max(...stuck))
  for (let index = 0; index < VALIDATORS; index++) await level(url, index)
  return took
}

/** Resolves with the `count`th of them to be done. */
function several(work, count) {
  return new Promise((resolve, reject) => {
    let left = count
    for (const each of work) each.then(() => --left === 0 && resolve(), reject)
  })
}

async function killAll(url) {
  const running = await validators(url)
  for (const { pid } of running) process.kill(pid, 'SIGKILL')
  await until(ANSWER_LIMIT_MS, 'all validators are gone', async () =>
    (await validators(url)).every(({ pid }) => pid === null),
  )
  const height = await finalHeight(url)
  say(`killed all four at once, final height ${height}`)
  const restarts = running.map((_, index) => restart(url, index))
  await several(restarts, QUORUM)
  say(`${QUORUM} of them are up again`)
  const took = await recovered(url, 'a quorum was up', height)
  await Promise.all(restarts)
  for (let index = 0; index < VALIDATORS; index++) await level(url, index)
  return took
}

async function stop() {
  const pids = (await validators(devnet.url)).flatMap(({ pid }) => pid ?? [])
  const fromMs = performance.now()
  devnet.child.kill('SIGINT')
  const code = await devnet.closed
  const took = performance.now() - fromMs
  expect(code === 0, `an interrupted devnet exits with 0 and not with ${code}:\n${devnet.stderr}`)
  expect(took < STOP_LIMIT_MS, `it ends within ${seconds(STOP_LIMIT_MS)}, not ${seconds(took)}`)
  for (const pid of pids) expect(!isAlive(pid), `process ${pid} has ended with it`)
  say(`Ctrl-C: all five processes ended after ${seconds(took)}`)
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function drill() {
  const url = await start()
  devnet.url = url
  const control = { stopped: false, failed: undefined }
  const watching = watch(url, control)
  const warmUpMs = await until(BLOCKS * 2_000, `${BLOCKS} final blocks`, async () => (await finalHeight(url)) >= BLOCKS)
  say(`${BLOCKS} final blocks in ${seconds(warmUpMs)}`)
  const times = {
    'kill -9 each in turn': await killEach(url),
    SIGSTOP: await stopOne(url),
    'partition 2/2': await partition(url),
    'kill -9 all at once': await killAll(url),
  }
  control.stopped = true
  await watching
  if (control.failed !== undefined) throw control.failed
  say(
    `no fork and nothing lost: ${await agree(url)} final blocks that were seen are the same at all ${VALIDATORS + 1} nodes`,
  )
  await stop()
  for (const [step, ms] of Object.entries(times)) console.log(`  finality back after ${step}: ${seconds(ms)}`)
}

/** For whoever looks for what went wrong: where every node stands, and whom it talks to. */
async function standings(url) {
  const nodes = [{ name: 'node', rpc: url }, ...(await validators(url))]
  const line = async ({ name, rpc: place }) => {
    if (place === null) return `${name} is down`
    const status = await rpc(place, 'chain_getStatus')
    const peers = (await rpc(place, 'net_peers')).map(
      ({ node_id, height, score }) => `${node_id.slice(-6)} at ${height} (${score})`,
    )
    return `${name}: block ${status.height}, final ${status.finalized_height}, epoch ${status.epoch}, view ${status.view}${status.syncing ? ', behind' : ''}; peers: ${peers.join(', ')}`
  }
  const lines = nodes.map((node) => line(node).catch((error) => `${node.name}: ${error.message}`))
  return (await Promise.all(lines)).join('\n')
}

async function clearAway() {
  if (devnet.child !== undefined && !devnet.ended) {
    // Its validators end when it is gone, unless one of them stands still.
    const left = devnet.url === undefined ? [] : await validators(devnet.url).catch(() => [])
    for (const { pid } of left) if (pid !== null) process.kill(pid, 'SIGCONT')
    devnet.child.kill('SIGKILL')
  }
  if (options['data-dir'] === undefined) fs.rmSync(folder, { recursive: true, force: true })
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void clearAway().then(() => process.exit(1)))
try {
  await drill()
  console.log('drill: passed')
} catch (error) {
  console.error(`drill: ${error.message}`)
  if (devnet.url !== undefined && !devnet.ended)
    console.error(await standings(devnet.url).catch(({ message }) => message))
  if (devnet.stderr !== '') console.error(devnet.stderr)
  process.exitCode = 1
} finally {
  await clearAway()
}
// Whatever still waits for an answer of it, waits in vain.
process.exit()
