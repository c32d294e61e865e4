import { describe, expect, it } from 'vitest'
import { WEI_PER_CPC } from '../../../core/units.ts'
import { TEST_FACTS } from '../../../gpu/facts-fixture.ts'
import type { DeviceStats, WorkerStats } from '../../../gpu/worker-events.ts'
import { renderScreen, type ScreenView, summaryLine } from './screen.ts'

const device = (name: string, change: Partial<DeviceStats> = {}): DeviceStats => ({
  name,
  matrixSize: 1_024,
  attempts: 12_345,
  macs: 0,
  macsPerSecond: 62.14e9,
  averageMacsPerSecond: 9.876e9,
  failed: undefined,
  ...change,
})

const stats: WorkerStats = {
  attempts: 12_345,
  macs: 0,
  macsPerSecond: 62.14e9,
  averageMacsPerSecond: 9.876e9,
  found: 1_014,
  submitted: 1_012,
  accepted: 1_005,
  rejected: 3,
  late: 2,
  rejectedBy: { RESULT_ALREADY_CLAIMED: 2, SOME_NEW_CODE: 1 },
  lateBy: { CHAIN_RESET: 2 },
  pending: 3,
  queued: 1,
  devices: [device('wasm x2')],
}

const view: ScreenView = {
  address: 'cpc1wmqyc6flfkv3zyl8c7un0zf253mm0eetu59v8t',
  url: 'http://127.0.0.1:8545',
  urls: 1,
  uptimeMs: 3_725_000,
  earningMs: 3_600_000,
  stats,
  facts: {
    ...TEST_FACTS,
    latencyMs: 3.4,
    balanceWei: 12_345_678_900_000_000_000n,
    paidWei: 50n * WEI_PER_CPC,
    epochWorkMacs: 2_000_000_000n,
    epoch: { ...TEST_FACTS.epoch, difficultyMacs: 1_500_000_000n, workMacs: 8_000_000_000n, results: 4 },
  },
  staleMs: undefined,
  baseline: { paidWei: 20n * WEI_PER_CPC, accruingWei: 0n },
  events: [
    { time: '12:00:01', text: 'result 00 submitted' },
    { time: '12:00:02', text: 'result 00 accepted', style: 'green' },
  ],
}

const render = (change: Partial<ScreenView> = {}, columns = 80, rows = 24): string[] =>
  renderScreen({ ...view, ...change }, { columns, rows, color: false })

describe('screen', () => {
  it('shows what is done and what it earns', () => {
    expect(render()).toEqual([
      'quern worker  cpc1wmqyc6flfkv3zyl8c7un0zf253mm0eetu59v8t            up 1 h 2 min',
      'node      http://127.0.0.1:8545  3 ms  devnet 100 (final 99)',
      '',
      'device              size GMAC/s now    average     attempts',
      'wasm x2             1024       62.1       9.88       12,345',
      '',
      'results   1,014 found   1,005 accepted   3 rejected   2 late   4 waiting',
      '          2 x RESULT_ALREADY_CLAIMED: it was paid already: does another worker u',
      '          1 x SOME_NEW_CODE',
      '          2 x CHAIN_RESET: the chain began anew; nothing to do',
      'earned    60 CPC/h   60 CPC in this run, the open epoch included',
      'expected  19,503 CPC/h   difficulty 1.5 GMAC a result',
      'share     25.0 % of the work of epoch 2',
      'payday    in 21 blocks, about 11 s',
      'balance   12.3456 CPC',
      '',
      '12:00:01  result 00 submitted',
      '12:00:02  result 00 accepted',
      'Ctrl-C stops',
    ])
  })

  it('says what it does not know yet', () => {
    const nothing = { ...stats, devices: [], found: 0, accepted: 0, rejected: 0, late: 0, rejectedBy: {}, lateBy: {} }
    const early = { stats: { ...nothing, pending: 0, queued: 0 }, facts: undefined, baseline: undefined, events: [] }
    expect(render({ ...early, uptimeMs: 4_000, urls: 2 })).toEqual([
      'quern worker  cpc1wmqyc6flfkv3zyl8c7un0zf253mm0eetu59v8t                  up 4 s',
      'node      http://127.0.0.1:8545 (one of 2)  no answer yet',
      '',
      'device              size GMAC/s now    average     attempts',
      'measuring which matrix size is fastest',
      '',
      'results   0 found   0 accepted   0 rejected   0 late   0 waiting',
      '',
      'Ctrl-C stops',
    ])
  })

  it('adds up several devices, and says which one has failed', () => {
    const broken = device('webgpu', { failed: 'WEBGPU_DEVICE_LOST', macsPerSecond: 0, attempts: 7 })
    const lines = render({ stats: { ...stats, devices: [device('wasm x2'), broken] } }, 100)
    expect(lines.slice(3, 7)).toEqual([
      'device              size GMAC/s now    average     attempts',
      'wasm x2             1024       62.1       9.88       12,345',
      'webgpu              1024       0.00       9.88            7  WEBGPU_DEVICE_LOST',
      'all                            62.1       9.88       12,345',
    ])
  })

  it('says since when the node is silent, and when it syncs', () => {
    expect(render({ staleMs: 65_000 })[1]).toBe(
      'node      http://127.0.0.1:8545  silent for 1 min 5 s  devnet 100 (final 99)',
    )
    expect(render({ facts: { ...view.facts!, syncing: true } })[1]).toContain('3 ms  syncing  devnet')
  })

  it('never exceeds the terminal, whatever comes from outside', () => {
    const hostile = `\x1b[2J\x1b]0;owned\x07${'x'.repeat(300)}\r\n`
    const events = Array.from({ length: 100 }, () => ({ time: '12:00:03', text: hostile }))
    const facts = { ...view.facts!, network: hostile }
    const tagged = { ...stats, rejectedBy: { [hostile]: 1 } }
    for (const color of [false, true]) {
      for (const [columns, rows] of [
        [80, 24],
        [120, 40],
        [20, 5],
        [1, 1],
        [300, 60],
      ] as const) {
        const lines = renderScreen({ ...view, events, facts, stats: tagged }, { columns, rows, color })
        expect(lines.length).toBeLessThanOrEqual(rows)
        for (const line of lines) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: our own styles are taken away, nothing else may be left
          const shown = line.replace(/\x1b\[\d+m/g, '')
          expect(shown).toMatch(/^[\x20-\x7e]*$/)
          expect(shown.length).toBeLessThanOrEqual(columns)
        }
      }
    }
  })

  it('fills the rows with the newest events', () => {
    const events = Array.from({ length: 100 }, (_, i) => ({ time: '12:00:03', text: `event ${i}` }))
    const lines = render({ events })
    expect(lines.length).toBe(24)
    expect(lines.slice(-2)).toEqual(['12:00:03  event 99', 'Ctrl-C stops'])
  })

  it('colours by meaning, and not at all without colour', () => {
    const colored = renderScreen(view, { columns: 80, rows: 24, color: true }).join('\n')
    expect(colored).toContain('\x1b[32m1,005 accepted\x1b[0m')
    expect(colored).toContain('\x1b[31m3 rejected\x1b[0m')
    expect(render().join('\n')).not.toContain('\x1b')
  })

  it('fits into a line of a log', () => {
    expect(summaryLine(view)).toBe(
      "62.1 GMAC/s (average 9.88), 12,345 attempts, 1005 accepted, 3 rejected, 2 late, earned 60 CPC (60 CPC/h), expected 19,503 CPC/h, 25.0 % of the epoch's work, payday in 21 blocks",
    )
  })
})
