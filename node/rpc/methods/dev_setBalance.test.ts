import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import { ACCOUNTS, callMethod, fixture, refusalTag } from '../fixture.ts'
import { chain_getSupply } from './chain_getSupply.ts'
import { dev_setBalance } from './dev_setBalance.ts'
import { eth_getBalance } from './eth_getBalance.ts'

describe('dev_setBalance', () => {
  it('sets a balance by a transaction in a block', async () => {
    const { context, chain } = fixture()
    const alice = ACCOUNTS[0]!.address
    expect(await callMethod(context, dev_setBalance, [formatAddress(alice), '0x2a'])).toBeNull()
    expect(await callMethod(context, eth_getBalance, [toHex(alice)])).toBe('0x2a')
    expect(chain.blockByHeight(13)!.transactions.map(({ action }) => action.kind)).toEqual(['DEV_SET_BALANCE'])
    const { burned } = await callMethod<{ burned: string }>(context, chain_getSupply)
    expect(BigInt(burned)).toBeGreaterThan(9_000n * 10n ** 18n)
    expect(dev_setBalance.aliases).toEqual(['anvil_setBalance'])
  })

  it('refuses an amount that no account may have', async () => {
    const { context } = fixture()
    const address = toHex(ACCOUNTS[0]!.address)
    expect(await refusalTag(context, dev_setBalance, [address, `0x1${'0'.repeat(32)}`])).toBe('INVALID_PARAMS')
    expect(await refusalTag(context, dev_setBalance, [address])).toBe('INVALID_PARAMS')
    expect(await refusalTag(fixture({ devnet: false }).context, dev_setBalance, [address, '0x1'])).toBe('DEVNET_ONLY')
  })
})
