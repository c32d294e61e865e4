import { expect, it } from 'vitest'
import { ACCOUNTS, callMethod, fixture, transfer } from '../fixture.ts'
import { txpool_status } from './txpool_status.ts'

it('counts ready and waiting transactions', async () => {
  const { context, chain } = fixture()
  const [alice, bob] = ACCOUNTS
  await chain.submit(transfer(chain, alice!, bob!.address, 1n))
  await chain.submit(transfer(chain, alice!, bob!.address, 1n, { nonce: 9 }))
  expect(await callMethod(context, txpool_status)).toEqual({ pending: '0x1', queued: '0x1' })
})
