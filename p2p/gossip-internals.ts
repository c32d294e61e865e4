/**
 * What of libp2p's gossip is used beyond its declared interface. The version is pinned, and hostile.test.ts looks whether all
 * of it is still there.
 */
import { createHash } from 'node:crypto'
import type { GossipSub } from '@libp2p/gossipsub'
import type { Connection, Stream } from '@libp2p/interface'

/** Message ids are hashes cut to this: collisions have to be searched for among 2^80. */
const MESSAGE_ID_BYTES = 20

/** First bytes of sha256(topic || 00 || data). PROTOCOL 9. */
export const messageId = (topic: string, data: Uint8Array): Uint8Array =>
  createHash('sha256').update(topic).update('\0').update(data).digest().subarray(0, MESSAGE_ID_BYTES)

interface Line {
  readonly rawStream: Stream
}

interface Internals {
  readonly streamsOutbound: Map<string, Line>
  readonly streamsInbound: ReadonlyMap<string, Line>
  readonly seenCache: { readonly entries: Map<string, unknown> }
  msgIdToStrFn(id: Uint8Array): string
  readonly mcache: { getGossipIDs(topics: Set<string>): Map<string, Uint8Array[]> }
  pushGossip(peer: string, have: { readonly topicID: string; readonly messageIDs: Uint8Array[] }): void
  onPeerConnected(peer: Connection['remotePeer'], connection: Connection): void
}

const internals = (pubsub: GossipSub): Internals => pubsub as unknown as Internals

/** Whether we can tell this peer anything by gossip. */
export const hasOutbound = (pubsub: GossipSub, peer: string): boolean =>
  internals(pubsub).streamsOutbound.get(peer)?.rawStream.status === 'open'

/** Whether the peer can tell us. */
export function hasInbound(pubsub: GossipSub, peer: string): boolean {
  const stream = internals(pubsub).streamsInbound.get(peer)?.rawStream
  return stream?.status === 'open' && stream.remoteWriteStatus !== 'closed'
}

/** Opens a stream to the peer over this connection, in place of one that ended. */
export function openOutbound(pubsub: GossipSub, connection: Connection): void {
  const peer = connection.remotePeer
  if (!hasOutbound(pubsub, peer.toString())) internals(pubsub).streamsOutbound.delete(peer.toString())
  internals(pubsub).onPeerConnected(peer, connection)
}

/** Ids of one topic that a new neighbour is told of; a heartbeat of a busy network. */
const MAX_RECENT = 512

/** Tells a peer, with the next heartbeat, which messages of the last seconds it may ask for. */
export function tellRecent(pubsub: GossipSub, peer: string): void {
  const { mcache, pushGossip } = internals(pubsub)
  for (const [topicID, messageIDs] of mcache.getGossipIDs(new Set(pubsub.getTopics()))) {
    pushGossip.call(pubsub, peer, { topicID, messageIDs: messageIDs.slice(0, MAX_RECENT) })
  }
}

/**
 * Another copy of this message counts as new. Of what was let go for a reason that lies with its sender, or with us, another peer's
 * copy must still be looked at: otherwise whoever hands it over first decides for everybody.
 */
export function forgetMessage(pubsub: GossipSub, topic: string, data: Uint8Array): void {
  const { seenCache, msgIdToStrFn } = internals(pubsub)
  seenCache.entries.delete(msgIdToStrFn(messageId(topic, data)))
}
