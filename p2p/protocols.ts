/** Names of streams and topics. They begin with the genesis, so nodes of different chains share none of them. PROTOCOL 9. */
import { type Hash, hexKey } from '../core/bytes.ts'

/** Of the hello (handshake.ts). Peers of another version are let go. */
export const PROTOCOL_VERSION = 1

export const TOPICS = ['tx', 'block', 'vote', 'certificate', 'evidence'] as const
export type Topic = (typeof TOPICS)[number]

export interface ProtocolNames {
  /** Hello both ways: right after connecting, and again to learn a peer's height. */
  readonly status: string
  readonly blocks: string
  readonly certificates: string
  /** State in ranges, and receipts. */
  readonly snapshot: string
  /** Edges, headers, and proofs under them. */
  readonly light: string
  /** Messages to this peer alone; one long-lived stream each way. */
  readonly consensus: string
  /** Addresses of further peers. */
  readonly peers: string
  readonly kademlia: string
  /** For discovery on the local network. */
  readonly mdnsTag: string
  topic(topic: Topic): string
}

export function protocolNames(genesisHash: Hash): ProtocolNames {
  const short = hexKey(genesisHash.subarray(0, 4))
  const prefix = `/quern/${short}`
  return {
    status: `${prefix}/status/1`,
    blocks: `${prefix}/blocks/1`,
    certificates: `${prefix}/certificates/1`,
    snapshot: `${prefix}/snapshot/1`,
    light: `${prefix}/light/1`,
    consensus: `${prefix}/consensus/1`,
    peers: `${prefix}/peers/1`,
    kademlia: `${prefix}/kad/1`,
    mdnsTag: `_quern-${short}._udp.local`,
    topic: (topic) => `${prefix}/${topic}/1`,
  }
}
