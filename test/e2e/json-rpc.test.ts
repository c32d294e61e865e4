/** The protocol on the wire: batches, errors, filters and subscriptions, with fetch and a bare WebSocket. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountOf, PATIENCE, post, TestDevnet } from './devnet-fixture.ts'
import { EASY_DIFFICULTY_MACS } from './lottery.ts'
import { RpcSocket } from './web-socket.ts'

let net: TestDevnet

beforeAll(async () => {
  net = await TestDevnet.start({ validators: 4, workers: 1, difficultyMacs: EASY_DIFFICULTY_MACS * 16 })
})
afterAll(() => net.stop())

const request = (id: number | string, method: string, params: unknown = []) => ({ jsonrpc: '2.0', id, method, params })

const transfer = (value: number): Promise<string> =>
  net.rpc('eth_sendTransaction', [
    { from: accountOf(0).address, to: accountOf(1).address, value: `0x${value.toString(16)}` },
  ])

describe('HTTP', () => {
  it('answers a batch in order, its faults one by one', async () => {
    const batch = [
      request(7, 'eth_chainId'),
      request('seven', 'net_version'),
      { jsonrpc: '2.0', method: 'eth_chainId' },
      request(8, 'eth_chainID'),
      request(9, 'eth_getBalance', ['nobody', 'latest']),
      'not a request',
      request(10, 'chain_getHeader', { height: 0 }),
    ]
    const answers = (await post(net.url, batch)) as { id: unknown; result?: unknown; error?: { code: number } }[]
    expect(answers.map(({ id }) => id)).toEqual([7, 'seven', 8, 9, null, 10])
    expect(answers.slice(0, 2).map(({ result }) => result)).toEqual(['0x6644', '26180'])
    expect(answers.slice(2, 5).map(({ error }) => error?.code)).toEqual([-32601, -32602, -32600])
    expect(answers[5]?.result).toMatchObject({ height: 0, chain_id: 26180, result_count: 0, compute_root: '' })
  })

  it('says what is wrong, and what to do', async () => {
    expect(await post(net.url, '{"jsonrpc":')).toMatchObject({ id: null, error: { code: -32700 } })
    expect(await post(net.url, [])).toMatchObject({ error: { code: -32600 } })
    expect(await net.refusal('eth_getBalanc')).toMatchObject({
      code: -32601,
      message: expect.stringContaining('did you mean eth_getBalance?'),
      data: { tag: 'METHOD_NOT_FOUND' },
    })
    expect(await net.refusal('eth_sendRawTransaction', ['0x02c0'])).toMatchObject({
      code: -32003,
      data: { tag: 'TX_MALFORMED' },
    })
    expect(await net.refusal('eth_getBalance', [accountOf(0).address, '0xffffff'])).toMatchObject({
      data: { tag: 'BLOCK_UNKNOWN' },
    })
    expect(await net.refusal('eth_subscribe', ['newHeads'])).toMatchObject({ code: -32004 })
  })

  it('refuses a foreign Host', async () => {
    const { port } = new URL(net.url)
    const { request: open } = await import('node:http')
    const statusFor = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = open({ port, method: 'POST', headers: { host } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        sent.once('error', reject).end(JSON.stringify(request(1, 'eth_chainId')))
      })
    expect(await statusFor('attacker.example')).toBe(403)
    expect(await statusFor(`localhost:${port}`)).toBe(200)
  })

  it('takes heights as number, decimal, hex and tag', async () => {
    await expect.poll(net.height, PATIENCE).toBeGreaterThan(2)
    const headers = await Promise.all([2, '2', '0x2'].map((ref) => net.rpc('chain_getHeader', [ref])))
    expect(headers[1]).toEqual(headers[0])
    expect(headers[2]).toEqual(headers[0])
    expect(await net.rpc('chain_getHeader', ['earliest'])).toMatchObject({ height: 0 })
    expect(await net.rpc('chain_getHeader', [1_000_000])).toBeNull()
  })

  it('describes every method that it answers', async () => {
    const document = await net.rpc<{ openrpc: string; methods: { name: string }[] }>('rpc.discover')
    const names = document.methods.map(({ name }) => name)
    expect(document.openrpc).toMatch(/^1\./)
    expect(names.length).toBeGreaterThan(70)
    for (const name of ['eth_getBlockByNumber', 'poc_getComputeProof', 'chain_subscribe', 'dev_mine']) {
      expect(names).toContain(name)
    }
  })
})

describe('filters', () => {
  it('collect blocks and pending transactions until they are taken down', async () => {
    const blocks = await net.rpc<string>('eth_newBlockFilter')
    const pending = await net.rpc<string>('eth_newPendingTransactionFilter')
    const logs = await net.rpc<string>('eth_newFilter', [{ fromBlock: 'latest' }])
    const hash = await transfer(1)
    const { blockHash } = await net.receipt(hash)
    const changes = (filter: string) => net.rpc<string[]>('eth_getFilterChanges', [filter])
    const seen: string[] = []
    await expect.poll(async () => seen.push(...(await changes(blocks))) && seen, PATIENCE).toContain(blockHash)
    expect(new Set(seen).size).toBe(seen.length)
    expect(await changes(pending)).toContain(hash)
    expect(await changes(pending)).not.toContain(hash)
    expect(await changes(logs)).toEqual([])
    for (const filter of [blocks, pending, logs]) {
      expect(await net.rpc('eth_uninstallFilter', [filter])).toBe(true)
      expect(await net.rpc('eth_uninstallFilter', [filter])).toBe(false)
      expect((await net.refusal('eth_getFilterChanges', [filter])).message).toContain('filter not found')
    }
  })
})

describe('WebSocket', () => {
  let socket: RpcSocket
  beforeAll(async () => {
    socket = await RpcSocket.open(net.wsUrl)
  })
  afterAll(() => socket.close())

  it('pushes new heads and pending transactions, until unsubscribed', async () => {
    type Head = { number: string; hash: string; parentHash: string; timestamp: string }
    const heads = await socket.call<string>('eth_subscribe', ['newHeads'])
    const pending = await socket.call<string>('eth_subscribe', ['newPendingTransactions'])
    const hash = await transfer(2)
    const pushed = <T>(id: string) => socket.notifications<T>(id).map(({ params }) => params.result!)
    await expect.poll(() => pushed<Head>(heads).length, PATIENCE).toBeGreaterThan(3)
    const got = pushed<Head>(heads)
    for (const [i, head] of got.slice(1).entries()) expect(head.parentHash).toBe(got[i]!.hash)
    expect(await net.rpc('eth_getBlockByHash', [got[0]!.hash, false])).toMatchObject({ number: got[0]!.number })
    await expect.poll(() => pushed<string>(pending), PATIENCE).toContain(hash)

    expect(await socket.call('eth_unsubscribe', [heads])).toBe(true)
    const count = pushed(heads).length
    const height = await net.height()
    await expect.poll(net.height, PATIENCE).toBeGreaterThan(height + 2)
    expect(pushed(heads)).toHaveLength(count)
    expect(await socket.call('eth_unsubscribe', [heads])).toBe(false)
  })

  type BlockEvent = { header: { height: number; hash: string; parent_hash: string } }
  const eventsOf = <T>(id: string) => socket.notifications<T>(id).map(({ params }) => params)

  it('replays blocks from a height, then follows, without gap or repeat', async () => {
    await net.rpc('dev_mine', [30])
    const id = await socket.call<string>('chain_subscribe', ['blocks', { fromHeight: 0 }])
    // Well past the end of the replay, wherever that was.
    const there = await net.height()
    await expect.poll(() => eventsOf(id).length, PATIENCE).toBeGreaterThan(there + 5)
    const events = eventsOf<BlockEvent>(id)
    expect(events.map(({ event }) => event!.header.height)).toEqual(events.map((_, height) => height))
    expect(events.map(({ cursor }) => cursor)).toEqual(events.map((_, height) => String(height)))
    for (const [i, { event }] of events.slice(1).entries()) {
      expect(event!.header.parent_hash).toBe(events[i]!.event!.header.hash)
    }
    expect(await socket.call('chain_unsubscribe', [id])).toBe(true)

    const { cursor } = events[10]!
    const again = await socket.call<string>('chain_subscribe', ['blocks', { cursor }])
    await expect.poll(() => eventsOf(again).length, PATIENCE).toBeGreaterThan(20)
    expect(eventsOf(again).slice(0, 20)).toEqual(
      events.slice(11, 31).map((params) => ({ ...params, subscription: again })),
    )
    await socket.call('chain_unsubscribe', [again])
  })

  it('replays results and transactions too, and says at once what it cannot replay', async () => {
    await net.anyResult()
    const results = await socket.call<string>('chain_subscribe', ['results', { fromHeight: 1 }])
    const transactions = await socket.call<string>('chain_subscribe', ['transactions', { fromHeight: 1 }])
    await expect
      .poll(() => Math.min(...[results, transactions].map((id) => eventsOf(id).length)), PATIENCE)
      .toBeGreaterThan(0)
    type ResultEvent = { height: number; index: number; result: unknown }
    for (const { cursor, event } of eventsOf<ResultEvent>(results)) {
      expect(cursor).toBe(`${event!.height}.${event!.index}`)
      const stored = await net.rpc<unknown[]>('poc_getResults', [event!.height])
      expect(event!.result).toEqual(stored[event!.index])
    }
    await expect(socket.call('chain_subscribe', ['blocks', { fromHeight: 100_000 }])).rejects.toThrow(
      'does not exist yet',
    )
    await expect(socket.call('chain_subscribe', ['blocks', { cursor: 'x' }])).rejects.toThrow('cursor')
    for (const id of [results, transactions]) await socket.call('chain_unsubscribe', [id])
  })
})
