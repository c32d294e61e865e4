import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { ACCOUNTS, callMethod, fixture, refusalTag } from '../fixture.ts'
import { eth_signTypedData_v4 } from './eth_signTypedData_v4.ts'

const account = privateKeyToAccount(toHex(ACCOUNTS[0]!.privateKey))
const typedData = {
  types: {
    Mail: [
      { name: 'to', type: 'address' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  domain: { name: 'Ether Mail', version: '1', chainId: 26180 },
  message: { to: account.address, contents: 'Hello, Bob!' },
} as const

describe('eth_signTypedData_v4', () => {
  const { context } = fixture()
  const call = (data: unknown) => callMethod(context, eth_signTypedData_v4, [account.address, data])

  it('signs as viem does, from JSON text and from an object', async () => {
    const expected = await account.signTypedData(typedData)
    expect(await call(typedData)).toBe(expected)
    expect(await call(JSON.stringify(typedData))).toBe(expected)
    const { params, result } = eth_signTypedData_v4.example
    expect(await callMethod(context, eth_signTypedData_v4, params)).toBe(result)
  })

  it('refuses what is no typed data', async () => {
    const tag = (data: unknown) => refusalTag(context, eth_signTypedData_v4, [account.address, data])
    expect(await tag('{')).toBe('INVALID_PARAMS')
    expect(await tag({ types: {} })).toBe('INVALID_PARAMS')
    expect(await tag({ ...typedData, primaryType: 'Nail' })).toBe('INVALID_PARAMS')
  })
})
