import { describe, expect, it } from 'vitest'
import { recordingConnection } from '../chain/connection-fixture.ts'
import { callMethod, fixture } from '../fixture.ts'
import { chain_subscribe } from './chain_subscribe.ts'
import { chain_unsubscribe } from './chain_unsubscribe.ts'

describe('chain_unsubscribe', () => {
  it('ends a subscription once, and leaves nothing behind', async () => {
    const { context, chain } = fixture()
    const connection = recordingConnection()
    const own = { ...context, connection }
    const id = await callMethod(own, chain_subscribe, ['blocks'])
    chain.mine()
    await connection.quiet()
    expect(connection.sent).toHaveLength(1)
    expect(await callMethod(own, chain_unsubscribe, [id])).toBe(true)
    expect(chain.listenerCount).toBe(0)
    chain.mine()
    await connection.quiet()
    expect(connection.sent).toHaveLength(1)
    expect(await callMethod(own, chain_unsubscribe, [id])).toBe(false)
    expect(await callMethod(context, chain_unsubscribe, [id])).toBe(false)
  })

  it('ends a replay in the middle', async () => {
    const { context } = fixture()
    const connection = recordingConnection({ pauseTurns: 2 })
    const own = { ...context, connection }
    const id = await callMethod(own, chain_subscribe, ['blocks', { fromHeight: 0 }])
    while (connection.sent.length < 3) await new Promise(setImmediate)
    await callMethod(own, chain_unsubscribe, [id])
    await connection.quiet()
    expect(connection.sent).toHaveLength(3)
  })
})
