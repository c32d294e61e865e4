/**
 * The worker's screen as lines of text: what it multiplies, what became of its results and why, what it earns. A pure
 * function of what is known; `terminal.ts` puts it in place.
 */

import type { Baseline } from '../../../gpu/earnings.ts'
import { blocksToPayday, cpcPerHour, earnedWei, expectedCpcPerHour, workShare } from '../../../gpu/earnings.ts'
import type { ChainFacts } from '../../../gpu/facts.ts'
import { adviceOn } from '../../../gpu/verdict.ts'
import type { DeviceStats, WorkerStats } from '../../../gpu/worker-events.ts'
import { amount, count, cutTo, duration, gmacs, type Line, type Piece, type Style, shortCpc } from './text.ts'

export interface ShownEvent {
  /** Local time, HH:MM:SS. */
  readonly time: string
  readonly text: string
  readonly style?: Style
}

export interface ScreenView {
  readonly address: string
  readonly url: string
  /** How many nodes there are to choose from. */
  readonly urls: number
  readonly uptimeMs: number
  readonly stats: WorkerStats
  /** Undefined until the node has answered. */
  readonly facts: ChainFacts | undefined
  /** Since when `facts` could not be renewed; undefined while they are. */
  readonly staleMs: number | undefined
  readonly baseline: Baseline | undefined
  /** Since the baseline: the worker's start, or the chain's last one. */
  readonly earningMs: number
  /** Oldest first. */
  readonly events: readonly ShownEvent[]
}

export interface ScreenSize {
  readonly columns: number
  readonly rows: number
  readonly color: boolean
}

/** Of each kind; the rest shows in the counts alone. */
const MAX_REASONS = 3
const LABEL_WIDTH = 10

const plain = (text: string): Piece => ({ text })
const labelled = (label: string, ...pieces: readonly Piece[]): Line => [
  { text: label.padEnd(LABEL_WIDTH), style: 'dim' },
  ...pieces,
]

/** Left part, and right part at the edge if there is room for both. */
function spread(left: Piece, right: string, columns: number): Line {
  const gap = columns - left.text.length - right.length
  return gap < 2 ? [left] : [left, plain(`${' '.repeat(gap)}${right}`)]
}

function nodeLine({ url, urls, facts, staleMs }: ScreenView): Line {
  const place = urls === 1 ? url : `${url} (one of ${urls})`
  if (facts === undefined) return labelled('node', plain(place), { text: '  no answer yet', style: 'yellow' })
  const { network, height, finalizedHeight, latencyMs, syncing } = facts
  const state: Piece =
    staleMs === undefined
      ? plain(`  ${latencyMs.toFixed(0)} ms`)
      : { text: `  silent for ${duration(staleMs)}`, style: 'red' }
  const behind: Piece[] = syncing ? [{ text: '  syncing', style: 'yellow' }] : []
  return labelled('node', plain(place), state, ...behind, plain(`  ${network} ${height} (final ${finalizedHeight})`))
}

const DEVICE_COLUMNS = [18, 6, 11, 11, 13] as const

/** Name to the left, figures to the right. */
const deviceLine = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.slice(0, 18).padEnd(18) : cell.padStart(DEVICE_COLUMNS[i]!))).join('')

function deviceLines({ devices, ...total }: WorkerStats): Line[] {
  const figures = (of: Pick<DeviceStats, 'macsPerSecond' | 'averageMacsPerSecond' | 'attempts'>) => [
    gmacs(of.macsPerSecond),
    gmacs(of.averageMacsPerSecond),
    count(of.attempts),
  ]
  const head: Line = [{ text: deviceLine(['device', 'size', 'GMAC/s now', 'average', 'attempts']), style: 'dim' }]
  const lines = devices.map((device): Line => {
    const cells = deviceLine([device.name, String(device.matrixSize ?? ''), ...figures(device)])
    return device.failed === undefined ? [plain(cells)] : [{ text: `${cells}  ${device.failed}`, style: 'red' }]
  })
  if (devices.length === 0) return [head, [{ text: 'measuring which matrix size is fastest', style: 'yellow' }]]
  return devices.length === 1 ? [head, ...lines] : [head, ...lines, [plain(deviceLine(['all', '', ...figures(total)]))]]
}

const often = (by: Readonly<Record<string, number>>): [string, number][] =>
  Object.entries(by)
    .sort(([, a], [, b]) => b - a)
    .slice(0, MAX_REASONS)

function reasonLines({ rejectedBy, lateBy }: WorkerStats): Line[] {
  const line =
    (style: Style) =>
    ([tag, times]: [string, number]): Line => {
      const advice = adviceOn(tag)
      return labelled('', { text: `${times} x ${tag}`, style }, plain(advice === undefined ? '' : `: ${advice}`))
    }
  return [...often(rejectedBy).map(line('red')), ...often(lateBy).map(line('yellow'))]
}

