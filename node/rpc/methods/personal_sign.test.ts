import { privateKeyToAccount } from 'viem/accounts'
import { expect, it } from 'vitest'
import { checksumAddress } from '../../../core/address.ts'
import { toHex, utf8 } from '../../../core/bytes.ts'
import { ACCOUNTS, callMethod, fixture, refusalTag } from '../fixture.ts'
import { personal_sign } from './personal_sign.ts'

it('signs as viem does', async () => {
  const { address, privateKey } = ACCOUNTS[0]!
  const { context } = fixture()
  for (const message of ['', 'hello', 'Grüße '.repeat(20)]) {
    const expected = await privateKeyToAccount(toHex(privateKey)).signMessage({ message })
    expect(await callMethod(context, personal_sign, [toHex(utf8(message)), checksumAddress(address)])).toBe(expected)
  }
  const { params, result } = personal_sign.example
  expect(await callMethod(context, personal_sign, params)).toBe(result)
  expect(await refusalTag(context, personal_sign, ['0x00', `0x${'11'.repeat(20)}`])).toBe('ACCOUNT_UNKNOWN')
})
