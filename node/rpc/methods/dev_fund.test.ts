import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../../core/bytes.ts'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_fund } from './dev_fund.ts'
import { eth_getBalance } from './eth_getBalance.ts'

describe('dev_fund', () => {
  const stranger = `0x${'5a'.repeat(20)}`

  it('transfers and answers the hash of a transaction in a block', async () => {
    const { context, chain } = fixture()
    const hash = await callMethod<string>(context, dev_fund, [stranger, '0xde0b6b3a7640000'])
    expect(toHex(chain.transactionByHash(fromHex(hash))!.executed.block.hash)).toBe(toHex(chain.latest().hash))
    expect(await callMethod(context, eth_getBalance, [stranger])).toBe('0xde0b6b3a7640000')
  })

  it('is for devnets only', async () => {
    expect(await refusalTag(fixture({ devnet: false }).context, dev_fund, [stranger, '0x1'])).toBe('DEVNET_ONLY')
  })
})
