/**
 * `quern chain prune` under kill -9, again and again, on the disk of a node: what is left each time opens, is whole to the last
 * byte that is bound by a root or a signature, and the next run goes on where it was.
 */
import fs from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { genesisText } from '../../node/config/genesis-file.ts'
import { homePaths } from '../../node/config/home-paths.ts'
import { decodeHeld, type Held, KEY } from '../../node/storage/layout.ts'
import { LevelStore } from '../../node/storage/level-store.ts'
import { cachedVerify } from '../../node/storage/verify/verify-fixture.ts'
import { ChainMaker } from '../../node/testing/chain-maker.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { Sandbox } from '../e2e/command.ts'

const BLOCKS = 200
const KEPT_BLOCKS = 60
const KEPT_STATES = 40
/** What the command needs before it begins; it is killed later and later from there on. */
const FIRST_KILL_MS = 250
const LATER_MS = 100

let sandbox: Sandbox
let genesis: Genesis
let home: string

beforeAll(async () => {
  sandbox = new Sandbox()
  home = sandbox.path('node')
  fs.mkdirSync(home)
  const store = await LevelStore.open(homePaths(home).data)
  const maker = await ChainMaker.open(store)
  genesis = maker.genesis
  fs.writeFileSync(homePaths(home).genesis, genesisText(genesis))
  await maker.run(BLOCKS)
  await store.close()
})
afterAll(() => sandbox.remove())

/** What the disk holds now. Where that is news, nothing is wrong with it. */
async function heldNow(before?: Held): Promise<Held> {
  const store = await LevelStore.open(homePaths(home).data)
  try {
    const held = decodeHeld(store.get(KEY.held))
    if (held.statesFrom !== before?.statesFrom) expect((await cachedVerify(store, genesis)).faults).toEqual([])
    return held
  } finally {
    await store.close()
  }
}

it('prune, killed again and again, ends where it would have ended', async () => {
  const args = ['chain', 'prune', '--home', home, '--keep-blocks', '0', '--keep-states', '0']
  const seen = new Set<number>()
  const wanted = { blocksFrom: BLOCKS - KEPT_BLOCKS, statesFrom: BLOCKS - KEPT_STATES }
  let held = await heldNow()
  for (let kill = 0; held.blocksFrom < wanted.blocksFrom || held.statesFrom < wanted.statesFrom; kill++) {
    const command = sandbox.start(args)
    const timer = setTimeout(() => void command.stop('SIGKILL'), FIRST_KILL_MS + kill * LATER_MS)
    const { code, stderr } = await command.ended
    clearTimeout(timer)
    expect([0, null], stderr).toContain(code)
    const after = await heldNow(held)
    expect(after.blocksFrom).toBeGreaterThanOrEqual(held.blocksFrom)
    held = after
    seen.add(held.blocksFrom)
  }
  expect(held).toEqual(wanted)
  // At least one kill fell into the work, not before or behind it.
  expect(seen.size).toBeGreaterThan(2)
}, 120_000)
