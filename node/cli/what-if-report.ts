/** What came of other rules, as JSON and as tables for people. */

import type { Pair, WhatIfReport } from '../../consensus/what-if.ts'
import { toHex } from '../../core/bytes.ts'
import { formatCpc } from '../../core/units.ts'
import { fields, table } from './output.ts'

/** Rows of a table that a person reads. */
const MAX_ROWS = 20

export function reportValue(report: WhatIfReport) {
  return {
    ...report,
    led: entries(report.led),
    validatorWei: entries(report.validatorWei),
    workerWei: entries(report.workerWei),
    difficultyMacs: [...report.difficultyMacs].map(([epoch, pair]) => ({ epoch, ...pair })),
    dropped: Object.fromEntries(report.dropped),
    changed: Object.fromEntries(report.changed),
    firstDropped: report.firstDropped.map((one) => ({ ...one, hash: toHex(one.hash) })),
    text: textOf(report),
  }
}

const entries = <T>(map: ReadonlyMap<string, Pair<T>>) =>
  [...map].map(([address, pair]) => ({ address: `0x${address}`, ...pair }))

function textOf(report: WhatIfReport): string {
  const both = <T>({ real, other }: Pair<T>): string => `${real} -> ${other}`
  const parts = [
    fields([
      ['transactions', both(report.transactions)],
      ['of them failed', both(report.failed)],
      ['results', both(report.results)],
      ['gas used', both(report.gasUsed)],
      ['gram used', both(report.gramUsed)],
      ['highest base fee', `${both(report.highestBaseFee)} wei`],
      ['led by others', `${report.otherLeader} blocks`],
      ['overflowed', `${report.overflowCount} blocks${overflowText(report)}`],
      ['dropped', countsText(report.dropped)],
      ['still waiting', report.stillWaiting],
      ['other outcome', countsText(report.changed)],
    ]),
    wealth('validators earned', report.validatorWei),
    wealth('workers were paid', report.workerWei),
    table(
      ['led', 'real', 'other'],
      largest(report.led, ({ real, other }) => real - other).map(([id, { real, other }]) => [
        `0x${id}`,
        `${real}`,
        `${other}`,
      ]),
    ),
  ]
  if (report.difficultyMacs.size > 0) {
    const rows = [...report.difficultyMacs].slice(0, MAX_ROWS)
    parts.push(
      table(
        ['difficulty of epoch', 'real', 'other'],
        rows.map(([epoch, { real, other }]) => [`${epoch}`, `${real}`, `${other}`]),
      ),
    )
  }
  return parts.join('\n\n')
}

const overflowText = ({ overflows }: WhatIfReport): string => {
  const first = overflows[0]
  return first === undefined ? '' : `, the first at ${first.height} (${first.lacked}, ${first.waiting} waited)`
}

const countsText = (counts: ReadonlyMap<string, number>): string | undefined =>
  counts.size === 0 ? undefined : [...counts].map(([code, count]) => `${count} ${code}`).join(', ')

const magnitude = (difference: number | bigint): number => Math.abs(Number(difference))

function largest<T>(
  map: ReadonlyMap<string, Pair<T>>,
  difference: (pair: Pair<T>) => number | bigint,
): [string, Pair<T>][] {
  return [...map].toSorted((a, b) => magnitude(difference(b[1])) - magnitude(difference(a[1]))).slice(0, MAX_ROWS)
}

const wealth = (title: string, map: ReadonlyMap<string, Pair<bigint>>): string =>
  table(
    [title, 'real, CPC', 'other, CPC'],
    largest(map, ({ real, other }) => real - other).map(([id, { real, other }]) => [
      `0x${id}`,
      formatCpc(real),
      formatCpc(other),
    ]),
  )
