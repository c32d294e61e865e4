import { request as httpRequest } from 'node:http'
import { createConnection } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { toHex } from '../../core/bytes.ts'
import { ACCOUNTS, type Fixture, fixture, transfer } from './fixture.ts'
import { defineMethod, Type } from './method.ts'
import { methods } from './methods/index.ts'
import { MAX_BODY_BYTES, type RpcServer, startRpcServer } from './server.ts'
import { MAX_SUBSCRIPTIONS } from './websocket.ts'

/** Fills whatever does not read it. */
const flood = defineMethod({
  name: 'test_flood',
  summary: 'For tests.',
  params: [],
  result: Type.String(),
  example: { params: [], result: '0x1' },
  handler: ({ connection }) =>
    connection!.subscribe('test_flood', (notify) => {
      for (let i = 0; i < 64; i++) notify({ result: 'x'.repeat(1 << 20) })
      return () => {}
    }),
})

/** A bug in a method. */
const faulty = defineMethod({
  name: 'test_faulty',
  summary: 'For tests.',
  params: [],
  result: Type.String(),
  example: { params: [], result: '0x1' },
  handler: ({ connection }) =>
    connection!.subscribe('test_faulty', () => {
      throw new TypeError('a bug')
    }),
})

let chain: Fixture['chain']
let server: RpcServer
let closed: RpcServer

beforeAll(async () => {
  const own = fixture()
  chain = own.chain
  const common = { node: chain, clientVersion: 'quern/test', port: 0 }
  server = await startRpcServer({ ...common, dev: own.dev, methods: [...methods, flood, faulty] })
  closed = await startRpcServer({ ...common, cors: ['https://wallet.example'], allowedHosts: ['node.example'] })
})
afterAll(() => Promise.all([server.close(), closed.close()]))

interface Reply {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
}

/** Unlike `fetch`, sends any Host. */
function post(to: RpcServer, body: string, headers: Record<string, string> = {}, method = 'POST'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: to.port, path: '/', method, headers }, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}
const call = (method: string, params: unknown[] = [], id: number | undefined = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params })

describe('over HTTP', () => {
  it('answers single requests and batches, whatever their content type says', async () => {
    const expected = '{"jsonrpc":"2.0","id":1,"result":"0x6644"}'
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
      expect(await post(server, call('eth_chainId'), { 'content-type': type })).toMatchObject({
        status: 200,
        text: expected,
      })
    }
    expect((await post(server, call('eth_chainId'))).text).toBe(expected)
    const batch = await post(server, `[${call('eth_chainId')},${call('eth_blockNumber', [], 2)}]`)
    expect(batch.text).toBe(`[${expected},{"jsonrpc":"2.0","id":2,"result":"0xc"}]`)
    expect(batch.headers['content-type']).toBe('application/json; charset=utf-8')
  })

  it('says -32700 to what is no JSON, and nothing to notifications', async () => {
    expect(JSON.parse((await post(server, '{')).text).error.code).toBe(-32700)
    expect(JSON.parse((await post(server, '')).text).error.code).toBe(-32700)
    expect(await post(server, '{"jsonrpc":"2.0","method":"eth_chainId"}')).toMatchObject({ status: 204, text: '' })
  })

  it('bounds the body', async () => {
    expect((await post(server, ' '.repeat(MAX_BODY_BYTES + 1))).status).toBe(413)
  })

  it('tells a browser what to send', async () => {
    expect(await post(server, '', {}, 'GET')).toMatchObject({ status: 405, text: expect.stringContaining('POST') })
  })

  it('refuses a foreign Host, and lets in an allowed one', async () => {
    const refused = await post(server, call('eth_chainId'), { host: 'evil.example' })
    expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('host not allowed') })
    expect((await post(closed, call('eth_chainId'), { host: 'node.example:8545' })).status).toBe(200)
  })

  it('opens CORS on devnets only', async () => {
    const page = { origin: 'https://evil.example' }
    const preflight = { ...page, 'access-control-request-method': 'POST' }
    expect((await post(server, call('eth_chainId'), page)).headers['access-control-allow-origin']).toBe('*')
    expect((await post(server, '', preflight, 'OPTIONS')).headers['access-control-allow-origin']).toBe('*')
    expect((await post(closed, call('eth_chainId'), page)).status).toBe(403)
    expect((await post(closed, '', preflight, 'OPTIONS')).status).toBe(403)
    const wallet = await post(closed, call('eth_chainId'), { origin: 'https://wallet.example' })
    expect(wallet).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': 'https://wallet.example' } })
  })

  it('admits a batch of transactions of one sender', async () => {
    const from = chain.pool().pendingNonce(ACCOUNTS[2]!.address)
    const raws = Array.from({ length: 50 }, (_, i) =>
      toHex(transfer(chain, ACCOUNTS[2]!, ACCOUNTS[0]!.address, 1n, { nonce: from + i })),
    )
    const batch = `[${raws.map((raw, i) => call('eth_sendRawTransaction', [raw], i)).join(',')}]`
    const answers = JSON.parse((await post(server, batch)).text)
    expect(answers.filter((answer: { result?: string }) => answer.result !== undefined)).toHaveLength(50)
    expect(chain.mine().transactions).toHaveLength(50)
  })
})

