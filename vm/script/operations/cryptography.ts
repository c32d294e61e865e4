/** Hashes by their bytes, signatures by the piece, and proofs (KIP-16). */
import type { Hash } from '../../../core/bytes.ts'
import type { Result } from '../../../core/errors.ts'
import { sha256 } from '../../../core/hash.ts'
import { blake2b256, blake3Hash, pureKeyed } from '../../kip/hashers.ts'
import { ecdsaSigHash, isSigHashType } from '../../kip/sighash.ts'
import { operandUnits, tagUnits } from '../../zk/cost.ts'
import { readOperands } from '../../zk/operands.ts'
import { ScriptError } from '../errors.ts'
import {
  BLAKE2B_UNITS_PER_BYTE,
  HASH_UNITS_PER_BYTE,
  KEYED_HASH_UNITS,
  KEYED_HASH_UNITS_PER_BYTE,
  MAX_MULTISIG_KEYS,
  SIG_OP_UNITS,
} from '../limits.ts'
import type { Machine, Operation, Operations } from '../machine.ts'
import { OP } from '../opcodes.ts'
import { verifyEcdsa, verifySchnorr } from '../signatures.ts'
import { verify } from './flow.ts'

const MAX_BLAKE2B_KEY_BYTES = 64
const HASH_BYTES = 32

const hash =
  (unitsPerByte: number, of: (data: Uint8Array) => Hash): Operation =>
  (machine) => {
    const data = machine.stack.pop()
    machine.charge(data.length * unitsPerByte)
    machine.stack.push(of(data))
  }

const chargeKeyed = (machine: Machine, data: Uint8Array): void =>
  machine.charge(KEYED_HASH_UNITS + data.length * KEYED_HASH_UNITS_PER_BYTE)

function keyedBlake2b(machine: Machine): void {
  const [data, key] = machine.stack.take(2) as [Uint8Array, Uint8Array]
  if (key.length > MAX_BLAKE2B_KEY_BYTES) {
    throw new ScriptError('ELEMENT_TOO_BIG', `a key of BLAKE2b has at most ${MAX_BLAKE2B_KEY_BYTES} bytes`)
  }
  chargeKeyed(machine, data)
  machine.stack.push(pureKeyed.blake2b(data, key.length === 0 ? undefined : key))
}

function keyedBlake3(machine: Machine): void {
  const [data, key] = machine.stack.take(2) as [Uint8Array, Uint8Array]
  if (key.length !== HASH_BYTES) throw new ScriptError('MALFORMED_PUSH', 'a key of BLAKE3 has 32 bytes')
  chargeKeyed(machine, data)
  machine.stack.push(pureKeyed.blake3(data, key))
}

interface Scheme {
  readonly verify: (signature: Uint8Array, digest: Hash, key: Uint8Array) => boolean
  readonly sigHash: (machine: Machine, type: number) => Hash
}

const SCHNORR: Scheme = { verify: verifySchnorr, sigHash: (machine, type) => machine.sigHash(type) }
const ECDSA: Scheme = { verify: verifyEcdsa, sigHash: (machine, type) => ecdsaSigHash(machine.sigHash(type)) }

function sigHashType(signature: Uint8Array): number {
  const type = signature.at(-1)!
  if (!isSigHashType(type)) throw new ScriptError('INVALID_SIG_HASH_TYPE', `0x${type.toString(16)} is no hash type`)
  return type
}

/** @param signature with its hash type as last byte */
function checkSignature(machine: Machine, scheme: Scheme, signature: Uint8Array, key: Uint8Array): boolean {
  const type = sigHashType(signature)
  machine.charge(SIG_OP_UNITS)
  return scheme.verify(signature.subarray(0, -1), scheme.sigHash(machine, type), key)
}

/** Leaves whether the signature holds; an empty one does not, and costs nothing. */
function popSignature(machine: Machine, scheme: Scheme): boolean {
  const [signature, key] = machine.stack.take(2) as [Uint8Array, Uint8Array]
  return signature.length > 0 && checkSignature(machine, scheme, signature, key)
}

