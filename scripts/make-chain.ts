/**
 * Makes a chain in a store, without network or waiting: every kind of transaction, real certificates, the same bytes for
 * the same seed (node/testing/chain-maker.ts).
 *
 *     npx tsx scripts/make-chain.ts HOME [--blocks 2000] [--seed 1] [--transfers 0]
 *
 * HOME becomes a node's home folder: genesis.json and data/. --transfers N: blocks of N transfers each and nothing else.
 */
import fs from 'node:fs'
import { parseArgs } from 'node:util'
import { toHex } from '../core/bytes.ts'
import { homePaths } from '../node/config/home-paths.ts'
import { LevelStore } from '../node/storage/level-store.ts'
import { ChainMaker } from '../node/testing/chain-maker.ts'
import { MADE_PARAMS } from '../node/testing/chain-plan.ts'
import { genesisJson } from '../vm/genesis.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    blocks: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    transfers: { type: 'string', default: '0' },
  },
})
const [home] = positionals
if (home === undefined || fs.existsSync(home)) {
  console.error(
    'usage: npx tsx scripts/make-chain.ts HOME [--blocks N] [--seed N] [--transfers N]; HOME must not exist',
  )
  process.exit(2)
}
const transfers = Number(values.transfers)
const paths = homePaths(home)
fs.mkdirSync(home, { recursive: true })
const store = await LevelStore.open(paths.data)
const startedAt = performance.now()
const changes = { transfersPerBlock: transfers, params: { ...MADE_PARAMS, gasLimit: 240_000_000 } }
const maker = await ChainMaker.open(store, { seed: Number(values.seed), ...(transfers === 0 ? {} : changes) })
fs.writeFileSync(paths.genesis, `${JSON.stringify(genesisJson(maker.genesis), null, 2)}\n`)
await maker.run(Number(values.blocks))
const { header, hash } = maker.chain.head
const seconds = Math.round(performance.now() - startedAt) / 1_000
console.log(
  JSON.stringify({
    height: header.height,
    hash: toHex(hash),
    stateRoot: toHex(header.stateRoot),
    epoch: header.epoch,
    seconds,
  }),
)
console.log(
  JSON.stringify({ transactions: Object.fromEntries(maker.tally), failures: Object.fromEntries(maker.failures) }),
)
await store.close()
