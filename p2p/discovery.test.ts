import { afterEach, describe, expect, it } from 'vitest'
import { quiet, startNode, stopAll, stopNode, type TestNode, until } from './testing/nodes.ts'

afterEach(stopAll)

const isConnected = (a: TestNode, b: TestNode) => a.node.transport.peers().includes(b.node.id)

describe('discovery', () => {
  it('finds peers by asking the ones it has', async () => {
    const hub = await startNode()
    const a = await startNode({ bootstrap: [hub.address()] })
    await until(() => isConnected(a, hub), 'the hub')
    const b = await startNode({ bootstrap: [hub.address()] })
    await until(() => isConnected(b, hub) && isConnected(a, b), 'each other')
  })

  it('finds peers on the local network, where it is allowed to listen there', async () => {
    const [a, b] = [await startNode({ mdns: true }), await startNode({ mdns: true })]
    await quiet(100)
    await Promise.all([stopNode(a), stopNode(b)])
    expect(a.node.peers()).toEqual([])
  })

  it('dials no more strangers than it has places for, and keeps a third for those it dialled itself', async () => {
    const small = await startNode({ maxPeers: 3 })
    const others = await Promise.all([0, 1, 2, 3, 4].map(() => startNode({ maxPeers: 1 })))
    for (const other of others) await other.node.connect(small.address()).catch(() => {})
    await until(
      () => small.events.some((event) => event.type === 'disconnected' && event.reason === 'PEERS_FULL'),
      'full',
    )
    await quiet(700)
    expect(small.node.peers().length).toBeLessThanOrEqual(3)
  })

  it('lets persistent peers in, and dials them, whatever the number of others', async () => {
    const a = await startNode({ maxPeers: 1 })
    const stranger = await startNode()
    await stranger.node.connect(a.address())
    const friend = await startNode({ persistentPeers: [a.address()] })
    // Not a friend of `a`, which has no room: it tries again and again.
    await quiet(500)
    expect(isConnected(a, friend)).toBe(false)
    await stopNode(stranger)
    await until(() => isConnected(a, friend), 'a place')
  })
})
