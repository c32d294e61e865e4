import { expect, it } from 'vitest'
import { checksumAddress } from '../../../core/address.ts'
import { ACCOUNTS, callMethod, fixture, transfer } from '../fixture.ts'
import { txpool_contentFrom } from './txpool_contentFrom.ts'

it('lists one sender only', async () => {
  const { context, chain } = fixture()
  const [alice, bob] = ACCOUNTS
  await chain.submit(transfer(chain, alice!, bob!.address, 1n))
  const call = (address: Uint8Array) => callMethod(context, txpool_contentFrom, [checksumAddress(address)])
  expect(await call(alice!.address)).toMatchObject({ pending: { 2: { nonce: '0x2' } }, queued: {} })
  expect(await call(bob!.address)).toEqual({ pending: {}, queued: {} })
})
