import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { genesisJson } from '../../../../vm/genesis.ts'
import { homePaths } from '../../../config/home-paths.ts'
import { LevelStore } from '../../../storage/level-store.ts'
import { ChainMaker } from '../../../testing/chain-maker.ts'
import { runQuern } from '../../program-fixture.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-dataset-command-'))
const home = path.join(folder, 'home')
const BLOCKS = 6

beforeAll(async () => {
  const paths = homePaths(home)
  fs.mkdirSync(home)
  const store = await LevelStore.open(paths.data)
  const maker = await ChainMaker.open(store, { seed: 3 })
  await maker.run(BLOCKS)
  fs.writeFileSync(paths.genesis, JSON.stringify(genesisJson(maker.genesis)))
  await store.close()
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

async function quern(...argv: string[]) {
  const { code, out, errors } = await runQuern(argv, { HOME: folder })
  return { code, out: out.join('\n'), err: errors.join('\n') }
}
const file = path.join(folder, 'out.csv')

describe('quern chain dataset', () => {
  test('writes a file and says what it wrote', async () => {
    const { code, out } = await quern(
      'chain',
      'dataset',
      'blocks',
      '--home',
      home,
      '--format',
      'csv',
      '--out',
      file,
      '--json',
    )
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      dataset: 'blocks',
      version: 2,
      format: 'csv',
      rows: BLOCKS + 1,
      from: 0,
      to: BLOCKS,
    })
    expect(fs.readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(BLOCKS + 2)
  })

  test('prints the columns alone with --dry, without any chain', async () => {
    const { code, out } = await quern(
      'chain',
      'dataset',
      'rewards',
      '--dry',
      '--json',
      '--home',
      path.join(folder, 'none'),
    )
    expect(code).toBe(0)
    const schema = JSON.parse(out) as { version: number; columns: { name: string; parquet: string }[] }
    expect(schema.version).toBe(1)
    expect(schema.columns).toContainEqual(expect.objectContaining({ name: 'amount_wei', parquet: 'DECIMAL(38, 0)' }))
  })

  test('tells wrong use (2) from what cannot be done (1)', async () => {
    const codes = await Promise.all([
      quern('chain', 'dataset', 'nothing'),
      quern('chain', 'dataset', 'blocks', '--out', '-'),
      quern('chain', 'dataset', 'blocks', '--format', 'xml'),
      quern('chain', 'dataset', 'blocks', '--from', 'x'),
    ])
    expect(codes.map(({ code }) => code)).toEqual([2, 2, 2, 2])
    const beyond = await quern('chain', 'dataset', 'blocks', '--home', home, '--to', '7', '--out', file)
    expect(beyond).toMatchObject({ code: 1, err: expect.stringContaining('RANGE_INVALID') })
    const missing = await quern('chain', 'dataset', 'blocks', '--home', path.join(folder, 'none'), '--out', file)
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('CHAIN_MISSING') })
  })
})

describe('quern chain inspect', () => {
  test('shows the store of a stopped node', async () => {
    const { code, out } = await quern('chain', 'inspect', '3', '--home', home)
    expect(code).toBe(0)
    expect(out).toMatch(/^block +3 \(final\)/)
    expect(await quern('chain', 'inspect', '99', '--home', home)).toMatchObject({
      code: 1,
      err: expect.stringContaining('BLOCK_UNKNOWN'),
    })
  })
})
