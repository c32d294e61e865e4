import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { recordingConnection } from '../chain/connection-fixture.ts'
import { ACCOUNTS, callMethod, fixture, refusalTag, transfer } from '../fixture.ts'
import { chain_subscribe } from './chain_subscribe.ts'
import { poc_getResults } from './poc_getResults.ts'

interface Header {
  height: number
  hash: string
}

async function subscribed(topic: string, options?: Record<string, unknown>) {
  const own = fixture()
  const connection = recordingConnection()
  await callMethod({ ...own.context, connection }, chain_subscribe, options === undefined ? [topic] : [topic, options])
  await connection.quiet()
  return { ...own, connection }
}

describe('chain_subscribe: blocks', () => {
  const heights = (sent: readonly { event?: unknown }[]) =>
    sent.map(({ event }) => (event as { header: Header }).header.height)

  it('replays, then follows, each final block once and in order', async () => {
    const { chain, connection } = await subscribed('blocks', { fromHeight: 3 })
    expect(heights(connection.sent)).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
    for (let i = 0; i < 5; i++) chain.mine()
    await connection.quiet()
    expect(heights(connection.sent)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
    expect(connection.sent.map(({ cursor }) => cursor)).toEqual(heights(connection.sent).map(String))
  })

  it('has no gap and no repeat when blocks arrive during the replay, nor when it is resumed anywhere', async () => {
    const { context, chain } = fixture()
    const slow = recordingConnection({ pauseTurns: 2 })
    await callMethod({ ...context, connection: slow }, chain_subscribe, ['blocks', { fromHeight: 'earliest' }])
    for (let i = 0; i < 20; i++) {
      chain.mine()
      await new Promise(setImmediate)
    }
    await slow.quiet()
    const all = Array.from({ length: 31 }, (_, i) => i)
    expect(heights(slow.sent)).toEqual(all)
    for (const cursor of ['0', '7', '30']) {
      const again = recordingConnection()
      await callMethod({ ...context, connection: again }, chain_subscribe, ['blocks', { cursor }])
      await again.quiet()
      expect(heights(again.sent)).toEqual(all.slice(Number(cursor) + 1))
    }
  })

  it('waits for finality where it starts above it', async () => {
    const { chain, connection } = await subscribed('blocks', { fromHeight: 'latest' })
    expect(connection.sent).toEqual([])
    chain.mine()
    await connection.quiet()
    expect(connection.sent).toEqual([])
    chain.mine()
    await connection.quiet()
    expect(heights(connection.sent)).toEqual([12])
  })

  it('sends the blocks of the new past after a devnet was reverted', async () => {
    const { chain, dev, connection } = await subscribed('blocks')
    const id = await dev.snapshot()
    for (let i = 0; i < 4; i++) chain.mine()
    await connection.quiet()
    await dev.revert(id)
    for (let i = 0; i < 4; i++) chain.mine({ timestampMs: chain.latest().timestampMs + 60_000 })
    await connection.quiet()
    expect(heights(connection.sent)).toEqual([11, 12, 13, 14, 13, 14])
    const last = (connection.sent.at(-1)!.event as { header: Header }).header
    expect(last.hash).toBe(toHex(chain.blockByHeight(14)!.block.hash))
  })
})

describe('chain_subscribe: results and transactions', () => {
  it('sends results as poc_getResults gives them, and goes on inside a block', async () => {
    const { context, connection } = await subscribed('results', { fromHeight: 0 })
    const results = connection.sent.map(({ event }) => (event as { result: unknown }).result)
    const blocks = await Promise.all([4, 6].map((height) => callMethod<unknown[]>(context, poc_getResults, [height])))
    expect(results).toEqual(blocks.flat())
    expect(connection.sent.map(({ cursor }) => cursor)).toEqual(['4.0', '4.1', '4.2', '6.0'])
    const resumed = await subscribed('results', { cursor: '4.1' })
    expect(resumed.connection.sent).toEqual(connection.sent.slice(2))
    expect((await subscribed('results', { cursor: '6.0' })).connection.sent).toEqual([])
  })

  it('names transactions by their type and says which failed', async () => {
    const { landmarks, connection } = await subscribed('transactions', { fromHeight: 3 })
    const events = connection.sent.map(({ event }) => event as { type: string; transaction_hash: string })
    expect(events.slice(0, 3).map(({ type }) => type)).toEqual(['DELEGATE', 'REGISTER_WORKER', 'SUBMIT_RESULT'])
    expect(events.find(({ transaction_hash }) => transaction_hash === toHex(landmarks.failedResult))).toMatchObject({
      height: 5,
      index: 0,
      status: 0,
      error: 'RESULT_HASH_MISMATCH',
    })
  })
})

describe('chain_subscribe: tip', () => {
  const story = (sent: readonly { event?: unknown }[]) =>
    sent.map(({ event }) => {
      const { type, header } = event as { type: string; header: Header }
      return `${type} ${header.height} ${header.hash.slice(0, 8)}`
    })

  it('tells what was added and what was dropped, also to who reads late', async () => {
    const { chain, connection } = await subscribed('tip', { fromHeight: 12 })
    const short = (hash: Uint8Array) => toHex(hash).slice(0, 8)
    const first = short(chain.latest().hash)
    await chain.submit(transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n))
    const added = chain.mine()
    await connection.quiet()
    const { added: replaced } = chain.reorg()
    const next = chain.mine()
    await connection.quiet()
    expect(story(connection.sent)).toEqual([
      `added 12 ${first}`,
      `added 13 ${short(added.block.hash)}`,
      `dropped 13 ${short(added.block.hash)}`,
      `added 13 ${short(replaced.block.hash)}`,
      `added 14 ${short(next.block.hash)}`,
    ])
    const parent = chain.blockByHeight(12)!.block.hash
    expect(connection.sent[2]!.cursor).toBe(`12:${toHex(parent)}`)
  })

  it('goes on from a cursor, and from the cursor of an abandoned block as long as the node knows it', async () => {
    const { context, chain } = fixture()
    const abandoned = chain.latest()
    const dropped = chain.blockByHeight(12)!
    const { added } = chain.reorg()
    const cursor = `12:${toHex(abandoned.hash)}`
    const forgetful = { ...context, connection: recordingConnection() }
    expect(await refusalTag(forgetful, chain_subscribe, ['tip', { cursor }])).toBe('CURSOR_UNKNOWN')
    const blockByHash = chain.blockByHash.bind(chain)
    chain.blockByHash = (hash) => (toHex(hash) === toHex(abandoned.hash) ? dropped : blockByHash(hash))
    const connection = recordingConnection()
    await callMethod({ ...context, connection }, chain_subscribe, ['tip', { cursor }])
    await connection.quiet()
    expect(story(connection.sent).map((line) => line.split(' ', 2).join(' '))).toEqual(['dropped 12', 'added 12'])
    expect(connection.sent[1]!.cursor).toBe(`12:${toHex(added.block.hash)}`)
  })
})

