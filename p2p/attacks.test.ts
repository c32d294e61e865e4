/** What one peer could do to what others say, and how little comes of it. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { equalBytes } from '../core/bytes.ts'
import { assemble } from './assembly.ts'
import { wholeEnvelope } from './envelope.ts'
import { GossipLines } from './gossip-lines.ts'
import type { Peer } from './peer-table.ts'
import {
  claimOf,
  evidence,
  optionsOf,
  quiet,
  startNode,
  stopAll,
  type TestNode,
  transactions,
  until,
  validator,
} from './testing/nodes.ts'
import { RawHost } from './testing/raw-host.ts'
import type { NetworkMessage, PeerResponse } from './transport.ts'
import { encodeNetworkMessage } from './wire.ts'

const raws: RawHost[] = []
const startRaw = async (): Promise<RawHost> => {
  const raw = await RawHost.start()
  raws.push(raw)
  return raw
}
afterEach(async () => {
  await Promise.all([...raws.splice(0).map((raw) => raw.stop()), stopAll()])
})

const heard = (test: TestNode, message: NetworkMessage) =>
  test.heard.filter((entry) => equalBytes(encodeNetworkMessage(entry.message), encodeNetworkMessage(message)))

const hasSubscriber = (raw: RawHost, topic: 'evidence' | 'tx') => () =>
  raw.host.services.pubsub.getSubscribers(raw.names.topic(topic)).length > 0

const say = (raw: RawHost, topic: 'evidence' | 'tx', message: NetworkMessage) =>
  raw.host.services.pubsub.publish(raw.names.topic(topic), wholeEnvelope(0, encodeNetworkMessage(message)))

describe('what is said once', () => {
  it('waits for the first neighbour where there is none', async () => {
    const alone = await startNode()
    alone.node.transport.broadcast(transactions(1))
    alone.node.transport.broadcast(evidence(1))
    const late = await startNode({ persistentPeers: [alone.address()] })
    await until(() => heard(late, transactions(1)).length === 1 && heard(late, evidence(1)).length === 1, 'both')
  })

  it('reaches a neighbour whose subscription came too late, beside one that was there', async () => {
    const node = await startNode()
    const early = await startNode({ persistentPeers: [node.address()] })
    const late = await startNode({ persistentPeers: [node.address()] })
    await late.node.setBlocked([node.node.id])
    await until(() => early.node.peers().length === 1 && node.node.peers().length === 1, 'one of two')
    node.node.transport.broadcast(transactions(8))
    await until(() => heard(early, transactions(8)).length === 1, 'the early one')
    expect(late.heard).toEqual([])
    await late.node.setBlocked([])
    await until(() => heard(late, transactions(8)).length === 1, 'the late one')
  })

  it('is not hidden by a peer that hands it over beyond its own limit', async () => {
    const node = await startNode()
    const honest = await startNode({ persistentPeers: [node.address()] })
    const raw = await startRaw()
    await raw.join(node)
    await until(hasSubscriber(raw, 'evidence'), 'the subscription')
    // A peer may bring 64 in a minute and has one back each second, so more than a busy machine takes seconds for.
    const dropped = () => node.node.counters().dropped.evidence ?? 0
    let said = 0
    // A quarter of the queue.
    const sayMore = async (last: number) => {
      for (let i = 0; i < 15; i++) await say(raw, 'evidence', evidence(1_000 + said++))
      await say(raw, 'evidence', evidence(last))
      said++
      await until(() => node.heard.length + dropped() === said, 'all of it')
    }
    while (dropped() === 0) await sayMore(2_000 + said)
    await sayMore(7)
    expect(heard(node, evidence(7))).toEqual([])
    expect(node.node.counters().penalties.MESSAGE_RATE).toBeGreaterThan(0)
    honest.node.transport.broadcast(evidence(7))
    await until(() => heard(node, evidence(7)).length === 1, 'the copy of somebody else')
    expect(heard(node, evidence(7))[0]?.from).toBe(honest.node.id)
  })

  it('is not listened to before a hello, and is not lost by coming before it', async () => {
    const node = await startNode()
    const raw = await startRaw()
    const connection = await raw.connect(node)
    await until(hasSubscriber(raw, 'tx'), 'the subscription')
    await say(raw, 'tx', transactions(3))
    await quiet()
    expect(node.heard).toEqual([])
    await raw.greet(connection)
    await until(() => heard(node, transactions(3)).length === 1, 'the message after the hello')
  })

  it('goes on by gossip where it came by stream', async () => {
    const middle = await startNode()
    const [left, right] = await Promise.all([0, 1].map(() => startNode({ persistentPeers: [middle.address()] })))
    await Promise.all([left!.node.setBlocked([right!.node.id]), right!.node.setBlocked([left!.node.id])])
    const isLine = () =>
      middle.node.peers().length === 2 && [left, right].every((end) => end!.node.peers().length === 1)
    await until(isLine, 'a line')
    left!.node.transport.send(middle.node.id, transactions(4))
    await until(() => heard(right!, transactions(4)).length === 1, 'the other end')
  })
})

describe('streams of gossip', () => {
  it('are opened again when the library let go of a peer that is still there', async () => {
    const node = await startNode()
    const raw = await startRaw()
    const connection = await raw.join(node)
    const { pubsub } = raw.host.services
    pubsub.subscribe(raw.names.topic('tx'))
    const lines = new GossipLines({
      pubsub,
      nowMs: () => performance.now(),
      peers: () => [{ id: node.node.id, connections: [connection] } as unknown as Peer],
    })
    await until(hasSubscriber(raw, 'tx'), 'the subscription')
    // As when the end of an older connection is noticed late.
    ;(pubsub as unknown as { onPeerDisconnected(peer: unknown): void }).onPeerDisconnected(connection.remotePeer)
    expect(hasSubscriber(raw, 'tx')()).toBe(false)
    lines.start()
    try {
      await until(hasSubscriber(raw, 'tx'), 'the subscription again')
      await say(raw, 'tx', transactions(5))
      await until(() => heard(node, transactions(5)).length === 1, 'gossip to the node')
      let isHeard = false
      pubsub.addEventListener('message', () => {
        isHeard = true
      })
      node.node.transport.broadcast(transactions(6))
      await until(() => isHeard, 'gossip from the node')
    } finally {
      lines.stop()
    }
  })
})

describe('a peer that takes its time', () => {
  const never = () => new Promise<PeerResponse>(() => {}) as unknown as PeerResponse
  const question = { type: 'range', fromHeight: 1, count: 1 } as const

  it('does not keep the chain from stopping', async () => {
    const slow = await startNode()
    slow.answer = never
    const node = await startNode({ persistentPeers: [slow.address()] })
    await until(() => node.node.peers().length === 1, 'a peer')
    const { transport } = node.node
    const failed = expect(transport.request(slow.node.id, question)).rejects.toMatchObject({ code: 'PEER_UNKNOWN' })
    await quiet(50)
    await transport.stop()
    await failed
  })

  it('is asked one thing at a time', async () => {
    const slow = await startNode()
    slow.answer = never
    const node = await startNode({ persistentPeers: [slow.address()] })
    await until(() => node.node.peers().length === 1, 'a peer')
    const { transport } = node.node
    for (let i = 0; i < 6; i++) transport.blame(slow.node.id, 'PEER_TIMEOUT')
    const first = transport.request(slow.node.id, question).catch(() => {})
    let isFirstOver = false
    void first.then(() => {
      isFirstOver = true
    })
    await expect(transport.request(slow.node.id, question)).rejects.toMatchObject({ code: 'PEER_TIMEOUT' })
    expect(isFirstOver).toBe(false)
    await transport.stop()
    await first
  })
})

describe('a validator', () => {
  it('takes reserved places for two peers and no more, however many its key signs for', async () => {
    const claimed = validator(51)
    const node = await startNode({ maxPeers: 1 })
    node.node.transport.setValidators([claimed])
    const peers = await Promise.all([0, 1, 2, 3].map(() => startNode({ claim: claimOf(claimed) })))
    for (const peer of peers) await peer.node.connect(node.address()).catch(() => {})
    await until(() => node.events.some((event) => event.type === 'disconnected'), 'somebody is turned away')
    const known = node.node.peers()
    expect(known.filter((peer) => peer.validator !== undefined)).toHaveLength(2)
    expect(known.length).toBeLessThanOrEqual(3)
  })
})

describe('the clock of the machine', () => {
  it('ends no ban when it is put forward', async () => {
    const { membership } = await assemble(optionsOf(), [])
    membership.penalize('liar', 'VOTE_SIGNATURE')
    const nowMs = Date.now()
    const clock = vi.spyOn(Date, 'now').mockReturnValue(nowMs + 48 * 3_600_000)
    try {
      expect(membership.isUnwelcome('liar')).toBe(true)
    } finally {
      clock.mockRestore()
      membership.stop()
    }
  })
})
