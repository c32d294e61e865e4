/** What a node's network is told when it starts, and what can be seen of it while it runs. `p2p-node.ts` provides it. */
import type { BlsScheme } from '../core/bls.ts'
import type { Address, Hash } from '../core/bytes.ts'
import type { PeerId } from './transport.ts'

/** How this node proves to peers that it is a validator: it signs its own peer id with the key that votes. */
export interface ValidatorClaim {
  readonly address: Address
  readonly blsPublicKey: Uint8Array
  /** `message` begins with the domain `peer`, so no vote can come of it. */
  sign(message: Uint8Array): Uint8Array
}

export interface P2pOptions {
  readonly genesisHash: Hash
  /** Ed25519 secret key, 32 bytes: the node's identity (identity.ts keeps it in a file). */
  readonly identity: Uint8Array
  /** Multiaddrs, such as `/ip4/0.0.0.0/tcp/26650`; port 0 = any free one. */
  readonly listen: readonly string[]
  /** Multiaddrs to tell others instead of what is listened on, for nodes behind a router. */
  readonly announce?: readonly string[]
  /** Multiaddrs with `/p2p/<peer id>`, asked for further peers when there are few. */
  readonly bootstrap?: readonly string[]
  /** Multiaddrs with `/p2p/<peer id>`: dialled again for ever, never turned away for want of room. */
  readonly persistentPeers?: readonly string[]
  /** Finds peers on the local network. */
  readonly mdns?: boolean
  /** Finds peers through Kademlia. */
  readonly dht?: boolean
  /** Takes part in gossip (default). A node that only asks hears none of it, and nobody counts on it to pass any on. */
  readonly gossip?: boolean
  readonly maxPeers?: number
  /** Connections of one IP address; devnets have all their nodes on one. */
  readonly maxPeersPerAddress?: number
  /** D: how long a request may take, and how soon re-sent votes travel by gossip, follow from it. */
  readonly networkDelayMs: number
  /** `quern/1.2.3`, shown to peers. */
  readonly agent: string
  readonly claim?: ValidatorClaim
  readonly bls: Pick<BlsScheme, 'verify'>
  readonly onEvent?: (event: P2pEvent) => void
}

/** For logs and metrics. */
export type P2pEvent =
  | { readonly type: 'connected'; readonly peer: PeerId; readonly address: string; readonly direction: Direction }
  | { readonly type: 'disconnected'; readonly peer: PeerId; readonly reason: string }
  /** The peer did something that counts against it. */
  | { readonly type: 'penalty'; readonly peer: PeerId; readonly code: string; readonly score: number }
  | { readonly type: 'banned'; readonly peer: PeerId; readonly code: string; readonly untilMs: number }
  /** A queue was full and lost its oldest or its newest, by its rule. */
  | { readonly type: 'dropped'; readonly queue: string; readonly peer: PeerId }

export type Direction = 'inbound' | 'outbound'

export interface PeerInfo {
  readonly id: PeerId
  readonly address: string
  readonly direction: Direction
  readonly agent: string
  /** Newest final block that the peer spoke of. */
  readonly height: number
  /** 0 is neutral; see score.ts. */
  readonly score: number
  readonly isPersistent: boolean
  /** The validator that the peer proved to be. */
  readonly validator: Address | undefined
  readonly connectedAtMs: number
}

/** Counters since the start. Messages by way and type: `direct/vote`, `gossip/tx`, `request/range`, `answer/range`. */
export interface P2pCounters {
  readonly messagesIn: Readonly<Record<string, number>>
  readonly messagesOut: Readonly<Record<string, number>>
  readonly bytesIn: number
  readonly bytesOut: number
  readonly dropped: Readonly<Record<string, number>>
  readonly penalties: Readonly<Record<string, number>>
  readonly bans: number
}
