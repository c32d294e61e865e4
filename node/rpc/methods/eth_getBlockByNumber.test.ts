import { describe, expect, it } from 'vitest'
import { checksumAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import type { BlockJson } from '../ethereum/block.ts'
import { callMethod, fixture, GENESIS_TIME_MS, refusalTag } from '../fixture.ts'
import { eth_getBlockByNumber } from './eth_getBlockByNumber.ts'

describe('eth_getBlockByNumber', () => {
  const { context, chain } = fixture()
  const call = (...params: unknown[]) => callMethod<BlockJson>(context, eth_getBlockByNumber, params)

  it('gives the header in Ethereum words, and timestampMs', async () => {
    const { block } = chain.blockByHeight(3)!
    const json = await call('0x3', false)
    expect(json).toMatchObject({
      number: '0x3',
      hash: toHex(block.hash),
      parentHash: toHex(chain.blockByHeight(2)!.block.hash),
      miner: checksumAddress(block.header.proposer),
      stateRoot: toHex(block.header.stateRoot),
      gasLimit: '0xe4e1c00',
      nonce: '0x0000000000000000',
      difficulty: '0x0',
    })
    expect(Number(json.timestampMs)).toBe(GENESIS_TIME_MS + 1500)
    expect(Number(json.timestamp)).toBe(GENESIS_TIME_MS / 1000 + 1)
    expect(Number(json.gasUsed)).toBe(75_000)
  })

  it('lists hashes or whole transactions', async () => {
    const [hashes, full] = [await call('0x4', false), await call('0x4', true)]
    expect(hashes.transactions).toHaveLength(5)
    expect(full.transactions.map((t) => (typeof t === 'string' ? '' : t.hash))).toEqual(hashes.transactions)
    expect(full.transactions.map((t) => (typeof t === 'string' ? '' : t.type))).toEqual([
      '0x71',
      '0x71',
      '0x71',
      '0x71',
      '0x1',
    ])
  })

  it('knows the tags', async () => {
    const heights = async (tag: string) => Number((await call(tag)).number)
    expect(await heights('latest')).toBe(12)
    expect(await heights('pending')).toBe(12)
    expect(await heights('safe')).toBe(10)
    expect(await heights('finalized')).toBe(10)
    expect(await heights('earliest')).toBe(0)
    expect(await call('0xd', true)).toBeNull()
    expect(await refusalTag(context, eth_getBlockByNumber, ['0xffffffffffffffff'])).toBe('INVALID_PARAMS')
  })
})
