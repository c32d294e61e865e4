import { expect, it } from 'vitest'
import { callMethod, fixture } from '../fixture.ts'
import { web3_clientVersion } from './web3_clientVersion.ts'

it('names the program', async () => {
  expect(await callMethod(fixture().context, web3_clientVersion)).toBe('quern/0.0.0-test')
})
