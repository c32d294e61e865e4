import { describe, expect, it } from 'vitest'
import { fromHex, hexKey } from '../../../core/bytes.ts'
import { sharedVectors } from '../../../test/shared-vectors.ts'
import { encodeKey } from '../groth16/compress.ts'
import { groth16Verifier } from '../groth16/groth16.ts'
import { loadMclCurve } from '../groth16/mcl-curve.ts'
import { nobleCurve } from '../groth16/noble-curve.ts'
import { claimDigest, claimInputs, taggedStruct } from './claim.ts'
import { groth16ParametersDigest, readGroth16Seal } from './groth16-receipt.ts'

interface Receipt {
  readonly version: string
  readonly selector: string
  readonly seal: string
  readonly image_id: string
  readonly journal_digest: string
  readonly claim_digest: string
  readonly control_root: string
}
interface File {
  readonly verifying_key_decimal: Readonly<Record<string, string>>
  readonly verifier_parameters: Readonly<Record<string, string>>
  readonly current_bn254_control_id_big_endian: string
  readonly receipts: readonly Receipt[]
  readonly control_roots: Readonly<Record<string, string>>
  readonly vk_digest: string
}
const file = sharedVectors<File>('risc0_groth16.json')

it('a halted system is its tagged struct', () => {
  const halted = taggedStruct('risc0.SystemState', [new Uint8Array(32)], [0])
  expect(hexKey(halted)).toBe('a3acc27117418996340b84e5a90f3ef4c49d22c79e44aad822ec9c313e1eb8e2')
})

it('refuses seals of other lengths', () => {
  expect(() => readGroth16Seal(new Uint8Array(259))).toThrow('260 bytes')
  expect(() => readGroth16Seal(new Uint8Array(261))).toThrow('260 bytes')
})

describe.skipIf(file === undefined)('RISC Zero Groth16 receipts', () => {
  if (file === undefined) return
  const number = (name: string) => BigInt(file.verifying_key_decimal[name]!)
  const g2 = (name: string) =>
    [
      [number(`${name}x2`), number(`${name}x1`)],
      [number(`${name}y2`), number(`${name}y1`)],
    ] as const
  const key = encodeKey({
    alpha: [number('alphax'), number('alphay')],
    beta: g2('beta'),
    gamma: g2('gamma'),
    delta: g2('delta'),
    gammaAbc: [0, 1, 2, 3, 4, 5].map((i) => [number(`IC${i}x`), number(`IC${i}y`)] as const),
  })
  const identity = fromHex(file.current_bn254_control_id_big_endian).toReversed()
  const roots = Object.entries(file.control_roots).filter(([version]) => version !== 'note')

  it('the key is that of the KIP-16 vectors', () => {
    expect(hexKey(key)).toBe(sharedVectors<{ readonly vk: string }>('groth16_kip16.json')?.vk)
  })

  it.each(file.receipts.map((receipt) => [receipt.version, receipt] as const))(
    'release %s: its own control root and no other, its own claim and no other',
    async (_, receipt) => {
      const claim = claimDigest(fromHex(receipt.image_id), fromHex(receipt.journal_digest))
      expect(hexKey(claim)).toBe(receipt.claim_digest)
      const { proof, selector } = readGroth16Seal(fromHex(receipt.seal))
      for (const verifier of [groth16Verifier(await loadMclCurve()), groth16Verifier(nobleCurve)]) {
        const accepted = roots
          .filter(([, root]) => verifier.verify({ key, proof, inputs: claimInputs(fromHex(root), claim, identity) }).ok)
          .map(([version]) => version)
        expect(accepted).toEqual([receipt.version])
        const other = claimDigest(fromHex(receipt.journal_digest), fromHex(receipt.image_id))
        const inputs = claimInputs(fromHex(receipt.control_root), other, identity)
        expect(verifier.verify({ key, proof, inputs }).ok).toBe(false)
      }
      const parameters = groth16ParametersDigest(fromHex(receipt.control_root), identity, fromHex(file.vk_digest))
      expect(hexKey(parameters)).toBe(file.verifier_parameters[`Groth16V${receipt.version.replace('.', '_')}`])
      expect(hexKey(selector)).toBe(hexKey(parameters.subarray(0, 4)))
    },
  )
})
