import type { Stream } from '@libp2p/interface'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { MAX_DIRECT_BYTES } from './direct.ts'
import { readFrames } from './streams.ts'
import { blockOf, proposal, startNode, stopAll, until, validator, vote } from './testing/nodes.ts'
import { RawHost } from './testing/raw-host.ts'
import type { NetworkMessage } from './transport.ts'
import { decodeNetworkMessage } from './wire.ts'

let raw: RawHost
afterEach(() => raw.stop())
afterAll(stopAll)

const author = validator(1)
const viewOf = (message: NetworkMessage): number => {
  if (message.type !== 'consensus') return -1
  return message.message.type === 'vote' ? message.message.vote.view : -1
}

describe('messages to a peer that is slow', () => {
  it('wait within bounds, the oldest are lost, and the rest arrives in order when it goes on', async () => {
    const node = await startNode()
    raw = await RawHost.start()
    const streams: Stream[] = []
    await raw.host.handle(raw.names.consensus, (stream) => {
      stream.pause()
      streams.push(stream)
    })
    await raw.join(node)
    const { transport } = node.node
    transport.send(raw.id, vote(1))
    await until(() => streams.length === 1, 'the stream')
    // 30 MB, of which 16 MiB may wait.
    for (let view = 0; view < 15; view++) transport.send(raw.id, proposal(author, view, blockOf(2_000_000)))
    for (let view = 2; view < 500; view++) transport.send(raw.id, vote(view))
    await until(() => (node.node.counters().dropped.direct ?? 0) > 0, 'the loss')
    expect(node.events).toContainEqual({ type: 'dropped', queue: 'direct', peer: raw.id })
    const votes: number[] = []
    const stream = streams[0]!
    const done = readFrames(stream, MAX_DIRECT_BYTES, (frame) => {
      const view = viewOf(decodeNetworkMessage(frame))
      if (view >= 0) votes.push(view)
    })
    stream.resume()
    await until(() => votes.at(-1) === 499, 'the last vote')
    expect(votes.filter((view) => view > 1)).toEqual(Array.from({ length: 498 }, (_, i) => i + 2))
    stream.abort(new Error('over'))
    await done.catch(() => {})
  })

  it('find a new stream when the old one ended', async () => {
    const node = await startNode()
    raw = await RawHost.start()
    const views: number[] = []
    const streams: Stream[] = []
    await raw.host.handle(raw.names.consensus, (stream) => {
      streams.push(stream)
      void readFrames(stream, MAX_DIRECT_BYTES, (frame) => {
        views.push(viewOf(decodeNetworkMessage(frame)))
      }).catch(() => {})
    })
    await raw.join(node)
    node.node.transport.send(raw.id, vote(1))
    await until(() => views.length === 1, 'the first')
    streams[0]?.abort(new Error('gone'))
    await until(() => {
      node.node.transport.send(raw.id, vote(2))
      return views.includes(2)
    }, 'one on a new stream')
    expect(streams).toHaveLength(2)
  })
})
