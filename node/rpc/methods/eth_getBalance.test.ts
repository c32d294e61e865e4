import { describe, expect, it } from 'vitest'
import { checksumAddress, formatAddress } from '../../../core/address.ts'
import { equalBytes, toHex } from '../../../core/bytes.ts'
import { WEI_PER_CPC } from '../../../core/units.ts'
import type { ExecutedBlock } from '../../api.ts'
import { ACCOUNTS, callMethod, fixture, overriding, refusalTag } from '../fixture.ts'
import { eth_getBalance } from './eth_getBalance.ts'

const bob = ACCOUNTS[1]!.address
const hex = checksumAddress(bob)
const call = (params: unknown[], context = fixture().context) => callMethod<string>(context, eth_getBalance, params)

describe('eth_getBalance', () => {
  it('reads the state after the block asked for', async () => {
    expect(BigInt(await call([hex, 'earliest']))).toBe(10_000n * WEI_PER_CPC)
    // Block 2: one CPC came in; 5 wei and a legacy fee of 21,000 * 4,000 went out.
    expect(BigInt(await call([hex, '0x2']))).toBe(10_001n * WEI_PER_CPC - 5n - 84_000_000n)
    expect(await call([hex])).toBe(await call([hex, 'latest']))
  })

  it('takes bech32 and EIP-1898, and knows strangers as poor', async () => {
    const { context, chain } = fixture()
    const blockHash = toHex(chain.blockByHeight(2)!.block.hash)
    const expected = await call([hex, '0x2'])
    expect(await call([formatAddress(bob), { blockHash }], context)).toBe(expected)
    expect(await call([formatAddress(bob), { blockNumber: '0x2' }], context)).toBe(expected)
    expect(await call([`0x${'11'.repeat(20)}`])).toBe('0x0')
  })

  it('says what is wrong', async () => {
    const { context, chain } = fixture()
    const tag = (params: unknown[], ctx = context) => refusalTag(ctx, eth_getBalance, params)
    expect(await tag([hex, '0xd'])).toBe('BLOCK_UNKNOWN')
    expect(await tag([hex, { blockHash: `0x${'00'.repeat(32)}` }])).toBe('BLOCK_UNKNOWN')
    expect(await tag([hex.replace('7', '8'), 'latest'])).toBe('ADDRESS_INVALID')
    expect(await tag(['0x12', 'latest'])).toBe('INVALID_PARAMS')
    expect(await tag([hex, 'newest'])).toBe('INVALID_PARAMS')
    const pruned = overriding(chain, { stateAt: () => undefined })
    expect(await tag([hex, '0x2'], { ...context, node: pruned })).toBe('BLOCK_PRUNED')
  })

  it('answers nothing about a block beside the chain', async () => {
    const { context, chain } = fixture()
    const { dropped, added } = chain.reorg()
    // A node still holds what it has abandoned.
    const blockByHash = (hash: Uint8Array) => (equalBytes(hash, dropped.block.hash) ? dropped : chain.blockByHash(hash))
    const node = overriding(chain, { blockByHash })
    const params = ({ block }: ExecutedBlock) => [hex, { blockHash: toHex(block.hash) }]
    expect(await refusalTag({ ...context, node }, eth_getBalance, params(dropped))).toBe('BLOCK_UNKNOWN')
    expect(await call(params(added), { ...context, node })).toMatch(/^0x/)
  })
})
