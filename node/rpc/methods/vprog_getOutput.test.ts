import { expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { callMethod, refusalTag } from '../fixture.ts'
import { VprogFixture } from '../vprog/fixture.ts'
import { outpointText } from '../vprog/place.ts'
import { vprog_getOutput } from './vprog_getOutput.ts'

it('tells who made an output, and who spent it', async () => {
  const own = new VprogFixture()
  const deployed = own.deploy()
  const deposit = own.deposit(deployed, 12n)
  const { sent } = own.settle(deployed)
  const read = (outpoint: string) => callMethod(own.context, vprog_getOutput, [outpoint])
  expect(await read(outpointText(deployed.outpoint))).toMatchObject({
    outpoint: outpointText(deployed.outpoint),
    grains: '1000',
    covenant_id: toHex(deployed.covenantId),
    height: 1,
    spent_by: { transaction_hash: toHex(sent.transaction.hash), height: 3 },
  })
  expect(await read(outpointText(deposit.outpoint))).toMatchObject({ grains: '12', covenant_id: null, spent_by: null })
  expect(await read(`${toHex(deposit.outpoint.txId)}:1`)).toBeNull()
  expect(await read(`${toHex(sent.transaction.hash)}:0`)).toBeNull()
  expect(await refusalTag(own.context, vprog_getOutput, [`${toHex(sent.txId)}:4294967296`])).toBe('INVALID_PARAMS')
})