/** A client that hands out messages one by one. */
async function connect(to: RpcServer, options: WebSocket.ClientOptions = {}) {
  const socket = new WebSocket(to.wsUrl, options)
  const messages: unknown[] = []
  let wake = () => {}
  socket.on('message', (data) => {
    messages.push(JSON.parse(data.toString()))
    wake()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  const next = async (): Promise<unknown> => {
    while (messages.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return messages.shift()
  }
  const ask = async (method: string, params: unknown[] = []) => {
    socket.send(call(method, params))
    return (await next()) as { result: string; error?: { data: { tag: string } } }
  }
  return { socket, next, ask, close: () => socket.close() }
}

describe('over WebSocket', () => {
  it('answers requests, and notifies after the answer that names the subscription', async () => {
    const { ask, next, close } = await connect(server)
    expect(await ask('eth_chainId')).toMatchObject({ result: '0x6644' })
    const { result: id } = await ask('eth_subscribe', ['newHeads'])
    const { block } = chain.mine()
    expect(await next()).toMatchObject({
      jsonrpc: '2.0',
      method: 'eth_subscription',
      params: { subscription: id, result: { hash: toHex(block.hash) } },
    })
    expect(await ask('eth_unsubscribe', [id])).toMatchObject({ result: true })
    expect(await ask('eth_unsubscribe', [id])).toMatchObject({ result: false })
    const { result: syncing } = await ask('eth_subscribe', ['syncing'])
    expect(await next()).toMatchObject({ params: { subscription: syncing, result: false } })
    close()
  })

  it("ends the node's listeners with the connection", async () => {
    const before = chain.listenerCount
    const { ask, socket } = await connect(server)
    await ask('eth_subscribe', ['newHeads'])
    expect(chain.listenerCount).toBe(before + 1)
    await new Promise((resolve) => {
      socket.once('close', resolve)
      socket.close()
    })
    await expect.poll(() => chain.listenerCount).toBe(before)
  })

  it('bounds the subscriptions of a connection', async () => {
    const { ask, close } = await connect(server)
    for (let i = 0; i < MAX_SUBSCRIPTIONS; i++) await ask('eth_subscribe', ['logs'])
    expect((await ask('eth_subscribe', ['logs'])).error?.data.tag).toBe('SUBSCRIPTION_LIMIT')
    close()
  })

  it('cuts off who lets its backlog grow', async () => {
    const { socket } = await connect(server)
    socket.pause()
    socket.send(call('test_flood'))
    const cut = new Promise((resolve) => socket.once('close', resolve))
    // Nothing is read until the server has given up on it.
    await expect.poll(async () => JSON.parse((await post(server, call('net_listening'))).text).result).toBe(true)
    socket.resume()
    expect(await cut).toBe(1006)
  })

  it('refuses foreign hosts and, where CORS is off, foreign pages', async () => {
    await expect(connect(server, { headers: { host: 'evil.example' } })).rejects.toThrow('403')
    await expect(connect(closed, { origin: 'https://evil.example' })).rejects.toThrow('403')
    const wallet = await connect(closed, { origin: 'https://wallet.example' })
    expect(await wallet.ask('eth_sendTransaction', [{}])).toMatchObject({ error: { data: { tag: 'DEVNET_ONLY' } } })
    wallet.close()
  })

  it('loses no more than one connection to a subscription that cannot start', async () => {
    const { socket } = await connect(server)
    const cut = new Promise((resolve) => socket.once('close', resolve))
    socket.send(call('test_faulty'))
    expect(await cut).toBe(1006)
  })

  it('closes a connection whose upgrade it has refused', async () => {
    const socket = createConnection({ host: '127.0.0.1', port: server.port, allowHalfOpen: true })
    let text = ''
    socket.on('data', (chunk) => (text += chunk))
    const ended = new Promise((resolve) => socket.once('end', resolve))
    const headers = ['Host: evil.example', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    socket.write(['GET / HTTP/1.1', ...headers, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', '', ''].join('\r\n'))
    await ended
    expect(text).toMatch(/^HTTP\/1.1 403 /)
    socket.destroy()
  })

  it('closes on binary messages and survives broken ones', async () => {
    const broken = await connect(server)
    broken.socket.send('{')
    expect(await broken.next()).toMatchObject({ error: { code: -32700 } })
    broken.close()
    const { socket } = await connect(server)
    const closing = new Promise((resolve) => socket.once('close', resolve))
    socket.send(Buffer.from([1, 2, 3]))
    expect(await closing).toBe(1003)
  })
})

it('closes while clients are connected, and its port is free again', async () => {
  const own = fixture()
  const first = await startRpcServer({ node: own.chain, clientVersion: 'quern/test', port: 0 })
  const { ask, socket } = await connect(first)
  await ask('eth_subscribe', ['newHeads'])
  const closing = new Promise((resolve) => socket.once('close', resolve))
  await first.close()
  await closing
  expect(own.chain.listenerCount).toBe(0)
  const second = await startRpcServer({ node: own.chain, clientVersion: 'quern/test', port: first.port })
  expect(second.port).toBe(first.port)
  await second.close()
})
