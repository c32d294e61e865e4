/** What a running node tells whoever watches it: one line each, for people or as JSON. */
import { formatCpc } from '../core/units.ts'
import type { P2pEvent } from '../p2p/options.ts'
import { describePace, type SyncPace } from './sync/pace.ts'
import { describeSnapshot, type SnapshotPace } from './sync/snapshot-meter.ts'

/** Hashes as 0x hex, addresses as cpc1..., peers by their base58 ids. */
export type LifeEvent =
  | {
      readonly event: 'ready'
      readonly rpc: string
      readonly ws: string
      readonly nodeId: string
      readonly multiaddrs: readonly string[]
      readonly pid: number
      readonly network: string
      readonly genesis: string
      readonly height: number
      readonly validator: string | null
      /** Bonded to it, in wei; null for a node that only follows. */
      readonly stakeWei: string | null
    }
  | {
      readonly event: 'status'
      readonly height: number
      readonly finalizedHeight: number
      readonly epoch: number
      readonly view: number
      readonly peers: number
      /** That wait here; null for a light node, which takes none. */
      readonly transactions: number | null
      /** Own leader views missed in this epoch; null for a node that only follows. */
      readonly missedViews: number | null
      /** Since the newest final block was made, by this machine's clock. */
      readonly headAgeMs: number
      /** Of the own validator's account, in wei; null for a node that only follows, as are all of these. */
      readonly balanceWei: string | null
      readonly stakeWei: string | null
      readonly isMember: boolean | null
      /** Views until it leads, as far as that is known. */
      readonly leadsInViews: number | null
      /** Height of the peers while catching up. */
      readonly syncingTo: number | null
    }
  | {
      readonly event: 'block'
      readonly height: number
      readonly hash: string
      readonly epoch: number
      readonly view: number
      readonly transactions: number
    }
  | { readonly event: 'epoch'; readonly epoch: number; readonly validators: number; readonly isMember: boolean }
  | { readonly event: 'syncing'; readonly height: number; readonly to: number }
  | { readonly event: 'synced'; readonly height: number }
  | ({ readonly event: 'progress' } & SyncPace)
  /** Where the trust of a light node begins. */
  | { readonly event: 'trusted'; readonly height: number; readonly hash: string }
  /** Joining by state. */
  | ({ readonly event: 'snapshot' } & SnapshotPace)
  | { readonly event: 'connected'; readonly peer: string; readonly address: string; readonly direction: string }
  | { readonly event: 'disconnected'; readonly peer: string; readonly reason: string }
  | { readonly event: 'banned'; readonly peer: string; readonly code: string; readonly untilMs: number }
  /** A peer that was let go because one of the two of us is older. */
  | { readonly event: 'otherVersion'; readonly peer: string }
  /** Another validator signed two statements that contradict each other. */
  | { readonly event: 'equivocation'; readonly validator: string; readonly epoch: number; readonly view: number }
  /** data/ does not vouch for what the key signed: nothing is signed at or below this place. */
  | { readonly event: 'barred'; readonly epoch: number; readonly view: number }
  /** Receipts of RISC Zero cannot be checked here: transactions that bring one are refused. */
  | { readonly event: 'withoutCircuit' }
  | { readonly event: 'internalError'; readonly method: string; readonly message: string }
  | { readonly event: 'halted'; readonly height: number }
  | { readonly event: 'stopping' }

/** Penalties and full queues are counted (metrics), not told: a flood would fill the log. */
export function networkEvent(event: P2pEvent): LifeEvent | undefined {
  switch (event.type) {
    case 'connected':
      return { event: 'connected', peer: event.peer, address: event.address, direction: event.direction }
    case 'disconnected':
      return { event: 'disconnected', peer: event.peer, reason: event.reason }
    case 'banned':
      return { event: 'banned', peer: event.peer, code: event.code, untilMs: event.untilMs }
    case 'penalty':
      return event.code === 'OTHER_VERSION' ? { event: 'otherVersion', peer: event.peer } : undefined
    case 'dropped':
      return undefined
  }
}

type Status = Extract<LifeEvent, { readonly event: 'status' }>

