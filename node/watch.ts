/** Turns what happens to a running node into its life events: a status line now and then, and one for what is notable. */
import { equalBytes, toHex } from '../core/bytes.ts'
import type { NodeApi } from './api.ts'
import type { LifeEvent } from './life-events.ts'
import { ownStanding } from './own-standing.ts'
import { ownViews } from './own-views.ts'
import { SyncMeter } from './sync/pace.ts'

export interface WatchOptions {
  readonly node: NodeApi
  readonly statusSeconds: number
  /** Between two events on how far it is while it is behind. */
  readonly progressSeconds: number
  readonly nowMs: () => number
  /** An event for every final block. */
  readonly blocks: boolean
  readonly onEvent: (event: LifeEvent) => void
}

/** @returns ends it */
export function watch({ node, statusSeconds, progressSeconds, nowMs, blocks, onEvent }: WatchOptions): () => void {
  let { epoch } = node.finalized()
  let isSyncing = false
  let meter: SyncMeter | undefined
  const unsubscribe = node.subscribe((event) => {
    if (event.type !== 'final') return
    const { header, hash } = event.block.block
    const { height, view } = header
    const sync = node.syncing()
    if (sync !== undefined && !isSyncing) onEvent({ event: 'syncing', height, to: sync.highestHeight })
    if (sync === undefined && isSyncing) onEvent({ event: 'synced', height })
    isSyncing = sync !== undefined
    meter = isSyncing ? (meter ?? new SyncMeter(nowMs)) : undefined
    meter?.count(event.block.block.transactions)
    const transactions = event.block.transactions.length
    if (blocks) onEvent({ event: 'block', height, hash: toHex(hash), epoch: header.epoch, view, transactions })
    // Old epochs go by too fast to be news.
    if (header.epoch > epoch && !isSyncing) onEvent(epochEvent(node, header.epoch))
    epoch = Math.max(epoch, header.epoch)
  })
  const timers = [
    setInterval(() => onEvent(status(node, nowMs())), statusSeconds * 1_000),
    setInterval(() => {
      const sync = node.syncing()
      if (sync === undefined || meter === undefined) return
      onEvent({ event: 'progress', ...meter.pace(sync.currentHeight, sync.highestHeight, node.peerCount()) })
    }, progressSeconds * 1_000),
  ]
  return () => {
    for (const timer of timers) clearInterval(timer)
    unsubscribe()
  }
}

function epochEvent(node: NodeApi, epoch: number): LifeEvent {
  const members = node.validatorSet(epoch)?.members ?? []
  const { validator } = node
  const isMember = validator !== undefined && members.some(({ address }) => equalBytes(address, validator))
  return { event: 'epoch', epoch, validators: members.length, isMember }
}

export function status(node: NodeApi, nowMs: number): LifeEvent {
  const latest = node.latest()
  const final = node.finalized()
  const own = ownStanding(node)
  const { pending, queued } = node.pool().counts()
  return {
    event: 'status',
    height: latest.height,
    finalizedHeight: final.height,
    epoch: latest.epoch,
    view: latest.view,
    peers: node.peerCount(),
    transactions: pending + queued,
    missedViews: ownViews(node)?.missedViews ?? null,
    headAgeMs: nowMs - final.timestampMs,
    balanceWei: own === undefined ? null : String(own.balanceWei),
    stakeWei: own === undefined ? null : String(own.stakeWei),
    isMember: own?.isMember ?? null,
    leadsInViews: own?.leadsInViews ?? null,
    syncingTo: node.syncing()?.highestHeight ?? null,
  }
}
