/**
 * The IPC channel between `quern devnet --processes` and the validators it started, each of them `quern start`. Over it
 * the parent cuts and heals the network; when it closes, the parent is gone, by whatever signal, and the node stops.
 * Used only where the genesis is a devnet's: no other node takes orders from whoever started it.
 */
import { messageOf } from '../core/errors.ts'
import type { PeerId } from '../p2p/transport.ts'

export type DevRequest =
  /** Connections to these peers are closed and refused; the list replaces the one before it. */
  | { readonly type: 'setBlocked'; readonly id: number; readonly peers: readonly PeerId[] }
  /** Dials now, in place of the next round of dialling again. */
  | { readonly type: 'connect'; readonly id: number; readonly multiaddrs: readonly string[] }

export interface DevAnswer {
  readonly id: number
  /** Absent when it is done. */
  readonly error?: string
}

/** What the parent may do to a node's network: a `P2pNode` fits. */
export interface DevNetwork {
  setBlocked(peers: readonly PeerId[]): Promise<void>
  connect(multiaddr: string): Promise<void>
}

export interface DevChannelOptions {
  /** The genesis's. */
  readonly network: string
  readonly p2p: DevNetwork
  /** Stops the node in good order. */
  readonly parentGone: () => void
}

/** Does nothing on other networks, and where no IPC channel is. @returns lets go of the channel, so that the process can end */
export function attachDevChannel({ network, p2p, parentGone }: DevChannelOptions): () => void {
  if (network !== 'devnet' || process.send === undefined) return () => undefined
  const receive = (request: DevRequest): void => {
    void carryOut(p2p, request).then((answer) => {
      // Gone meanwhile: nobody is left to hear it.
      if (process.connected) process.send?.(answer, () => undefined)
    })
  }
  process.on('message', receive).on('disconnect', parentGone)
  // The parent went before anybody listened.
  if (!process.connected) parentGone()
  return () => {
    process.off('message', receive).off('disconnect', parentGone)
    if (process.connected) process.disconnect()
  }
}

async function carryOut(p2p: DevNetwork, request: DevRequest): Promise<DevAnswer> {
  try {
    if (request.type === 'setBlocked') await p2p.setBlocked(request.peers)
    // Whoever cannot be reached now is dialled again by the node itself.
    else await Promise.allSettled(request.multiaddrs.map((multiaddr) => p2p.connect(multiaddr)))
    return { id: request.id }
  } catch (error) {
    return { id: request.id, error: messageOf(error) }
  }
}