/** Of a validator. */
function ownParts({ balanceWei, stakeWei, isMember, leadsInViews }: Status): string[] {
  if (balanceWei === null || stakeWei === null) return []
  const parts = [`balance ${shortCpc(BigInt(balanceWei))} CPC`]
  if (BigInt(stakeWei) === 0n) parts.push('no stake: it votes once it has some (`quern validator create`)')
  else if (isMember !== true) parts.push('staked, and not in the set of this epoch')
  else if (leadsInViews !== null) parts.push(`leads in ${leadsInViews} view${leadsInViews === 1 ? '' : 's'}`)
  return parts
}

/** Two decimals, cut off. */
function shortCpc(wei: bigint): string {
  const [whole = '0', decimals = ''] = formatCpc(wei).split('.')
  return `${whole}.${decimals.padEnd(2, '0').slice(0, 2)}`
}

const roleOf = (validator: string, stakeWei: string | null): string =>
  stakeWei === null || BigInt(stakeWei) > 0n
    ? `validates for ${validator}`
    : `has the key of ${validator}, which has no stake here: it votes once it has some (\`quern validator create\`)`

const brief = (peer: string): string => `...${peer.slice(-8)}`

/** One line, without the time. */
export function describeLife(event: LifeEvent): string {
  switch (event.event) {
    case 'ready': {
      const role = event.validator === null ? 'follows' : roleOf(event.validator, event.stakeWei)
      const lines = [
        `${event.network} ${event.genesis.slice(0, 18)}, block ${event.height}; ${role}`,
        ...event.multiaddrs.map((multiaddr) => `  p2p  ${multiaddr}`),
        `  rpc  ${event.rpc}  (/health, /ready, /metrics)`,
      ]
      return lines.join('\n')
    }
    case 'status': {
      const parts = [
        `block ${event.height} (final ${event.finalizedHeight}, ${(Math.max(0, event.headAgeMs) / 1_000).toFixed(1)} s old)`,
        `epoch ${event.epoch}, view ${event.view}`,
        `${event.peers} peer${event.peers === 1 ? '' : 's'}`,
      ]
      if (event.transactions !== null) parts.push(`${event.transactions} waiting`)
      if (event.missedViews !== null && event.missedViews > 0) parts.push(`${event.missedViews} own views missed`)
      parts.push(...ownParts(event))
      if (event.syncingTo !== null) parts.push(`catching up to ${event.syncingTo}`)
      return parts.join(', ')
    }
    case 'block': {
      const { height, hash, epoch, view, transactions } = event
      return `block ${height}  ${hash.slice(0, 18)}  epoch ${epoch}, view ${view}  ${transactions} tx`
    }
    case 'epoch': {
      const role = event.isMember ? ', this node among them' : ''
      return `epoch ${event.epoch} begins with ${event.validators} validator${event.validators === 1 ? '' : 's'}${role}`
    }
    case 'syncing':
      return `behind its peers: from block ${event.height} to ${event.to}`
    case 'synced':
      return `has caught up, at block ${event.height}`
    case 'trusted':
      return `trusts block ${event.height}, ${event.hash.slice(0, 18)}, and what is proved from there on`
    case 'progress':
      return describePace(event)
    case 'snapshot':
      return describeSnapshot(event)
    case 'connected':
      return `peer ${brief(event.peer)} connected (${event.direction}, ${event.address})`
    case 'disconnected':
      return `peer ${brief(event.peer)} gone: ${event.reason}`
    case 'banned':
      return `peer ${brief(event.peer)} banned until ${new Date(event.untilMs).toISOString()}: ${event.code}`
    case 'otherVersion':
      return `peer ${brief(event.peer)} speaks another version of the protocol: if many do, this node needs a newer quern`
    case 'equivocation':
      return `validator ${event.validator} signed twice in epoch ${event.epoch}, view ${event.view}`
    case 'barred':
      return `data/ does not show all that this key signed: it signs nothing up to epoch ${event.epoch}, view ${event.view} (a devnet that it makes alone needs \`quern reset --forget-signing\`)`
    case 'withoutCircuit':
      return 'no table of the RISC Zero circuit: transactions with its receipts are refused, and a block that holds one stops this node (set zk.risc0_circuit)'
    case 'internalError':
      return `${event.method} failed: ${event.message}`
    case 'halted':
      return `stopped after block ${event.height}, as --halt-height says`
    case 'stopping':
      return 'stopping'
  }
}
