import { expect, it } from 'vitest'
import { recordingConnection } from '../chain/connection-fixture.ts'
import { callMethod } from '../fixture.ts'
import { VprogFixture } from '../vprog/fixture.ts'
import { vprog_subscribe } from './vprog_subscribe.ts'
import { vprog_unsubscribe } from './vprog_unsubscribe.ts'

it('ends a subscription once, and leaves nothing behind', async () => {
  const own = new VprogFixture()
  const connection = recordingConnection()
  const context = { ...own.context, connection }
  const id = await callMethod(context, vprog_subscribe, ['lane', { lane: '0x51000001' }])
  own.mine(own.message(1))
  await connection.quiet()
  expect(connection.sent).toHaveLength(1)
  expect(await callMethod(context, vprog_unsubscribe, [id])).toBe(true)
  expect(own.chain.listenerCount).toBe(0)
  own.mine(own.message(1))
  await connection.quiet()
  expect(connection.sent).toHaveLength(1)
  expect(await callMethod(context, vprog_unsubscribe, [id])).toBe(false)
  expect(await callMethod(own.context, vprog_unsubscribe, [id])).toBe(false)
})
