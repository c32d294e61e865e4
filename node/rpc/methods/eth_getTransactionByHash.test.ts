import { describe, expect, it } from 'vitest'
import { checksumAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import type { TransactionJson } from '../ethereum/transaction.ts'
import { ACCOUNTS, callMethod, fixture, transfer, WORKER } from '../fixture.ts'
import { eth_getTransactionByHash } from './eth_getTransactionByHash.ts'

describe('eth_getTransactionByHash', () => {
  const { context, landmarks } = fixture()
  const call = (hash: Uint8Array) => callMethod<TransactionJson>(context, eth_getTransactionByHash, [toHex(hash)])

  it('shows each type of envelope with its own keys', async () => {
    const eip1559 = await call(landmarks.eip1559)
    expect(eip1559).toMatchObject({ type: '0x2', blockNumber: '0x2', transactionIndex: '0x0', gasPrice: '0xbb8' })
    expect(eip1559).toMatchObject({
      accessList: [],
      maxFeePerGas: '0x2710',
      maxPriorityFeePerGas: '0x7d0',
      input: '0x',
    })
    expect(eip1559.v).toBe(eip1559.yParity)
    const legacy = await call(landmarks.legacy)
    expect(legacy).toMatchObject({ type: '0x0', gasPrice: '0xfa0', chainId: '0x6644', value: '0x5' })
    expect([35, 36]).toContain(Number(legacy.v) - 2 * 26_180)
    expect(legacy).not.toHaveProperty('yParity')
    expect(legacy).not.toHaveProperty('maxFeePerGas')
    expect(await call(landmarks.eip2930)).toMatchObject({ type: '0x1', gasPrice: '0x1388', accessList: [] })
  })

  it('shows our own envelopes as 0x71 with kind and body as input', async () => {
    const result = await call(landmarks.results[0]!)
    expect(result).toMatchObject({ type: '0x71', from: checksumAddress(WORKER.address), to: null, value: '0x0' })
    expect(result.input.slice(0, 4)).toBe('0x08')
    const delegate = await call(landmarks.delegate)
    expect(delegate).toMatchObject({ to: null, value: `0x${(10n ** 19n).toString(16)}` })
    expect(await call(landmarks.memo)).toMatchObject({ to: checksumAddress(ACCOUNTS[1]!.address), value: '0x7' })
  })

  it('finds what waits in the mempool, and nothing else', async () => {
    const { context: own, chain } = fixture()
    const raw = transfer(chain, ACCOUNTS[0]!, ACCOUNTS[1]!.address, 1n)
    const hash = toHex(chain.decode(raw).hash)
    expect(await callMethod(own, eth_getTransactionByHash, [hash])).toBeNull()
    await chain.submit(raw)
    const waiting = await callMethod(own, eth_getTransactionByHash, [hash])
    expect(waiting).toMatchObject({ hash, blockHash: null, blockNumber: null, transactionIndex: null })
  })
})
