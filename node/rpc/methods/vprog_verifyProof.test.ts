import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { signDevelopment } from '../../../vm/zk/development.ts'
import { toyGroth16 } from '../../../vm/zk/testing/toy-groth16.ts'
import { callMethod, fixture, overriding, refusalTag } from '../fixture.ts'
import { hashOf, PROOF_SECRET, VprogFixture } from '../vprog/fixture.ts'
import { vprog_verifyProof } from './vprog_verifyProof.ts'

const [image, digest] = [hashOf('image'), hashOf('journal')]
const development = [signDevelopment(image, digest, PROOF_SECRET), digest, image].map(toHex)

describe('vprog_verifyProof', () => {
  it('tells true proofs from false ones, and what they cost', async () => {
    const { context } = new VprogFixture()
    const valid = { valid: true, code: null, message: null, gram: 1_000 }
    expect(await callMethod(context, vprog_verifyProof, [0xdf, development])).toEqual(valid)
    const other = development.with(1, toHex(hashOf('another journal')))
    expect(await callMethod(context, vprog_verifyProof, [0xdf, other])).toMatchObject({
      valid: false,
      code: 'ZK_PROOF_FALSE',
      gram: 1_000,
    })
  })

  it('checks Groth16 proofs', async () => {
    const { context } = new VprogFixture()
    const { key, prove } = toyGroth16(2)
    const { proof, inputs } = prove([3n, 5n])
    const items = [...inputs.toReversed(), Uint8Array.of(inputs.length), proof, key].map(toHex)
    const answer = { valid: true, gram: 140_000 + 2_500 * (inputs.length + 1) }
    expect(await callMethod(context, vprog_verifyProof, [0x20, items])).toMatchObject(answer)
  })

  it('says what is wrong with operands', async () => {
    const { context } = new VprogFixture()
    const code = async (tag: number, items: string[]) =>
      (await callMethod<{ code: string }>(context, vprog_verifyProof, [tag, items])).code
    expect(await code(0xdf, [])).toBe('ZK_OPERANDS_MISSING')
    expect(await code(0x77, development)).toBe('ZK_TAG_UNKNOWN')
    expect(await code(0x20, ['0x', '0x', '0x'])).toMatch(/^ZK_/)
    expect(await refusalTag(context, vprog_verifyProof, [0xdf, ['0x0']])).toBe('INVALID_PARAMS')
  })

  it('refuses what this node cannot say, and knows what the chain forbids', async () => {
    const { context } = fixture()
    const items = Array.from({ length: 8 }, () => toHex(image))
    expect(await refusalTag(context, vprog_verifyProof, [0x21, items])).toBe('ZK_CIRCUIT_MISSING')
    expect(await callMethod(context, vprog_verifyProof, [0xdf, development])).toMatchObject({
      code: 'ZK_TAG_FORBIDDEN',
    })
  })

  it('lets so many wait, and no more', async () => {
    const { context, chain } = new VprogFixture()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const node = overriding(chain, {
      verifyProof: async () => {
        await held
        return { ok: true, value: true }
      },
    })
    const ask = () => callMethod<{ valid: boolean }>({ ...context, node }, vprog_verifyProof, [0xdf, development])
    const waiting = Array.from({ length: 8 }, ask)
    await expect(ask()).rejects.toMatchObject({ tag: 'ZK_OVERLOADED' })
    release()
    expect((await Promise.all(waiting)).every(({ valid }) => valid)).toBe(true)
    expect((await ask()).valid).toBe(true)
  })
})
