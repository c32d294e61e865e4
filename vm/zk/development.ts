/**
 * The development variant, tag 0xdf: in place of a proof stands a BIP-340 signature by the network's development key over
 * sha256(image id || journal digest). A journal nobody signed fails as a false proof does. Only a chain whose parameters name a
 * development key takes the tag.
 */
import { schnorr } from '@noble/curves/secp256k1.js'
import { verifySchnorr } from '../../core/curve-signatures.ts'
import { sha256 } from '../../core/hash.ts'
import { ZkError } from './errors.ts'
import type { DevelopmentOperands } from './operands.ts'

const SIGNATURE_BYTES = 64

/** 64 bytes. @param secretKey 32 bytes, in 1..n-1 */
export const signDevelopment = (imageId: Uint8Array, journalDigest: Uint8Array, secretKey: Uint8Array): Uint8Array =>
  schnorr.sign(sha256(imageId, journalDigest), secretKey, new Uint8Array(32))

/** The x coordinate, 32 bytes, that a chain's parameters name. */
export const developmentKeyOf = (secretKey: Uint8Array): Uint8Array => schnorr.getPublicKey(secretKey)

/** @throws ZkError `ZK_DIGEST_LENGTH`, `ZK_SIGNATURE_LENGTH`, `ZK_PROOF_FALSE` */
export function verifyDevelopment(operands: DevelopmentOperands, developmentKey: Uint8Array): void {
  const { imageId, journalDigest, signature } = operands
  for (const [name, digest] of Object.entries({ imageId, journalDigest })) {
    if (digest.length !== 32)
      throw new ZkError('ZK_DIGEST_LENGTH', `${name} has ${digest.length} bytes: a digest has 32`)
  }
  if (signature.length !== SIGNATURE_BYTES) {
    throw new ZkError('ZK_SIGNATURE_LENGTH', `the signature has ${signature.length} bytes: it has ${SIGNATURE_BYTES}`)
  }
  if (!verifySchnorr(signature, sha256(imageId, journalDigest), developmentKey)) {
    throw new ZkError('ZK_PROOF_FALSE', 'the development key did not sign this journal')
  }
}
