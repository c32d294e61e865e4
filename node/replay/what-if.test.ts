import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pair, WhatIfReport } from '../../consensus/what-if.ts'
import { MemoryStore } from '../../core/kv.ts'
import { ArchiveReader } from '../archive/archive-reader.ts'
import { openDatasetSource } from '../dataset/open.ts'
import { ChainMaker } from '../testing/chain-maker.ts'
import { MADE_PARAMS, VPROG_PARAMS } from '../testing/chain-plan.ts'
import { VPROG_GRAM } from '../vprog/traffic.ts'
import { overridden } from './override.ts'
import { openReplaySource } from './source.ts'
import { replayWhatIf } from './what-if.ts'

let archive: ArchiveReader
beforeAll(async () => {
  archive = await ArchiveReader.open('test/fixtures/chain.era')
})
afterAll(() => archive.close())

async function under(override: Record<string, unknown>): Promise<WhatIfReport> {
  const { genesis } = archive
  const source = await openReplaySource({ genesis, archive }, {})
  const { end, report } = await replayWhatIf(source, overridden(override, genesis), { threads: 1 })
  expect(end.stoppedBy).toBeUndefined()
  return report
}

const sumOf = (map: ReadonlyMap<string, Pair<bigint>>, side: 'real' | 'other'): bigint =>
  [...map.values()].reduce((sum, pair) => sum + pair[side], 0n)

describe('the same transactions', () => {
  it('come to the same under the same rules', async () => {
    const report = await under({})
    for (const { real, other } of [
      ...report.led.values(),
      ...report.validatorWei.values(),
      ...report.workerWei.values(),
    ]) {
      expect(other).toBe(real)
    }
    for (const key of ['transactions', 'failed', 'results', 'gasUsed', 'highestBaseFee'] as const) {
      expect(report[key].other, key).toBe(report[key].real)
    }
    expect([report.otherLeader, report.overflowCount, report.dropped.size, report.changed.size]).toEqual([0, 0, 0, 0])
    expect([report.difficultyMacs.size, report.stillWaiting]).toEqual([0, 0])
    expect(report.workerWei.size).toBeGreaterThan(0)
  })

  it('pay others when the reward is split in another way', async () => {
    const report = await under({ worker_share_bps: 0, voter_share_bps: 9_000, leader_share_bps: 1_000 })
    expect(sumOf(report.workerWei, 'real')).toBeGreaterThan(0n)
    expect(sumOf(report.workerWei, 'other')).toBe(0n)
    expect(sumOf(report.validatorWei, 'other')).toBeGreaterThan(2n * sumOf(report.validatorWei, 'real'))
    expect(report.otherLeader).toBe(0)
  })

  it('make others lead when work counts for nothing, or for everything', async () => {
    // The fixture has too few results of registered workers to move a leader.
    const maker = await ChainMaker.open(new MemoryStore(), {
      params: { ...MADE_PARAMS, epochBlocks: 8, seedWindowBlocks: 4 },
    })
    await maker.run(80)
    const { genesis, chain } = maker
    const others: number[] = []
    for (const kappa_bps of [0, 10_000]) {
      const source = await openReplaySource({ genesis, chain }, {})
      const quick = { ...source, expectedWrites: async () => undefined }
      const { report } = await replayWhatIf(quick, overridden({ kappa_bps }, genesis), { threads: 1 })
      expect([...report.led.values()].reduce((sum, { other }) => sum + other, 0)).toBe(80)
      others.push(report.otherLeader)
    }
    expect(Math.min(...others)).toBeGreaterThan(0)
  })

  it('lose results when the lottery was harder, and say so', async () => {
    const report = await under({ genesis_difficulty_macs: (1n << 26n).toString() })
    expect(report.difficultyMacs.get(0)).toEqual({ real: 1n << 22n, other: 1n << 26n })
    expect(report.changed.get('done -> RESULT_ABOVE_TARGET')).toBeGreaterThan(0)
    expect(report.results.other).toBeLessThan(report.results.real)
  })

  it('are dropped when gas costs more than they offer', async () => {
    const report = await under({ base_fee_floor_wei: '1000001' })
    expect(report.dropped.get('TX_FEE_BELOW_BASE')).toBe(report.transactions.real)
    expect(report.transactions.other).toBe(0)
    expect(report.firstDropped[0]).toMatchObject({ code: 'TX_FEE_BELOW_BASE' })
  })

  it('wait where a block holds fewer results', async () => {
    const report = await under({ max_results_per_block: 4, target_results_per_block: 1 })
    expect(report.transactions.other + report.stillWaiting).toBe(report.transactions.real)
  })
})

