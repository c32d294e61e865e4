import { describe, expect, it } from 'vitest'
import { fromHex, hexKey } from '../../../core/bytes.ts'
import { sharedVectors } from '../../../test/shared-vectors.ts'
import { HALTED, taggedStruct } from './claim.ts'
import { groth16ParametersDigest, readGroth16Seal } from './groth16-receipt.ts'

interface File {
  readonly verifier_parameters: Readonly<Record<string, string>>
  readonly current_bn254_control_id_big_endian: string
  readonly receipts: readonly { readonly version: string; readonly control_root: string }[]
  readonly vk_digest: string
}
const file = sharedVectors<File>('risc0_groth16.json')

it('a halted system is its tagged struct', () => {
  const halted = taggedStruct('risc0.SystemState', [new Uint8Array(32)], [0])
  expect(hexKey(halted)).toBe(hexKey(HALTED))
})

it('refuses seals of other lengths', () => {
  expect(() => readGroth16Seal(new Uint8Array(259))).toThrow('260 bytes')
  expect(() => readGroth16Seal(new Uint8Array(261))).toThrow('260 bytes')
})

describe.skipIf(file === undefined)('RISC Zero Groth16 receipts', () => {
  if (file === undefined) return
  const identity = fromHex(file.current_bn254_control_id_big_endian).toReversed()

  it.each(file.receipts.map((receipt) => [receipt.version, receipt] as const))(
    'release %s is named by the digest of its parameters',
    (_, receipt) => {
      const parameters = groth16ParametersDigest(fromHex(receipt.control_root), identity, fromHex(file.vk_digest))
      expect(hexKey(parameters)).toBe(file.verifier_parameters[`Groth16V${receipt.version.replace('.', '_')}`])
    },
  )
})
