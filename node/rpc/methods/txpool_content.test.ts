import { expect, it } from 'vitest'
import { checksumAddress } from '../../../core/address.ts'
import { ACCOUNTS, callMethod, fixture, transfer } from '../fixture.ts'
import { txpool_content } from './txpool_content.ts'

it('lists by status, sender and nonce', async () => {
  const { context, chain } = fixture()
  const [alice, bob] = ACCOUNTS
  await chain.submit(transfer(chain, alice!, bob!.address, 1n))
  await chain.submit(transfer(chain, alice!, bob!.address, 1n))
  await chain.submit(transfer(chain, alice!, bob!.address, 7n, { nonce: 9 }))
  const from = checksumAddress(alice!.address)
  const { pending, queued } = await callMethod<Record<string, Record<string, object>>>(context, txpool_content)
  expect(Object.keys(pending![from]!)).toEqual(['2', '3'])
  expect(queued![from]).toMatchObject({ 9: { nonce: '0x9', value: '0x7', blockHash: null } })
})