describe('lanes and covenants', () => {
  const BLOCKS = 24
  let maker: ChainMaker
  beforeAll(async () => {
    const params = { ...VPROG_PARAMS, epochBlocks: 8, seedWindowBlocks: 4 }
    maker = await ChainMaker.open(new MemoryStore(), { params, vprogsFrom: 5, transactionsPerBlock: 8 })
    await maker.run(BLOCKS)
  }, 30_000)

  async function over(override: Record<string, unknown>): Promise<WhatIfReport> {
    const { genesis, chain } = maker
    const source = await openReplaySource({ genesis, chain }, {})
    return (await replayWhatIf(source, overridden(override, genesis), { threads: 1 })).report
  }

  it('come to the same under the same rules, and pay leaders for gram as for gas', async () => {
    const report = await over({})
    expect(report.gramUsed.real).toBeGreaterThan(0)
    for (const key of ['transactions', 'failed', 'gasUsed', 'gramUsed'] as const) {
      expect(report[key].other, key).toBe(report[key].real)
    }
    expect([report.overflowCount, report.dropped.size, report.changed.size, report.stillWaiting]).toEqual([0, 0, 0, 0])

    const { rewards } = await import('../dataset/tables/rewards.ts')
    let paidWei = 0n
    const source = await openDatasetSource(maker.chain, maker.genesis)
    for await (const row of rewards.rows(source, { from: 1, to: BLOCKS })) {
      const { kind, amount_wei: wei } = row as { kind: string; amount_wei: bigint }
      if (kind === 'leader' || kind === 'voter' || kind === 'priority_fees') paidWei += wei
    }
    expect(sumOf(report.validatorWei, 'real')).toBe(paidWei)
  })

  it('wait for their turn where a block has room for one lane, or for the gram of one script', async () => {
    for (const [override, lacked] of [
      [{ max_lanes_per_block: 1 }, 'lanes'],
      [{ gram_limit: VPROG_GRAM }, 'gram'],
    ] as const) {
      const report = await over(override)
      expect(report.overflows.map((one) => one.lacked)).toContain(lacked)
      expect(report.transactions.other + report.stillWaiting).toBe(report.transactions.real)
    }
  })

  it('fail where gram has run out before the proof, and what builds on them fails too', async () => {
    const report = await over({ gram_limit: 1_000 })
    expect(report.changed.get('done -> GRAM_EXCEEDED')).toBeGreaterThan(0)
    expect(report.changed.get('done -> OUTPUT_UNKNOWN')).toBeGreaterThan(0)
  })
})

describe('an override', () => {
  it('names parameters that can be tried, within the bounds of a genesis', () => {
    const code = (value: unknown): string => {
      try {
        overridden(value, archive.genesis)
      } catch (error) {
        return (error as { code: string }).code
      }
      return 'none'
    }
    expect(code({ epoch_blocks: 8 })).toBe('OVERRIDE_INVALID')
    expect(code({ kappa: 1 })).toBe('OVERRIDE_INVALID')
    expect(code([])).toBe('OVERRIDE_INVALID')
    expect(code({ kappa_bps: 10_001 })).toBe('GENESIS_PARAM')
    expect(code({ leader_share_bps: 2_000 })).toBe('GENESIS_PARAM')
    expect(code({ kappa_bps: 10_000 })).toBe('none')
  })

  it('is read from a file', async () => {
    const { readOverride } = await import('./override.ts')
    const file = `${fs.mkdtempSync('/tmp/quern-override-')}/params.json`
    fs.writeFileSync(file, '{"kappa_bps": 7}')
    expect(readOverride(file, archive.genesis).kappaBps).toBe(7)
    fs.writeFileSync(file, '{"kappa_bps": 7,}')
    expect(() => readOverride(file, archive.genesis)).toThrow('cannot be read')
    fs.rmSync(file.replace('/params.json', ''), { recursive: true })
  })
})
