import { describe, expect, it } from 'vitest'
import { verifyCertificate } from '../../../consensus/certificate.ts'
import type { VoteKind } from '../../../consensus/types.ts'
import { bls } from '../../../core/bls.ts'
import { fromHex, toHex } from '../../../core/bytes.ts'
import { callMethod, fixture, refusalTag } from '../fixture.ts'
import { chain_getCertificate } from './chain_getCertificate.ts'

interface Json {
  kind: VoteKind
  epoch: number
  view: number
  block_hash: string
  signers: string
  signature: string
}

describe('chain_getCertificate', () => {
  it('gives certificates that verify with the set of their epoch', async () => {
    const { context, chain } = fixture()
    const answer = await callMethod<{ notarization: Json; finalization: Json }>(context, chain_getCertificate)
    expect(answer).toMatchObject({ height: 10, block_hash: toHex(chain.finalized().hash) })
    for (const { kind, epoch, view, block_hash, signers, signature } of [answer.notarization, answer.finalization]) {
      const bytes = { blockHash: fromHex(block_hash), signers: fromHex(signers), signature: fromHex(signature) }
      const set = chain.validatorSet(epoch)!
      expect(verifyCertificate({ kind, epoch, view, ...bytes }, set, chain.genesisHash, bls)).toBe(true)
    }
    expect([answer.notarization.kind, answer.finalization.kind]).toEqual(['notarize', 'finalize'])
  })

  it('has null where there is none', async () => {
    const { context } = fixture()
    expect(await callMethod(context, chain_getCertificate, [11])).toMatchObject({ finalization: null })
    expect(await callMethod(context, chain_getCertificate, [0])).toMatchObject({
      notarization: null,
      finalization: null,
    })
    expect(await refusalTag(context, chain_getCertificate, [13])).toBe('BLOCK_UNKNOWN')
  })
})
