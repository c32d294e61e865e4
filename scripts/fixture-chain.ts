/**
 * Makes the chain that the tests replay, test/fixtures/chain.era: small, with every kind of transaction, epochs, jail, evidence and
 * failures. It stays as it is while rules for new chains change: its genesis switches none of them on. Making it anew is a
 * deliberate act, and only right where the format of archives changed.
 *
 *     npx tsx scripts/fixture-chain.ts
 */
import fs from 'node:fs'
import { toHex } from '../core/bytes.ts'
import { MemoryStore } from '../core/kv.ts'
import { exportArchive } from '../node/archive/export.ts'
import { ChainMaker } from '../node/testing/chain-maker.ts'
import { MADE_PARAMS } from '../node/testing/chain-plan.ts'

const FILE = 'test/fixtures/chain.era'
const BLOCKS = 50

const maker = await ChainMaker.open(new MemoryStore(), {
  // Of the first hundred the one with least bytes in which every kind is done at least once.
  seed: 43,
  users: 6,
  transactionsPerBlock: 3,
  params: {
    ...MADE_PARAMS,
    epochBlocks: 4,
    seedWindowBlocks: 2,
    laneWindowBlocks: 8,
    gasLimit: 1_600_000,
    halvingBlocks: 24,
    missedViewsMin: 1,
    jailEpochs: 0,
  },
})
await maker.run(BLOCKS)
fs.rmSync(FILE, { force: true })
const { bytes } = await exportArchive(maker.genesis, maker.chain, { from: 1, to: BLOCKS, file: FILE, withWrites: true })
const rootAt = (height: number): string => toHex(maker.chain.blockAt(height)!.block.header.stateRoot)
/** Of every epoch's last block. */
const stateRoots = Object.fromEntries(
  Array.from({ length: Math.floor(BLOCKS / 4) }, (_, i) => 4 * (i + 1)).map((height) => [height, rootAt(height)]),
)
const record = { genesis: toHex(maker.chain.blockAt(0)!.block.hash), head: toHex(maker.chain.head.hash), stateRoots }
fs.writeFileSync('test/fixtures/chain.json', `${JSON.stringify(record, null, 2)}\n`)
console.log(JSON.stringify({ bytes, transactions: Object.fromEntries(maker.tally) }))
