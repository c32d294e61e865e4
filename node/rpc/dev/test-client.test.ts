/** viem's test client, unmodified, against the server. */
import { createTestClient, http, publicActions } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serveFixture } from '../fixture-server.ts'
import type { RpcServer } from '../server.ts'

describe("viem's test client", () => {
  let server: RpcServer

  beforeAll(async () => {
    ;({ server } = await serveFixture())
  })
  afterAll(() => server.close())

  const client = () => createTestClient({ mode: 'anvil', transport: http(server.url) }).extend(publicActions)
  const stranger = `0x${'5a'.repeat(20)}` as const

  it('mines, moves the clock and sets balances', async () => {
    const start = await client().getBlockNumber({ cacheTime: 0 })
    await client().mine({ blocks: 2 })
    expect(await client().getBlockNumber({ cacheTime: 0 })).toBe(start + 2n)
    const { timestamp } = await client().getBlock()
    expect(await client().increaseTime({ seconds: 600 })).toBe('0x258')
    await client().mine({ blocks: 1 })
    expect((await client().getBlock()).timestamp).toBeGreaterThanOrEqual(timestamp + 600n)
    await client().setNextBlockTimestamp({ timestamp: timestamp + 5_000n })
    await client().setBalance({ address: stranger, value: 7n })
    expect((await client().getBlock()).timestamp).toBe(timestamp + 5_000n)
    expect(await client().getBalance({ address: stranger })).toBe(7n)
  })

  it('takes a snapshot and goes back to it', async () => {
    const before = await client().getBlockNumber({ cacheTime: 0 })
    const id = await client().snapshot()
    await client().setBalance({ address: stranger, value: 8n })
    await client().revert({ id })
    expect(await client().getBlockNumber({ cacheTime: 0 })).toBe(before)
    expect(await client().getBalance({ address: stranger })).toBe(7n)
  })
})
