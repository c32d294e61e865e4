import { expect, it } from 'vitest'
import { fromHex } from '../../../core/bytes.ts'
import { developmentKeyOf, verifyDevelopment } from '../../../vm/zk/development.ts'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { dev_prove } from './dev_prove.ts'

const [imageId, journalDigest] = [`0x${'01'.repeat(32)}`, `0x${'02'.repeat(32)}`]

it('dev_prove signs for one image and one journal', async () => {
  const { context, dev } = fixture()
  const signature = fromHex(await callMethod<string>(context, dev_prove, [imageId, journalDigest]))
  const operands = { imageId: fromHex(imageId), journalDigest: fromHex(journalDigest), signature }
  const key = developmentKeyOf(dev.proverKey)
  verifyDevelopment(operands, key)
  expect(() => verifyDevelopment({ ...operands, imageId: operands.journalDigest }, key)).toThrow('did not sign')
})

it('dev_prove is for devnets only', async () => {
  expect(await refusalTag(fixture({ devnet: false }).context, dev_prove, [imageId, journalDigest])).toBe('DEVNET_ONLY')
})
