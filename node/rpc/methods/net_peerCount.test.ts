import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { net_peerCount } from './net_peerCount.ts'

it('asks the node', async () => {
  expect(await callMethod(fixture().context, net_peerCount)).toBe('0x3')
})