function fromStack(machine: Machine, scheme: Scheme): boolean {
  const [signature, digest, key] = machine.stack.take(3) as [Uint8Array, Uint8Array, Uint8Array]
  if (digest.length !== HASH_BYTES) throw new ScriptError('INVALID_STATE', 'the signed digest has 32 bytes')
  machine.charge(SIG_OP_UNITS)
  return scheme.verify(signature, digest, key)
}

/** m of n, signatures in the order of their keys; every tried key costs a check. */
function multisig(machine: Machine, scheme: Scheme): boolean {
  const { stack } = machine
  const keyCount = stack.popInt32()
  if (keyCount < 0 || keyCount > MAX_MULTISIG_KEYS) {
    throw new ScriptError('INVALID_PUBKEY_COUNT', `${keyCount} keys: 0 to ${MAX_MULTISIG_KEYS} are allowed`)
  }
  machine.countOperations(keyCount)
  const keys = stack.take(keyCount)
  const needed = stack.popInt32()
  if (needed < 0 || needed > keyCount) {
    throw new ScriptError('INVALID_SIGNATURE_COUNT', `${needed} signatures of ${keyCount} keys`)
  }
  const signatures = stack.take(needed)
  const hold = inKeyOrder(machine, scheme, signatures, keys)
  if (!hold && signatures.some(({ length }) => length > 0)) {
    throw new ScriptError('NULL_FAIL', 'where a multisig fails, all of its signatures are empty')
  }
  return hold
}

function inKeyOrder(
  machine: Machine,
  scheme: Scheme,
  signatures: readonly Uint8Array[],
  keys: readonly Uint8Array[],
): boolean {
  let next = 0
  for (const [i, signature] of signatures.entries()) {
    if (signature.length === 0) return false
    sigHashType(signature)
    do {
      // More signatures than keys are left.
      if (keys.length - next < signatures.length - i) return false
    } while (!checkSignature(machine, scheme, signature, keys[next++]!))
  }
  return true
}

/** @throws ScriptError `ZK_INTEGRITY`, with the code that says more */
function sound<T>(result: Result<T, string>): T {
  if (result.ok) return result.value
  throw new ScriptError('ZK_INTEGRITY', `${result.error.code}: ${result.error.message}`)
}

function zkPrecompile(machine: Machine): void {
  const { stack, context } = machine
  const tagBytes = stack.pop()
  const tag = tagBytes[0]
  const units = tag === undefined || tagBytes.length !== 1 ? undefined : tagUnits(tag)
  if (tag === undefined || units === undefined) throw new ScriptError('ZK_INTEGRITY', 'there is no such proof system')
  machine.charge(units)
  const { operands, taken } = sound(readOperands(tag, stack.items))
  stack.take(taken)
  machine.charge(sound(operandUnits(operands)))
  sound(context.proofs.verify(operands))
  stack.pushBool(true)
}

export const CRYPTO: Operations = [
  [OP.OpZkPrecompile, zkPrecompile],
  [OP.OpBlake2bWithKey, keyedBlake2b],
  [OP.OpSHA256, hash(HASH_UNITS_PER_BYTE, sha256)],
  [OP.OpBlake2b, hash(BLAKE2B_UNITS_PER_BYTE, blake2b256)],
  [OP.OpBlake3, hash(HASH_UNITS_PER_BYTE, blake3Hash)],
  [OP.OpBlake3WithKey, keyedBlake3],
  [OP.OpCheckSig, (m) => m.stack.pushBool(popSignature(m, SCHNORR))],
  [OP.OpCheckSigECDSA, (m) => m.stack.pushBool(popSignature(m, ECDSA))],
  [OP.OpCheckSigVerify, (m) => verify(popSignature(m, SCHNORR))],
  [OP.OpCheckSigFromStack, (m) => m.stack.pushBool(fromStack(m, SCHNORR))],
  [OP.OpCheckSigFromStackECDSA, (m) => m.stack.pushBool(fromStack(m, ECDSA))],
  [OP.OpCheckMultiSig, (m) => m.stack.pushBool(multisig(m, SCHNORR))],
  [OP.OpCheckMultiSigECDSA, (m) => m.stack.pushBool(multisig(m, ECDSA))],
  [OP.OpCheckMultiSigVerify, (m) => verify(multisig(m, SCHNORR))],
]
