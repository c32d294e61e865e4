import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { checksumAddress } from '../../../core/address.ts'
import { fromHex, toHex } from '../../../core/bytes.ts'
import { ACCOUNTS, callMethod, fixture, overriding, refusalTag } from '../fixture.ts'
import { eth_sendTransaction } from './eth_sendTransaction.ts'

const from = checksumAddress(ACCOUNTS[0]!.address)
const to = checksumAddress(ACCOUNTS[1]!.address)

describe('eth_sendTransaction', () => {
  it('fills in what is missing', async () => {
    const { context, chain } = fixture()
    const hash = await callMethod<string>(context, eth_sendTransaction, [{ from, to, value: '0x5' }])
    const [mined] = chain.mine().transactions
    expect(mined).toMatchObject({ type: 'eip1559', nonce: 2, gasLimit: 21_000, maxPriorityFeePerGas: 2_000n })
    expect([toHex(mined!.hash), checksumAddress(mined!.from)]).toEqual([hash, from])
  })

  it('keeps what is given, in each type', async () => {
    const { context, chain } = fixture()
    const send = async (request: object) => {
      const hash = await callMethod<string>(context, eth_sendTransaction, [{ from, to, value: '0x1', ...request }])
      return chain.pool().get(fromHex(hash))!.transaction
    }
    expect(await send({ gasPrice: '0x1388' })).toMatchObject({ type: 'legacy', maxFeePerGas: 5_000n })
    expect(await send({ type: '0x1', gasPrice: '0x1388' })).toMatchObject({ type: 'eip2930', nonce: 3 })
    const caps = { maxFeePerGas: '0x1770', maxPriorityFeePerGas: '0x1', gas: '0x5300', nonce: '0x4', chainId: '0x6644' }
    expect(await send(caps)).toMatchObject({
      type: 'eip1559',
      maxFeePerGas: 6_000n,
      maxPriorityFeePerGas: 1n,
      gasLimit: 21_248,
    })
    const own = await send({ type: '0x71', to: null, value: '0x0', input: '0x07c0' })
    expect(own).toMatchObject({ type: 'native', action: { kind: 'UNJAIL' }, gasLimit: 50_000 })
  })

  it('gives concurrent requests one nonce after the other', async () => {
    const { context, chain } = fixture()
    const submit = async (raw: Uint8Array) => {
      await setImmediate()
      return chain.submit(raw)
    }
    const node = overriding(chain, { submit })
    const send = () => callMethod<string>({ ...context, node }, eth_sendTransaction, [{ from, to, value: '0x1' }])
    const hashes = await Promise.all([send(), send(), send(), send()])
    expect(hashes.map((hash) => chain.pool().get(fromHex(hash))!.transaction.nonce)).toEqual([2, 3, 4, 5])
  })

  it('refuses with a reason', async () => {
    const { context } = fixture()
    const tag = (request: object) => refusalTag(context, eth_sendTransaction, [request])
    expect(await tag({ from, data: '0x6001' })).toBe('TX_NO_EVM')
    expect(await tag({ to, value: '0x1' })).toBe('INVALID_PARAMS')
    expect(await tag({ from: `0x${'11'.repeat(20)}`, to })).toBe('ACCOUNT_UNKNOWN')
    expect(await tag({ from, to, chainId: '0x1' })).toBe('TX_CHAIN_ID')
    expect(await tag({ from, to, gasPrice: '0x1', maxFeePerGas: '0x1' })).toBe('INVALID_PARAMS')
    expect(await tag({ from, to, type: '0x3' })).toBe('INVALID_PARAMS')
    const elsewhere = fixture({ devnet: false }).context
    expect(await refusalTag(elsewhere, eth_sendTransaction, [{ from, to }])).toBe('DEVNET_ONLY')
  })
})
