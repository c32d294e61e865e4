/**
 * RISC Zero's Groth16 receipts as its Solidity tests hold them: the key in decimal, `control_roots` by release, and `receipts`
 * {version, seal, image_id, journal_digest, claim_digest, control_root}. Each receipt is checked for its claim, for its
 * verifier parameters, against its own control root and against that of every other release.
 */
import { hexKey } from '../../core/bytes.ts'
import { verdictOf, type ZkVerdict } from '../zk/errors.ts'
import { encodeKey } from '../zk/groth16/compress.ts'
import { FIELD_ORDER } from '../zk/groth16/encoding.ts'
import { ZK_TAG } from '../zk/operands.ts'
import { claimDigest, claimInputs } from '../zk/risc0/claim.ts'
import { type Groth16Seal, groth16ParametersDigest, readGroth16Seal } from '../zk/risc0/groth16-receipt.ts'
import type { ProofVerifier } from '../zk/verify.ts'
import { type Check, codeOf, compare } from './check.ts'
import type { JsonValue } from './json-value.ts'

/** Five public inputs, and one. */
const GAMMA_ABC = [0, 1, 2, 3, 4, 5]

/** From decimal coordinates, in arkworks' encoding. */
export function readKey(json: JsonValue): Uint8Array {
  const number = (name: string): bigint => json.field(name).integer(FIELD_ORDER - 1n)
  const g1 = (name: string) => [number(`${name}x`), number(`${name}y`)] as const
  // Solidity has the factor of u first.
  const g2 = (name: string) =>
    [
      [number(`${name}x2`), number(`${name}x1`)],
      [number(`${name}y2`), number(`${name}y1`)],
    ] as const
  return encodeKey({
    alpha: g1('alpha'),
    beta: g2('beta'),
    gamma: g2('gamma'),
    delta: g2('delta'),
    gammaAbc: GAMMA_ABC.map((i) => g1(`IC${i}`)),
  })
}

function readSeal(bytes: Uint8Array): { readonly seal?: Groth16Seal; readonly verdict: ZkVerdict } {
  let seal: Groth16Seal | undefined
  const verdict = verdictOf(() => {
    seal = readGroth16Seal(bytes)
  })
  return seal === undefined ? { verdict } : { seal, verdict }
}

/** @throws QuernError `VECTOR_MALFORMED` */
export function* risc0Groth16Checks(json: JsonValue, verifier: ProofVerifier): Generator<Check> {
  const key = readKey(json.field('verifying_key_decimal'))
  const keyDigest = json.field('vk_digest').bytes(32)
  const identity = json.field('current_bn254_control_id_big_endian').bytes(32).toReversed()
  const roots = json
    .field('control_roots')
    .entries()
    .filter(([version]) => version !== 'note')
    .map(([version, root]) => [version, root.bytes(32)] as const)
  for (const receipt of json.field('receipts').list()) {
    const name = `receipt of release ${receipt.field('version').text()}`
    const claim = claimDigest(receipt.field('image_id').bytes(32), receipt.field('journal_digest').bytes(32))
    yield compare(`${name}: claim`, hexKey(receipt.field('claim_digest').bytes(32)), hexKey(claim))

    const expected = receipt.field('expect').flag()
    const { seal, verdict } = readSeal(receipt.field('seal').bytes())
    if (seal === undefined) {
      yield compare(`${name}: seal`, expected ? 'accepted' : 'refused', expected ? codeOf(verdict) : 'refused')
      continue
    }
    const own = receipt.field('control_root').bytes(32)
    const parameters = groth16ParametersDigest(own, identity, keyDigest)
    yield compare(`${name}: selector`, hexKey(seal.selector), hexKey(parameters.subarray(0, 4)))
    const verify = (root: Uint8Array): string => {
      const inputs = claimInputs(root, claim, identity)
      return codeOf(verifier.verify({ tag: ZK_TAG.groth16, key, proof: seal.proof, inputs }))
    }
    const found = verify(own)
    yield compare(`${name}: its control root`, expected ? 'accepted' : found === 'accepted' ? 'refused' : found, found)
    for (const [version, root] of roots) {
      if (hexKey(root) === hexKey(own)) continue
      yield compare(`${name}: control root of ${version}`, 'ZK_PROOF_FALSE', verify(root))
    }
  }
}
