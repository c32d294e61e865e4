import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFailoverClient, type FailoverClient } from './failover.ts'
import { TestChain } from './fixture.ts'
import { createReferenceBackend } from './reference.ts'
import { startWorker } from './worker.ts'

let chains: [TestChain, TestChain, TestChain]
let client: FailoverClient
let switches: string[]
let end: AbortController

beforeEach(() => {
  chains = [new TestChain(), new TestChain(), new TestChain()]
  switches = []
  end = new AbortController()
  client = createFailoverClient({
    endpoints: chains.map((chain, i) => ({ url: `http://node-${i}`, client: chain })),
    signal: end.signal,
    onSwitch: (url, tag) => switches.push(`${url} ${tag}`),
    lookBackMs: 2,
  })
})
afterEach(() => end.abort())

const until = async (check: () => boolean): Promise<void> => {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 1))
}

describe('failover', () => {
  test('puts the question to the next node, and returns to the first when it is back', async () => {
    await client.identity()
    expect(client.url()).toBe('http://node-0')
    chains[0].down = true
    chains[1].height = 33
    expect((await client.getWork()).height).toBe(33)
    expect(client.url()).toBe('http://node-1')
    chains[0].down = false
    await until(() => client.url() === 'http://node-0')
    expect((await client.getWork()).height).toBe(30)
    expect(switches).toEqual(['http://node-1 RPC_UNREACHABLE', 'http://node-0 RPC_RECOVERED'])
  })

  test('does not return to a first node that has no work yet', async () => {
    await client.identity()
    chains[0].down = true
    await client.getWork()
    chains[0].silentWork = 3
    chains[0].down = false
    await until(() => client.url() === 'http://node-0')
    expect(chains[0].silentWork).toBe(0)
  })

  test('passes by nodes of other chains, until no node of ours is left', async () => {
    await client.identity()
    chains[1].reset(30)
    chains[0].down = true
    await client.getWork()
    expect(client.url()).toBe('http://node-2')
    // All that answer have begun anew.
    chains[2].down = true
    await client.getWork()
    expect(client.url()).toBe('http://node-1')
    expect(await client.identity()).toEqual(await chains[1].identity())
  })

  test('says what is wrong when nobody answers, and asks on from where it was', async () => {
    for (const chain of chains) chain.down = true
    await expect(client.getWork()).rejects.toMatchObject({ code: 'RPC_UNREACHABLE' })
    expect(switches).toEqual([])
    chains[2].down = false
    expect((await client.getWork()).height).toBe(30)
    expect(client.url()).toBe('http://node-2')
  })

  test('a refusal is an answer: no other node is asked', async () => {
    chains[0].refuseSends.push({ tag: 'RESULT_ALREADY_CLAIMED' })
    await expect(client.send(new Uint8Array(1))).rejects.toMatchObject({ code: 'RESULT_ALREADY_CLAIMED' })
    expect(switches).toEqual([])
  })

  test('questions that fail together change the node once', async () => {
    await client.identity()
    chains[0].down = true
    await Promise.all([client.getWork(), client.fees(), client.nonces(new Uint8Array(20)), client.identity()])
    expect(switches).toEqual(['http://node-1 RPC_UNREACHABLE'])
  })

  test('needs a node', () => {
    expect(() => createFailoverClient({ endpoints: [], signal: end.signal })).toThrow('--rpc')
  })

  test('a worker goes on with the second node, and hands it what the first has not included', async () => {
    const [first, second] = chains
    first.heldBack = true
    const events: string[] = []
    const worker = startWorker({
      client,
      backends: [createReferenceBackend()],
      privateKey: new Uint8Array(32).fill(0x11),
      matrixSize: 256,
      firstAttempt: 0,
      pollMs: 2,
      onEvent: ({ type }) => events.push(type),
    })
    await until(() => worker.stats().submitted >= 4)
    first.down = true
    second.height = 31
    await until(() => worker.stats().accepted >= 4)
    await worker.stop()
    expect(second.received.slice(0, 4).map(({ transaction, code }) => [transaction.nonce, code])).toEqual(
      [0, 1, 2, 3].map((nonce) => [nonce, 'accepted']),
    )
    expect(worker.stats()).toMatchObject({ rejected: 0, late: 0 })
    expect(events).not.toContain('reset')
  })
})