describe('chain_subscribe', () => {
  it('says so and stops when the node cannot go on', async () => {
    const { context, chain } = fixture()
    const connection = recordingConnection()
    const blockByHeight = chain.blockByHeight.bind(chain)
    await callMethod({ ...context, connection }, chain_subscribe, ['blocks', { fromHeight: 2 }])
    chain.blockByHeight = (height) => (height === 6 ? undefined : blockByHeight(height))
    await connection.quiet()
    expect(connection.sent).toHaveLength(5)
    expect(connection.sent.at(-1)).toMatchObject({ error: { data: { tag: 'BLOCK_PRUNED' } } })
    expect(chain.listenerCount).toBe(0)
    expect(await refusalTag({ ...context, connection }, chain_subscribe, ['blocks', { fromHeight: 6 }])).toBe(
      'BLOCK_PRUNED',
    )
  })

  it('refuses what it cannot serve', async () => {
    const { context } = fixture()
    const own = { ...context, connection: recordingConnection() }
    const tag = (...params: unknown[]) => refusalTag(own, chain_subscribe, params)
    expect(await refusalTag(context, chain_subscribe, ['blocks'])).toBe('WEBSOCKET_ONLY')
    expect(await tag('newHeads')).toBe('INVALID_PARAMS')
    expect(await tag('blocks', { fromHeight: 14 })).toBe('BLOCK_UNKNOWN')
    expect(await tag('blocks', { fromHeight: 1, cursor: '1' })).toBe('INVALID_PARAMS')
    expect(await tag('blocks', { cursor: '4.1' })).toBe('INVALID_PARAMS')
    expect(await tag('tip', { cursor: '4' })).toBe('INVALID_PARAMS')
  })
})
