import { expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_killValidator } from './dev_killValidator.ts'
import { dev_restartValidator } from './dev_restartValidator.ts'

it('dev_restartValidator brings one validator back, on devnets only', async () => {
  const { context, network } = fixture()
  await callMethod(context, dev_killValidator, [1])
  expect(await callMethod(context, dev_restartValidator, [1])).toBeNull()
  expect(network.down.size).toBe(0)
  expect(await callMethod(context, dev_restartValidator, { validator: 0 })).toBeNull()
  expect(await refusalTag(context, dev_restartValidator, [2])).toBe('VALIDATOR_UNKNOWN')
  expect(await refusalTag(fixture({ devnet: false }).context, dev_restartValidator, [1])).toBe('DEVNET_ONLY')
})
