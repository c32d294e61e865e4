import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RoadsReport, takeAllRoads } from './all-roads.ts'

const BLOCKS = 250

describe('one chain', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-roads-'))
  let report: RoadsReport

  beforeAll(async () => {
    report = await takeAllRoads(folder, BLOCKS)
  }, 240_000)
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  it.each(['sync', 'snapshot', 'import', 'replay archive', 'replay store'] as const)(
    'is the same at the end of the road %s',
    (road) => {
      expect(report.made.height).toBe(BLOCKS)
      expect(report.ends[road]).toEqual(report.made)
    },
  )

  it('is reached behind the snapshot', () => {
    expect(report.snapshotHeight).toBeGreaterThan(0)
    expect(report.snapshotHeight).toBeLessThan(BLOCKS)
  })

  it.each(['sync', 'snapshot', 'import'] as const)(
    'proves a balance, a result, an output and a lane from the store of the road %s to who holds a checkpoint',
    (road) => {
      expect(report.expected).toMatchObject({
        output: { height: expect.any(Number) },
        lane: { lastTouch: expect.any(Number) },
      })
      expect(report.proofs[road]).toEqual(report.expected)
    },
  )
})
