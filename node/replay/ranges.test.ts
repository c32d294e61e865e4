import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { candidates } from '../../vm/state/tables.ts'
import { treeKeyOf } from '../../vm/state/view.ts'
import { LevelStore } from '../storage/level-store.ts'
import { historyKey } from '../storage/versioned-values.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import { replayRanges } from './ranges.ts'

const BLOCKS = 70

let folder: string
let directory: string
let genesis: Genesis
/** A block behind which the candidates changed, and did so again later. */
let changedAt: number

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-ranges-'))
  directory = path.join(folder, 'data')
  const store = await LevelStore.open(directory)
  const maker = await ChainMaker.open(store, { transactionsPerBlock: 2 })
  await maker.run(BLOCKS)
  genesis = maker.genesis
  const key = treeKeyOf(candidates, undefined)
  const isChange = (height: number): boolean => store.get(historyKey(key, height + 1)) !== undefined
  changedAt = Array.from({ length: BLOCKS }, (_, i) => i + 1).findLast(isChange)!
  await store.close()
})

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

it('verifies every block once, in ranges side by side, and leaves nothing behind', async () => {
  let seen = 0
  const onBlock = (): void => {
    seen++
  }
  const end = await replayRanges({ genesis, directory, from: 1, to: BLOCKS, threads: 2, onBlock })
  expect(end).toMatchObject({ blocks: BLOCKS, divergences: [] })
  expect(end.certificates).toBeGreaterThan(1.5 * BLOCKS)
  expect(seen).toBe(BLOCKS)
  expect(fs.readdirSync(folder)).toEqual(['data'])
})

it('names the height and the key of a past value that rots', async () => {
  const store = await LevelStore.open(directory)
  const key = historyKey(treeKeyOf(candidates, undefined), changedAt + 1)
  const record = store.get(key)!.slice()
  record[record.length - 1]! ^= 1
  await store.write([{ type: 'put', key, value: record }])
  await store.close()
  const { divergences } = await replayRanges({ genesis, directory, from: 1, to: BLOCKS, threads: 2 })
  expect(divergences[0]).toMatchObject({ height: changedAt, code: 'RECORDED_STATE' })
  expect(divergences[0]!.difference).toMatchObject({
    table: 'candidates',
    treeKey: toHex(treeKeyOf(candidates, undefined)),
  })
})
