import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { HeadWatch } from './chain-client.ts'
import { watchHeads } from './head-feed.ts'

let server: WebSocketServer
let end: AbortController
let heads = 0
const BLOCK = JSON.stringify({ jsonrpc: '2.0', method: 'chain_subscription', params: { cursor: '7', event: {} } })
const GRANTED = JSON.stringify({ jsonrpc: '2.0', id: 1, result: '0xab' })

beforeEach(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  end = new AbortController()
  heads = 0
})
afterEach(async () => {
  end.abort()
  for (const socket of server.clients) socket.terminate()
  await new Promise((resolve) => server.close(resolve))
})

const watch = (): HeadWatch => {
  const { port } = server.address() as AddressInfo
  return watchHeads(`ws://127.0.0.1:${port}`, () => heads++, end.signal)
}
const until = async (check: () => boolean): Promise<void> => {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 1))
}
/** The next connection, once it has subscribed. */
async function subscriber(): Promise<WebSocket> {
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  const [data] = await once(socket, 'message')
  expect(JSON.parse(String(data))).toMatchObject({ method: 'chain_subscribe', params: ['blocks'] })
  return socket
}

describe('head feed', () => {
  test('tells of each block, and of the time before it listened', async () => {
    const feed = watch()
    expect(feed.isLive()).toBe(false)
    const socket = await subscriber()
    socket.send(GRANTED)
    await until(() => feed.isLive())
    expect(heads).toBe(1)
    socket.send(BLOCK)
    socket.send(BLOCK)
    await until(() => heads === 3)
  })

  test('connects again when the connection ends, and is not live meanwhile', async () => {
    const feed = watch()
    const first = await subscriber()
    first.send(GRANTED)
    await until(() => feed.isLive())
    first.terminate()
    await until(() => !feed.isLive())
    const second = await subscriber()
    second.send(GRANTED)
    await until(() => feed.isLive())
    expect(heads).toBe(2)
  })

  test.each([
    ['a refusal', JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'no such method' } })],
    ['the end of the subscription', JSON.stringify({ jsonrpc: '2.0', params: { error: { message: 'pruned' } } })],
    ['nonsense', '<html>'],
  ])('gives up a connection that brings %s', async (_, message) => {
    const feed = watch()
    const socket = await subscriber()
    socket.send(message)
    await once(socket, 'close')
    expect([feed.isLive(), heads]).toEqual([false, 0])
  })

  test('ends with its signal, connected or not', async () => {
    watch()
    const socket = await subscriber()
    end.abort()
    await once(socket, 'close')
    const { port } = server.address() as AddressInfo
    const late = watchHeads(`ws://127.0.0.1:${port}`, () => heads++, end.signal)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([late.isLive(), server.clients.size]).toEqual([false, 0])
  })
})
