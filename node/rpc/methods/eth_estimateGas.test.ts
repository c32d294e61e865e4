import { describe, expect, it } from 'vitest'
import { checksumAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import { ACCOUNTS, callMethod, fixture, refusalTag } from '../fixture.ts'
import { eth_estimateGas } from './eth_estimateGas.ts'

const from = checksumAddress(ACCOUNTS[0]!.address)
const to = checksumAddress(ACCOUNTS[1]!.address)

describe('eth_estimateGas', () => {
  it('is 21,000 for a transfer and the gas of the kind for 0x71', async () => {
    const { context, chain, landmarks } = fixture()
    expect(await callMethod(context, eth_estimateGas, [{ from, to, value: '0x1' }])).toBe('0x5208')
    const { executed, index } = chain.transactionByHash(landmarks.results[0]!)!
    const { kindByte, body } = executed.transactions[index]!
    const input = toHex(Uint8Array.of(kindByte, ...body))
    expect(Number(await callMethod(context, eth_estimateGas, [{ from, type: '0x71', input }]))).toBe(80_000)
  })

  it('refuses what would need an EVM', async () => {
    const { context } = fixture()
    const tag = (request: object) => refusalTag(context, eth_estimateGas, [request])
    expect(await tag({ from, data: '0x6001' })).toBe('TX_NO_EVM')
    expect(await tag({ from, to, data: '0x6001' })).toBe('TX_NO_EVM')
    expect(await tag({ from, to, accessList: [{ address: to, storageKeys: [] }] })).toBe('TX_NO_EVM')
    expect(await tag({ from, to, value: '0xffffffffffffffffffffffff' })).toBe('INSUFFICIENT_BALANCE')
    expect(await tag({ from, type: '0x71', input: '0xff' })).toBe('INVALID_PARAMS')
    expect(await tag({ from, to, data: '0x12', input: '0x13' })).toBe('INVALID_PARAMS')
  })
})
