import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { Discovery, type DiscoveryOptions } from './discovery.ts'
import { makeIdentity, peerIdOf } from './identity.ts'
import { parsePeerAddress } from './multiaddrs.ts'

/** Discovery over a network in which nobody can be reached. */
function setup(bootstrap: readonly string[] = []) {
  const dialled: string[] = []
  let nowMs = 1_000_000
  let found: (event: { readonly detail: unknown }) => void = () => {}
  const libp2p = {
    peerId: peerIdFromString(peerIdOf(makeIdentity())),
    addEventListener: (_: string, listener: typeof found) => {
      found = listener
    },
    getConnections: () => [],
    dial: async (address: unknown) => {
      dialled.push(String(address))
      throw new Error('nobody there')
    },
  }
  const discovery = new Discovery({
    libp2p,
    exchange: { ask: async () => [] },
    table: { all: () => [], get: () => undefined },
    room: { maxPeers: 30, maxPeersPerAddress: 8 },
    persistent: [],
    bootstrap: bootstrap.map(parsePeerAddress),
    nowMs: () => nowMs,
    open: () => [],
    isUnwelcome: () => false,
    isWorthDialling: () => true,
  } as unknown as DiscoveryOptions)
  discovery.start()
  /** Looks again, so much later. */
  const look = async (laterMs = 0) => {
    nowMs += laterMs
    discovery.retry([])
    await new Promise((resolve) => setImmediate(resolve))
  }
  const tell = (peer: string, address: string) =>
    found({ detail: { id: peerIdFromString(peer), multiaddrs: [multiaddr(address)] } })
  return { discovery, dialled, look, tell }
}

it('a false address told first does not hide the true one', async () => {
  const { discovery, dialled, look, tell } = setup()
  const peer = peerIdOf(makeIdentity())
  tell(peer, '/ip4/10.0.0.1/tcp/1')
  await look()
  tell(peer, '/ip4/10.9.9.9/tcp/2')
  await look()
  // The failure counts all the same: it waits its turn.
  expect(dialled).toEqual([`/ip4/10.0.0.1/tcp/1/p2p/${peer}`])
  await look(6_000)
  discovery.stop()
  expect(dialled.at(-1)).toBe(`/ip4/10.9.9.9/tcp/2/p2p/${peer}`)
})

it('the operator’s own choice is not forgotten for what strangers tell', async () => {
  const first = `/ip4/10.0.0.1/tcp/1/p2p/${peerIdOf(makeIdentity())}`
  const { discovery, dialled, look, tell } = setup([first])
  await look()
  const before = dialled.filter((address) => address === first).length
  // More than the book holds; addresses are all it looks at.
  for (let i = 0; i < 1_100; i++) tell(peerIdOf(makeIdentity()), `/ip4/10.${i % 200}.0.2/tcp/1`)
  for (let i = 0; i < 300; i++) await look(100_000)
  discovery.stop()
  expect(dialled.filter((address) => address === first).length).toBeGreaterThan(before)
})
