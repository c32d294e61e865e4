// Executes the stored chain of a stopped devnet again, from genesis into memory, and compares every root on the way:
//
//     node scripts/replay.mjs DATA_DIR [NODE]           NODE: validator-0 (default), validator-1, ..., node
//     node --jitless scripts/replay.mjs DATA_DIR        the same without WebAssembly, on the pure fallbacks
//
// Prints one line of JSON. Exit code 0: this machine computes what the network computed; 1: it does not, or cannot tell.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'dist')

function fail(code, message) {
  console.error(JSON.stringify({ error: { code, message } }))
  process.exit(1)
}

const [dataDir, nodeName = 'validator-0'] = process.argv.slice(2)
if (dataDir === undefined) fail('USAGE', 'usage: node scripts/replay.mjs DATA_DIR [NODE]')
if (!fs.existsSync(dist)) fail('NOT_BUILT', 'there is no build: run `npm run build`')

const load = (file) => import(new URL(`../dist/${file}`, import.meta.url))
const { toHex } = await load('core/bytes.js')
const { MemoryStore } = await load('core/kv.js')
const { openDirectory, storeFolder } = await load('devnet/directory.js')
const { devnetGenesis, devnetKeys } = await load('devnet/genesis.js')
const { genesisEntry, replayChain } = await load('node/replay-chain.js')
const { ChainStore } = await load('node/storage/chain-store.js')
const { LevelStore } = await load('node/storage/level-store.js')
const { loadTileKernel } = await load('gpu/wasm/kernel.js')

const storeDir = storeFolder(dataDir, nodeName)
// Opening would create it.
if (!fs.existsSync(path.join(storeDir, 'CURRENT'))) fail('NO_CHAIN', `no chain of ${nodeName} in ${dataDir}`)

try {
  const { plan } = openDirectory(dataDir, {}, () => fail('NO_CHAIN', `no devnet.json in ${dataDir}`))
  const genesis = devnetGenesis(plan, devnetKeys(plan))
  const first = genesisEntry(genesis)
  const source = await LevelStore.open(storeDir)
  const target = new MemoryStore()
  const startedAt = performance.now()
  const answer = await replayChain(genesis, source, target, loadTileKernel())
  const seconds = Math.round(performance.now() - startedAt) / 1_000
  if (!answer.ok) fail(answer.error.code, answer.error.message)
  const { head } = await ChainStore.open(source, first)
  const { state } = await ChainStore.open(target, first)
  await source.close()
  const { height, stateRoot } = answer.value.header
  const isSame = toHex(head.hash) === toHex(answer.value.hash) && toHex(state.root) === toHex(stateRoot)
  if (!isSame) fail('REPLAY_DIFFERS', `the replay ends in another state than block ${head.header.height}`)
  console.log(
    JSON.stringify({
      blocks: height,
      hash: toHex(answer.value.hash),
      stateRoot: toHex(stateRoot),
      isJitless: typeof WebAssembly === 'undefined',
      seconds,
    }),
  )
} catch (error) {
  fail(error?.code ?? 'FAILED', error?.message ?? String(error))
}
