import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { genesisText } from '../../config/genesis-file.ts'
import { homePaths } from '../../config/home-paths.ts'
import { LevelStore } from '../../storage/level-store.ts'
import { ChainMaker } from '../../testing/chain-maker.ts'
import { runQuern } from '../program-fixture.ts'

const BLOCKS = 24
let folder: string
let home: string

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-replay-command-'))
  home = path.join(folder, 'home')
  const { data, genesis } = homePaths(home)
  fs.mkdirSync(home)
  const store = await LevelStore.open(data)
  const maker = await ChainMaker.open(store, { transactionsPerBlock: 2 })
  await maker.run(BLOCKS)
  fs.writeFileSync(genesis, genesisText(maker.genesis))
  await store.close()
})

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

async function quern(...args: string[]) {
  const { code, out, errors } = await runQuern(args)
  return { code, out: out.join('\n'), errors: errors.join('\n') }
}

const file = (name: string): string => path.join(folder, name)

it('exports, imports and replays to one root', async () => {
  const exported = JSON.parse((await quern('chain', 'export', file('chain.era'), '--home', home, '--json')).out)
  expect(exported).toMatchObject([{ first: 1, last: BLOCKS }])
  const other = path.join(folder, 'other')
  fs.mkdirSync(other)
  fs.copyFileSync(homePaths(home).genesis, homePaths(other).genesis)
  const imported = JSON.parse((await quern('chain', 'import', file('chain.era'), '--home', other, '--json')).out)
  const places = [
    ['--home', home],
    ['--home', other],
    ['--archive', file('chain.era')],
  ]
  for (const place of places) {
    const { code, out } = await quern('replay', ...place, '--threads', '1', '--json')
    const { hash, stateRoot, blocks, divergences } = JSON.parse(out)
    expect(code).toBe(0)
    expect({ hash, stateRoot, blocks, divergences }).toEqual({
      hash: imported.hash,
      stateRoot: imported.stateRoot,
      blocks: BLOCKS,
      divergences: [],
    })
  }
})

it('splits by epochs that are over, into names that do not change, and goes on where it ended', async () => {
  const split = ['chain', 'export', file('split'), '--home', home, '--split-epochs', '1', '--json']
  expect(JSON.parse((await quern(...split)).out)).toHaveLength(1)
  const names = fs.readdirSync(file('split'))
  expect(names.map((name) => name.split('-').slice(2, 4))).toEqual([['0000000001', '0000000020']])
  expect(JSON.parse((await quern(...split)).out)).toEqual([])
})

it('replays the end of a chain from an archive, over the state that a store holds', async () => {
  const end = file('end.era')
  await quern('chain', 'export', end, '--home', home, '--from', '21')
  const { out } = await quern('replay', '--archive', end, '--home', home, '--from', '21', '--json')
  expect(JSON.parse(out)).toMatchObject({ from: 21, to: BLOCKS, blocks: 4 })
  expect((await quern('replay', '--archive', end, '--home', file('nowhere'))).errors).toContain('error: CHAIN_MISSING')
})

it('traces, and compares with other rules', async () => {
  const traced = await quern('replay', '--home', home, '--trace', file('trace.jsonl'), '--to', '5', '--threads', '1')
  expect(traced.code).toBe(0)
  const lines = fs.readFileSync(file('trace.jsonl'), 'utf8').trimEnd().split('\n')
  expect(lines.filter((line) => JSON.parse(line).type === 'end')).toHaveLength(5)
  const again = await quern('replay', '--home', home, '--trace', file('trace.jsonl'))
  expect([again.code, again.errors]).toEqual([1, expect.stringContaining('TRACE_FILE')])
  fs.writeFileSync(file('params.json'), '{"worker_share_bps": 5000, "voter_share_bps": 4000}')
  const what = await quern('replay', '--home', home, '--override', file('params.json'), '--threads', '1')
  expect(what.code).toBe(0)
  expect(what.out).toContain('validators earned')
})

it('says what is wrong, by code and by exit code', async () => {
  expect((await quern('replay', '--home', home, '--threads', '0')).code).toBe(2)
  expect((await quern('replay', '--home', home, '--from', 'x')).code).toBe(2)
  expect((await quern('replay', '--home', file('nowhere'))).errors).toContain('error: CHAIN_MISSING')
  expect((await quern('replay', '--home', home, '--to', '99')).errors).toContain('error: REPLAY_RANGE')
  expect((await quern('replay', '--archive', file('nothing.era'))).errors).toContain('error: ARCHIVE_SOURCE')
  expect((await quern('chain', 'export', file('chain.era'), '--home', home)).errors).toContain('error: ARCHIVE_EXISTS')
})
