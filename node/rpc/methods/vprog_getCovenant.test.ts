import { describe, expect, it } from 'vitest'
import { hexKey, toHex } from '../../../core/bytes.ts'
import { depositSpk } from '../../../vm/settlement/delegate.ts'
import { callMethod, refusalTag } from '../fixture.ts'
import { bodyOf, hashOf, holder, laneOf, VprogFixture } from '../vprog/fixture.ts'
import { outpointText } from '../vprog/place.ts'
import { vprog_getCovenant } from './vprog_getCovenant.ts'

const EXITS = [
  { script: holder('first'), amount: 30n },
  { script: holder('second'), amount: 5n },
]

describe('vprog_getCovenant', () => {
  it('shows a program as it was deployed', async () => {
    const own = new VprogFixture()
    const covenant = own.deploy()
    expect(await callMethod(own.context, vprog_getCovenant, [toHex(covenant.covenantId)])).toMatchObject({
      standard: true,
      live_outputs: 1,
      lane_id: null,
      program: { proof_system: 'development', proof_tag: 0xdf, image_id: toHex(hashOf('aggregate')) },
      state: { state: toHex(covenant.state.state), lane_key: toHex(covenant.state.laneKey) },
      last_settlement: null,
      deposit_spk: { version: 0, script: toHex(depositSpk(covenant.covenantId).script) },
      outputs: [
        {
          outpoint: outpointText(covenant.outpoint),
          role: 'state',
          redeem_script: toHex(covenant.redeem),
          bundle: null,
        },
      ],
      outputs_complete: true,
    })
    own.mine(own.message(1))
    expect(await callMethod(own.context, vprog_getCovenant, [toHex(covenant.covenantId)])).toMatchObject({
      lane_id: toHex(laneOf(1)),
    })
  })

  it('follows it through settlements, exits and claims', async () => {
    const own = new VprogFixture()
    const deployed = own.deploy()
    const id = toHex(deployed.covenantId)
    const funds = own.deposit(deployed, 100n)
    const { covenant, bundle, sent } = own.settle(deployed, EXITS)
    expect(await callMethod(own.context, vprog_getCovenant, [id])).toMatchObject({
      live_outputs: 2,
      state: { state: toHex(covenant.state.state) },
      last_settlement: { transaction_hash: toHex(sent.transaction.hash), final: false },
      outputs: [
        {
          outpoint: outpointText(bundle.output.outpoint),
          role: 'exits',
          redeem_script: toHex(bundle.output.redeem),
          bundle: { unclaimed: '2', exits: [{ script: toHex(EXITS[0]!.script), grains: '30' }, { grains: '5' }] },
        },
        { outpoint: outpointText(covenant.outpoint), role: 'state', redeem_script: toHex(covenant.redeem) },
      ],
    })

    const { bundle: after } = own.claim(bundle, 0, 30n, [funds])
    const claimed = await callMethod(own.context, vprog_getCovenant, [id])
    expect(claimed).toMatchObject({
      outputs: [
        {
          outpoint: outpointText(after.output.outpoint),
          redeem_script: toHex(after.output.redeem),
          bundle: { unclaimed: '1', exits: [{ grains: '0' }, { grains: '5' }] },
        },
        { role: 'state' },
      ],
      state: { state: toHex(covenant.state.state) },
    })
    const one = await callMethod(own.context, vprog_getCovenant, [id, outpointText(covenant.outpoint)])
    expect(one).toMatchObject({ outputs: [{ role: 'state' }], outputs_complete: false })
    expect(await refusalTag(own.context, vprog_getCovenant, [id, outpointText(deployed.outpoint)])).toBe(
      'OUTPUT_UNKNOWN',
    )
  })

  it('knows the script of a bundle after a claim, where nothing shows its exits', async () => {
    const own = new VprogFixture()
    const deployed = own.deploy()
    const id = toHex(deployed.covenantId)
    const funds = own.deposit(deployed, 100n)
    const { bundle } = own.settle(deployed, EXITS, false)
    expect(await callMethod(own.context, vprog_getCovenant, [id])).toMatchObject({
      outputs: [{ role: 'other', redeem_script: null, bundle: null }, { role: 'state' }],
    })
    const { bundle: after } = own.claim(bundle, 1, 2n, [funds])
    expect(await callMethod(own.context, vprog_getCovenant, [id])).toMatchObject({
      outputs: [
        { role: 'exits', redeem_script: toHex(after.output.redeem), bundle: { unclaimed: '2', exits: null } },
        { role: 'state' },
      ],
    })
  })

  it('does not take a covenant for a standard one that began with another output as well', async () => {
    const own = new VprogFixture()
    const standard = own.deploy()
    const spk = own.chain.blockByHeight(1)!.transactions[0]!.action
    if (spk.kind !== 'COVENANT') throw new Error('the fixture deploys with kind 17')
    const { id, body } = own.genesisOf(
      [spk.outputs[0]!.spk, { version: 0, script: Uint8Array.of(0x51) }],
      standard.redeem,
    )
    own.mine(own.sign(body))
    expect(await callMethod(own.context, vprog_getCovenant, [toHex(id)])).toMatchObject({
      standard: false,
      program: null,
      state: null,
      deposit_spk: null,
      live_outputs: 2,
      outputs: [{ role: 'other', spk: { script: '0x51' } }, { role: 'state' }],
    })
  })

  it('cannot tell while nothing shows what it began with', async () => {
    const own = new VprogFixture()
    const hidden = { version: 0, script: Uint8Array.of(0xaa, 32, ...hashOf('hidden'), 0x87) }
    const { id, body } = own.genesisOf([hidden], new Uint8Array())
    own.mine(own.sign(body))
    const shown = await callMethod(own.context, vprog_getCovenant, [toHex(id)])
    expect(shown).toMatchObject({ standard: null, program: null, outputs: [{ role: 'other', redeem_script: null }] })
  })

  it('is null for an id that nobody began', async () => {
    const own = new VprogFixture()
    own.mine(own.sign(bodyOf({ laneId: laneOf(1) })))
    expect(await callMethod(own.context, vprog_getCovenant, [`0x${hexKey(hashOf('nobody'))}`])).toBeNull()
  })
})
