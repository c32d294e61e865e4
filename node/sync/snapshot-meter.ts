/** How fast a state comes in, when it will be whole, and the line that says so. */
import { progressBar, timeLeft } from '../progress-bar.ts'
import type { SnapshotProgress } from './snapshot-sync.ts'

export interface SnapshotPace extends SnapshotProgress {
  /** Since this run began. */
  readonly recordsPerSecond: number
  readonly bytesPerSecond: number
  /** Null while nothing has come yet. */
  readonly secondsLeft: number | null
}

export type SnapshotMeter = (progress: SnapshotProgress) => SnapshotPace

/** What an earlier run had is no merit of this one: the first progress told counts as where it began. */
export function snapshotMeter(nowMs: () => number): SnapshotMeter {
  let first: (SnapshotProgress & { readonly atMs: number }) | undefined
  return (progress) => {
    first ??= { ...progress, atMs: nowMs() }
    const seconds = Math.max(0.001, (nowMs() - first.atMs) / 1_000)
    const gained = progress.covered - first.covered
    return {
      ...progress,
      recordsPerSecond: Math.max(0, (progress.records - first.records) / seconds),
      bytesPerSecond: Math.max(0, (progress.bytes - first.bytes) / seconds),
      secondsLeft: gained <= 0 ? null : (seconds * (1 - progress.covered)) / gained,
    }
  }
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export function describeSnapshot(pace: SnapshotPace): string {
  const { height, covered, chunks, records, recordsPerSecond, bytesPerSecond, peers, secondsLeft } = pace
  const parts = [
    `state of block ${height} ${progressBar(covered)} ${Math.floor(covered * 100)} %`,
    `${grouped.format(chunks)} chunks`,
    `${grouped.format(records)} records, ${grouped.format(recordsPerSecond)}/s`,
    `${(bytesPerSecond / 1e6).toFixed(1)} MB/s`,
    `${peers} peer${peers === 1 ? '' : 's'}`,
  ]
  if (secondsLeft !== null && covered < 1) parts.push(timeLeft(secondsLeft))
  return parts.join(', ')
}
