/** What a running node tells whoever watches it: one line each, for people or as JSON. */
import type { P2pEvent } from '../p2p/options.ts'

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
    }
  | {
      readonly event: 'status'
      readonly height: number
      readonly finalizedHeight: number
      readonly epoch: number
      readonly view: number
      readonly peers: number
      readonly transactions: number
      /** Own leader views missed in this epoch; null for a node that only follows. */
      readonly missedViews: number | null
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
  | { readonly event: 'connected'; readonly peer: string; readonly address: string; readonly direction: string }
  | { readonly event: 'disconnected'; readonly peer: string; readonly reason: string }
  | { readonly event: 'banned'; readonly peer: string; readonly code: string; readonly untilMs: number }
  /** Another validator signed two statements that contradict each other. */
  | { readonly event: 'equivocation'; readonly validator: string; readonly epoch: number; readonly view: number }
  /** data/ does not vouch for what the key signed: nothing is signed at or below this place. */
  | { readonly event: 'barred'; readonly epoch: number; readonly view: number }
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
    case 'dropped':
      return undefined
  }
}

const brief = (peer: string): string => `...${peer.slice(-8)}`

/** One line, without the time. */
export function describeLife(event: LifeEvent): string {
  switch (event.event) {
    case 'ready': {
      const role = event.validator === null ? 'follows' : `validates for ${event.validator}`
      const lines = [
        `${event.network} ${event.genesis.slice(0, 18)}, block ${event.height}; ${role}`,
        ...event.multiaddrs.map((multiaddr) => `  p2p  ${multiaddr}`),
        `  rpc  ${event.rpc}  (/health, /ready, /metrics)`,
      ]
      return lines.join('\n')
    }
    case 'status': {
      const parts = [
        `block ${event.height} (final ${event.finalizedHeight})`,
        `epoch ${event.epoch}, view ${event.view}`,
        `${event.peers} peer${event.peers === 1 ? '' : 's'}`,
        `${event.transactions} waiting`,
      ]
      if (event.missedViews !== null && event.missedViews > 0) parts.push(`${event.missedViews} own views missed`)
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
    case 'connected':
      return `peer ${brief(event.peer)} connected (${event.direction}, ${event.address})`
    case 'disconnected':
      return `peer ${brief(event.peer)} gone: ${event.reason}`
    case 'banned':
      return `peer ${brief(event.peer)} banned until ${new Date(event.untilMs).toISOString()}: ${event.code}`
    case 'equivocation':
      return `validator ${event.validator} signed twice in epoch ${event.epoch}, view ${event.view}`
    case 'barred':
      return `data/ does not show all that this key signed: it signs nothing up to epoch ${event.epoch}, view ${event.view} (a devnet that it makes alone needs \`quern reset --forget-signing\`)`
    case 'internalError':
      return `${event.method} failed: ${event.message}`
    case 'halted':
      return `stopped after block ${event.height}, as --halt-height says`
    case 'stopping':
      return 'stopping'
  }
}
