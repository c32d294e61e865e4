import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { ACCOUNTS, callMethod, fixture, refusalTag, transfer } from '../fixture.ts'
import type { Connection } from '../method.ts'
import { eth_subscribe } from './eth_subscribe.ts'

interface Sent {
  result: { number?: string; hash?: string } | string | boolean
}

/** A connection that starts at once and keeps what it is told. */
function recorder() {
  const sent: Sent[] = []
  let stop = () => {}
  const connection: Connection = {
    subscribe: (method, start) => {
      expect(method).toBe('eth_subscription')
      stop = start((payload) => void sent.push(JSON.parse(JSON.stringify(payload))))
      return '0x1'
    },
    unsubscribe: () => false,
    ready: async () => {},
  }
  return { connection, sent, stop: () => stop() }
}

describe('eth_subscribe', () => {
  it('follows heads, the new branch after a rollback too, until it is ended', async () => {
    const { context, chain } = fixture()
    const { connection, sent, stop } = recorder()
    expect(await callMethod({ ...context, connection }, eth_subscribe, ['newHeads'])).toBe('0x1')
    const hashes = [chain.mine(), chain.reorg().added].map(({ block }) => toHex(block.hash))
    stop()
    chain.mine()
    expect(sent.map(({ result }) => (typeof result === 'object' ? result.hash : ''))).toEqual(hashes)
  })

  it('follows transactions by hash or whole', async () => {
    const { context, chain } = fixture()
    const [hashes, whole] = [recorder(), recorder()]
    await callMethod({ ...context, connection: hashes.connection }, eth_subscribe, ['newPendingTransactions'])
    await callMethod({ ...context, connection: whole.connection }, eth_subscribe, ['newPendingTransactions', true])
    const sent = await chain.submit(transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n))
    const hash = sent.ok ? toHex(sent.value) : ''
    expect(hashes.sent).toEqual([{ result: hash }])
    expect(whole.sent).toMatchObject([{ result: { hash, blockHash: null } }])
  })

  it('takes logs and syncing, and refuses the rest', async () => {
    const { context, chain } = fixture()
    const { connection, sent } = recorder()
    const own = { ...context, connection }
    await callMethod(own, eth_subscribe, ['logs', { address: `0x${'11'.repeat(20)}` }])
    chain.mine()
    expect(sent).toEqual([])
    await callMethod(own, eth_subscribe, ['syncing'])
    expect(sent).toEqual([{ result: false }])
    expect(await refusalTag(own, eth_subscribe, ['newBlocks'])).toBe('INVALID_PARAMS')
    expect(await refusalTag(own, eth_subscribe, ['newHeads', true])).toBe('INVALID_PARAMS')
    expect(await refusalTag(context, eth_subscribe, ['newHeads'])).toBe('WEBSOCKET_ONLY')
  })
})
