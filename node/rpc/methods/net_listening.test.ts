import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { net_listening } from './net_listening.ts'

it('is true', async () => {
  expect(await callMethod(fixture().context, net_listening)).toBe(true)
})