function resultsLine({ found, accepted, rejected, late, pending, queued }: WorkerStats): Line {
  const waiting = pending + queued
  return labelled(
    'results',
    plain(`${count(found)} found   `),
    { text: `${count(accepted)} accepted`, ...(accepted > 0 ? { style: 'green' as const } : {}) },
    plain('   '),
    { text: `${count(rejected)} rejected`, ...(rejected > 0 ? { style: 'red' as const } : {}) },
    plain('   '),
    { text: `${count(late)} late`, ...(late > 0 ? { style: 'yellow' as const } : {}) },
    plain(`   ${count(waiting)} waiting`),
  )
}

const perHour = (cpc: number | undefined): string => (cpc === undefined ? '(rate after 30 s)' : `${amount(cpc)} CPC/h`)

function earningLines({ facts, baseline, stats, earningMs }: ScreenView): Line[] {
  if (facts === undefined || baseline === undefined) return []
  const earned = earnedWei(baseline, facts)
  const expected = expectedCpcPerHour(facts, stats.averageMacsPerSecond)
  const share = workShare(facts)
  const blocks = blocksToPayday(facts)
  const { difficultyMacs, epoch } = facts.epoch
  const difficulty = `difficulty ${amount(Number(difficultyMacs) / 1e9)} GMAC a result`
  return [
    labelled(
      'earned',
      plain(`${perHour(cpcPerHour(earned, earningMs))}   ${shortCpc(earned)} in this run, the open epoch included`),
    ),
    labelled('expected', plain(expected === undefined ? '' : `${amount(expected)} CPC/h   ${difficulty}`)),
    labelled(
      'share',
      plain(
        share === undefined
          ? 'nobody has had a result in this epoch yet'
          : `${(share * 100).toFixed(1)} % of the work of epoch ${epoch}`,
      ),
    ),
    labelled(
      'payday',
      plain(`in ${count(blocks)} ${blocks === 1 ? 'block' : 'blocks'}, about ${duration(blocks * facts.blockMs)}`),
    ),
    labelled('balance', plain(shortCpc(facts.balanceWei))),
  ]
}

const eventLine = ({ time, text, style }: ShownEvent): Line => [
  { text: time.padEnd(LABEL_WIDTH), style: 'dim' },
  { text, ...(style === undefined ? {} : { style }) },
]

const BLANK: Line = []

/** At most `rows` lines of at most `columns` characters, styles aside; the events take what the rest leaves. */
export function renderScreen(view: ScreenView, { columns, rows, color }: ScreenSize): string[] {
  const title: Piece = { text: `quern worker  ${view.address}`, style: 'bold' }
  const fixed: Line[] = [
    spread(title, `up ${duration(view.uptimeMs)}`, columns),
    nodeLine(view),
    BLANK,
    ...deviceLines(view.stats),
    BLANK,
    resultsLine(view.stats),
    ...reasonLines(view.stats),
    ...earningLines(view),
    BLANK,
  ]
  const footer: Line = [{ text: 'Ctrl-C stops', style: 'dim' }]
  const room = Math.max(0, rows - fixed.length - 1)
  const events = room === 0 ? [] : view.events.slice(-room).map(eventLine)
  return [...fixed.slice(0, Math.max(0, rows - 1)), ...events, footer]
    .slice(0, rows)
    .map((line) => cutTo(line, columns, color))
}

/** The same in one line, for logs. */
export function summaryLine({ stats, facts, baseline, earningMs }: Omit<ScreenView, 'events' | 'address'>): string {
  const { accepted, rejected, late, macsPerSecond, averageMacsPerSecond, attempts } = stats
  const parts = [
    `${gmacs(macsPerSecond)} GMAC/s (average ${gmacs(averageMacsPerSecond)})`,
    `${count(attempts)} attempts`,
    `${accepted} accepted, ${rejected} rejected, ${late} late`,
  ]
  if (facts !== undefined && baseline !== undefined) {
    const earned = earnedWei(baseline, facts)
    const rate = cpcPerHour(earned, earningMs)
    const expected = expectedCpcPerHour(facts, averageMacsPerSecond)
    const share = workShare(facts)
    parts.push(`earned ${shortCpc(earned)}${rate === undefined ? '' : ` (${amount(rate)} CPC/h)`}`)
    if (expected !== undefined) parts.push(`expected ${amount(expected)} CPC/h`)
    if (share !== undefined) parts.push(`${(share * 100).toFixed(1)} % of the epoch's work`)
    parts.push(`payday in ${blocksToPayday(facts)} blocks`)
  }
  return parts.join(', ')
}
