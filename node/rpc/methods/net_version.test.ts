import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { net_version } from './net_version.ts'

it('is the chain id in decimal', async () => {
  expect(await callMethod(fixture().context, net_version)).toBe('26180')
})
