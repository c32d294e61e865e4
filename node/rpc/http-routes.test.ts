import { afterEach, describe, expect, it } from 'vitest'
import type { PeerInfo } from '../../p2p/options.ts'
import { fixture, VALIDATORS } from './fixture.ts'
import { notReady } from './http-ready.ts'
import { type RpcServer, startRpcServer } from './server.ts'

let server: RpcServer | undefined
afterEach(() => server?.close())

const peerAt = (height: number): PeerInfo => ({
  id: `peer at ${height}`,
  address: '/ip4/127.0.0.1/tcp/1',
  direction: 'inbound',
  agent: 'quern/test',
  height,
  score: 0,
  isPersistent: false,
  validator: undefined,
  connectedAtMs: 0,
})

async function serve(options: { readonly metrics?: boolean; readonly peers?: number } = {}) {
  const { chain } = fixture()
  if (options.peers !== undefined) chain.peerCount = () => options.peers!
  const metrics = { contentType: 'text/plain; version=0.0.4', text: async () => 'quern_height 12\n' }
  server = await startRpcServer({
    node: chain,
    clientVersion: 'quern/test',
    port: 0,
    ...(options.metrics === true ? { metrics } : {}),
  })
  const { url } = server
  return { chain, get: (path: string, init?: RequestInit) => fetch(`${url}${path}`, init) }
}

describe('/health', () => {
  it('answers while the process serves', async () => {
    const { get } = await serve({ peers: 0 })
    const answer = await get('/health')
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      status: 'ok',
      client_version: 'quern/test',
      height: 12,
      finalized_height: 10,
    })
  })
})

describe('/ready', () => {
  it('is 200 with peers, and 503 with the reasons without', async () => {
    const { get, chain } = await serve()
    const ready = await get('/ready')
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [] }])
    chain.peerCount = () => 0
    const alone = await get('/ready')
    expect(alone.status).toBe(503)
    expect(await alone.json()).toMatchObject({ ready: false, reasons: [{ code: 'NO_PEERS' }] })
  })

  it('needs no peers where the own validator is the whole set', () => {
    const { chain } = fixture()
    chain.peerCount = () => 0
    chain.validator = VALIDATORS[0]!
    expect(notReady(chain).map(({ code }) => code)).toEqual(['NO_PEERS'])
    const set = chain.validatorSet(1)!
    chain.validatorSet = () => ({ ...set, members: set.members.slice(0, 1) })
    chain.validator = set.members[0]!.address
    expect(notReady(chain)).toEqual([])
    chain.validator = set.members[1]!.address
    expect(notReady(chain).map(({ code }) => code)).toEqual(['NO_PEERS'])
  })

  it('knows a node that catches up, or ought to, and is not fooled by one peer', () => {
    const { chain } = fixture()
    const codes = () => notReady(chain).map(({ code }) => code)
    const peersAt = (...heights: readonly number[]) => {
      chain.network = { id: 'own', multiaddrs: [], peers: () => heights.map(peerAt) }
    }
    peersAt(20, 20, 5)
    expect(codes()).toEqual([])
    peersAt(10, 11, 1_000_000)
    expect(codes()).toEqual([])
    peersAt(21, 21, 5)
    expect(codes()).toEqual(['BEHIND_PEERS'])
    chain.syncing = () => ({ startingHeight: 1, currentHeight: 10, highestHeight: 21 })
    expect(codes()).toEqual(['SYNCING'])
  })
})

describe('/metrics', () => {
  it('is there when it is wanted', async () => {
    const { get } = await serve({ metrics: true })
    const answer = await get('/metrics')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    expect(await answer.text()).toBe('quern_height 12\n')
  })

  it('is absent otherwise', async () => {
    const { get } = await serve()
    expect((await get('/metrics')).status).toBe(404)
  })
})

it('the routes are for those who may ask: no foreign page, no rebound name', async () => {
  const { get } = await serve({ metrics: true })
  for (const path of ['/health', '/ready', '/metrics']) {
    expect((await get(path, { headers: { origin: 'https://evil.example' } })).status).toBe(403)
  }
})
