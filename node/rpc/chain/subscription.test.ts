/** Replay and follow over a real socket, beside the backlog limits of the connection; and the worker's own client. */
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createRpcClient } from '../../../gpu/rpc-client.ts'
import { type Fixture, PARAMS } from '../fixture.ts'
import { serveFixture } from '../fixture-server.ts'
import type { RpcServer } from '../server.ts'

let own: Fixture
let server: RpcServer

beforeAll(async () => {
  ;({ own, server } = await serveFixture())
})
afterAll(() => server.close())

interface Message {
  id?: number
  result?: unknown
  method?: string
  params: { subscription: string; cursor: string; event: { header: { height: number } } }
}

describe('a chain subscription', () => {
  it('answers first, then replays and follows, until it is ended', async () => {
    const socket = new WebSocket(server.wsUrl)
    await once(socket, 'open')
    const messages: Message[] = []
    let arrived = () => {}
    socket.on('message', (text) => {
      messages.push(JSON.parse(text.toString()))
      arrived()
    })
    const until = async (count: number) => {
      while (messages.length < count) await new Promise<void>((resolve) => (arrived = resolve))
    }
    const send = (id: number, method: string, params: unknown) =>
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))

    send(1, 'chain_subscribe', ['blocks', { fromHeight: 8 }])
    await until(4)
    own.chain.mine()
    own.chain.mine()
    await until(6)
    const [answer, ...notifications] = messages
    expect(answer).toMatchObject({ id: 1 })
    for (const [i, { method, params }] of notifications.entries()) {
      expect(method).toBe('chain_subscription')
      expect(params).toMatchObject({ subscription: answer!.result, cursor: String(8 + i) })
      expect(params.event.header.height).toBe(8 + i)
    }
    send(2, 'chain_unsubscribe', [answer!.result])
    await until(7)
    expect(messages[6]).toMatchObject({ id: 2, result: true })
    socket.terminate()
  })
})

it("gives the worker's client its work", async () => {
  const work = await createRpcClient(server.url).getWork()
  const { height, hash, difficulty } = own.chain.finalized()
  expect(work).toEqual({
    height,
    blockHash: hash,
    epoch: 1,
    difficultyMacs: difficulty,
    matrixSizes: PARAMS.matrixSizes,
    expiresHeight: height + PARAMS.seedWindowBlocks,
  })
})
