import { expect, it } from 'vitest'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_killValidator } from './dev_killValidator.ts'

it('dev_killValidator ends one validator, on devnets only', async () => {
  const { context, network } = fixture()
  expect(await callMethod(context, dev_killValidator, [1])).toBeNull()
  expect(network.down).toEqual(new Set([1]))
  await callMethod(context, dev_killValidator, ['0x0'])
  expect(network.down).toEqual(new Set([0, 1]))
  expect(await refusalTag(context, dev_killValidator, [2])).toBe('VALIDATOR_UNKNOWN')
  expect(await refusalTag(context, dev_killValidator)).toBe('INVALID_PARAMS')
  expect(await refusalTag(fixture({ devnet: false }).context, dev_killValidator, [1])).toBe('DEVNET_ONLY')
})
