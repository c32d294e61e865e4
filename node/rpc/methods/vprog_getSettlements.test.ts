import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { depositHash } from '../../../vm/settlement/delegate.ts'
import { callMethod, refusalTag } from '../fixture.ts'
import { holder, VprogFixture } from '../vprog/fixture.ts'
import { outpointText } from '../vprog/place.ts'
import { vprog_getSettlements } from './vprog_getSettlements.ts'

it('tells what each settlement proved, and what it left', async () => {
  const own = new VprogFixture()
  const deployed = own.deploy()
  const id = toHex(deployed.covenantId)
  expect(await callMethod(own.context, vprog_getSettlements, [id])).toEqual({ settlements: [], next: null })
  const funds = own.deposit(deployed, 40n)
  const proved = own.chain.latest()
  const exits = [{ script: holder('one'), amount: 7n }]
  const first = own.settle(deployed, exits)
  own.claim(first.bundle, 0, 3n, [funds])
  const second = own.settle(first.covenant, exits, false)
  const third = own.settle(second.covenant)

  const page = await callMethod<{ settlements: unknown[] }>(own.context, vprog_getSettlements, [id])
  expect(page).toMatchObject({
    settlements: [
      {
        transaction_hash: toHex(first.sent.transaction.hash),
        height: 3,
        prev_state: toHex(deployed.state.state),
        new_state: toHex(first.covenant.state.state),
        prev_lane_tip: toHex(deployed.state.laneTip),
        new_lane_tip: toHex(first.covenant.state.laneTip),
        block_hash_proved: toHex(proved.hash),
        height_proved: proved.height,
        deposit_hash: toHex(depositHash(deployed.covenantId)),
        proof_tag: 0xdf,
        // As the settlement left them, whatever was claimed since.
        bundle: {
          outpoint: outpointText(first.bundle.output.outpoint),
          exits: [{ script: toHex(exits[0]!.script), grains: '7' }],
        },
      },
      { new_state: toHex(second.covenant.state.state), bundle: { exits: null } },
      { new_state: toHex(third.covenant.state.state), bundle: null },
    ],
    next: null,
  })

  const found: unknown[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const part = await callMethod<{ settlements: unknown[]; next: string | null }>(own.context, vprog_getSettlements, [
      id,
      { limit: 1, ...(cursor && { cursor }) },
    ])
    found.push(...part.settlements)
    cursor = part.next
  }
  expect(found).toEqual(page.settlements)
})

it('is refused for a covenant that is no standard one', async () => {
  const own = new VprogFixture()
  const { id, body } = own.genesisOf([{ version: 0, script: Uint8Array.of(0x51) }], new Uint8Array())
  own.mine(own.sign(body))
  expect(await refusalTag(own.context, vprog_getSettlements, [toHex(id)])).toBe('COVENANT_NOT_STANDARD')
})
