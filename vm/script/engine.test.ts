import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { bareSpend } from '../conformance/bare-spend.ts'
import { ecdsaSigHash, SIG_HASH, schnorrSigHash } from '../kip/sighash.ts'
import { developmentKeyOf, signDevelopment } from '../zk/development.ts'
import { toyGroth16 } from '../zk/testing/toy-groth16.ts'
import { proofVerifier } from '../zk/verify.ts'
import { assemble, scriptOf } from './assembly.ts'
import { runInput, type ScriptOutcome } from './engine.ts'
import {
  FINAL_SEQUENCE,
  LOCK_TIME_THRESHOLD,
  MAX_ELEMENT_BYTES,
  MAX_OPERATIONS,
  MAX_SCRIPT_BYTES,
  MAX_STACK_ITEMS,
  SEQUENCE_LOCK_DISABLED,
  SIG_OP_UNITS,
  STANDARD_SPK_BYTES,
  UNITS_PER_GRAM,
} from './limits.ts'
import type { ScriptContext } from './machine.ts'
import { isTrue } from './numbers.ts'
import { OP } from './opcodes.ts'
import { payToKey, payToScript } from './standard.ts'

const DEVELOPMENT_SECRET = sha256(utf8('development'))
const proofs = proofVerifier({ developmentKey: developmentKeyOf(DEVELOPMENT_SECRET) })

const contextOf = (signature: Uint8Array, script: Uint8Array, more: Partial<ScriptContext> = {}): ScriptContext => ({
  ...bareSpend(signature, script),
  unitLimit: Infinity,
  seqCommitOf: () => undefined,
  proofs,
  ...more,
})

const codeOf = (outcome: ScriptOutcome): string => (outcome.ok ? 'ok' : outcome.error.code)
const run = (signature: Uint8Array, script: Uint8Array, more: Partial<ScriptContext> = {}): string =>
  codeOf(runInput(contextOf(signature, script, more)))
const NONE = new Uint8Array(0)

describe('limits, each at its edge', () => {
  it.each([
    ['the stack', 'OpFalse '.repeat(MAX_STACK_ITEMS), 'OpFalse'],
    ['both stacks together', '1 OpToAltStack '.repeat(100) + 'OpFalse '.repeat(MAX_STACK_ITEMS - 100), 'OpFalse'],
    ['a stack that copies', '1 1 1 '.repeat((MAX_STACK_ITEMS - 1) / 3), 'Op3Dup'],
  ])('items of %s', (_, full, more) => {
    expect(run(NONE, assemble(full))).toBe('CLEAN_STACK')
    expect(run(NONE, assemble(`${full} ${more}`))).toBe('STACK_SIZE_EXCEEDED')
  })

  it('bytes of an element, however it is made', () => {
    const cat = (more: number) => {
      // A script holds less than two elements: one is doubled until it is as long as may be.
      const doubled = scriptOf(
        new Uint8Array(MAX_ELEMENT_BYTES / 16),
        ...Array.from({ length: 4 }, () => [OP.OpDup, OP.OpCat]).flat(),
      )
      return run(NONE, concatBytes(doubled, scriptOf(new Uint8Array(more), OP.OpCat, OP.OpSize, OP.OpNip)))
    }
    expect(cat(0)).toBe('ok')
    expect(cat(1)).toBe('ELEMENT_TOO_BIG')
  })

  it('bytes of a script', () => {
    const nops = (length: number) => new Uint8Array(length).fill(OP.OpNop)
    const one = scriptOf(1n)
    expect(run(one, nops(MAX_SCRIPT_BYTES))).toBe('ok')
    expect(run(one, nops(MAX_SCRIPT_BYTES + 1))).toBe('SCRIPT_SIZE')
    const push = concatBytes(Uint8Array.of(OP.OpPushData4, 0x3b, 0x42, 0x0f, 0), new Uint8Array(MAX_SCRIPT_BYTES - 5))
    expect(run(push, assemble('OpDrop 1'))).toBe('ok')
    expect(run(concatBytes(push, one), assemble('OpDrop OpDrop 1'))).toBe('SCRIPT_SIZE')
  })

  it('operations: opcodes that push nothing, and keys of a multisig', () => {
    const keys = 20
    const signature = scriptOf(0n, ...Array.from({ length: keys }, () => NONE), BigInt(keys))
    const script = (nops: number) => concatBytes(new Uint8Array(nops).fill(OP.OpNop), Uint8Array.of(OP.OpCheckMultiSig))
    expect(run(signature, script(MAX_OPERATIONS - keys - 1))).toBe('ok')
    expect(run(signature, script(MAX_OPERATIONS - keys))).toBe('TOO_MANY_OPERATIONS')
  })

  it('keys of a multisig', () => {
    const of = (keys: number) => scriptOf(0n, ...Array.from({ length: keys }, () => NONE), BigInt(keys))
    expect(run(of(20), scriptOf(OP.OpCheckMultiSig))).toBe('ok')
    expect(run(of(21), scriptOf(OP.OpCheckMultiSig))).toBe('INVALID_PUBKEY_COUNT')
    expect(run(scriptOf(1n, 0n), scriptOf(OP.OpCheckMultiSig))).toBe('INVALID_SIGNATURE_COUNT')
  })

  it.each([
    ['what is pushed', '7', 'OpDup OpCat OpSize OpNip', 1 + 2 + 1],
    ['what is hashed', "'abc'", 'OpSHA256 OpDrop 1', 3 + 32],
    ['BLAKE2b, twice', "'abc'", 'OpBlake2b OpDrop 1', 6 + 32],
    ['keyed BLAKE2b', "'abc' 'key'", 'OpBlake2bWithKey OpDrop 1', 1_012 + 32],
    ['keyed BLAKE3', `'abc' 0x20 0x${'11'.repeat(32)}`, 'OpBlake3WithKey OpDrop 1', 1_012 + 32],
    ['a long script', '', `${'OpNop '.repeat(STANDARD_SPK_BYTES)} 1`, UNITS_PER_GRAM],
    ['literals and moves, nothing', '1 2 3', 'OpRot OpDrop OpDrop OpDrop 5', 0],
  ])('units of %s, to the last one', (_, signature, script, units) => {
    const of = (unitLimit: number) => runInput(contextOf(assemble(signature), assemble(script), { unitLimit }))
    expect(of(Infinity)).toMatchObject({ ok: true, unitsUsed: units })
    expect(codeOf(of(units))).toBe('ok')
    if (units > 0) expect(codeOf(of(units - 1))).toBe('SCRIPT_UNITS_EXCEEDED')
  })
})

it('a look that leaves an item where it is costs the same the second time', () => {
  let reads = 0
  const counted = new Proxy(new Uint8Array(100), {
    get: (target, key) => {
      if (key === '50') reads++
      return Reflect.get(target, key) as unknown
    },
  })
  for (let i = 0; i < 9; i++) expect(isTrue(counted)).toBe(false)
  expect(reads).toBe(1)
})

describe('pay to a script’s hash', () => {
  const redeem = assemble('5 OpEqual')
  const { script } = payToScript(redeem)

  it('runs the script that has the hash, on what stands before it', () => {
    expect(run(scriptOf(5n, redeem), script)).toBe('ok')
    expect(run(scriptOf(6n, redeem), script)).toBe('EVAL_FALSE')
    expect(run(scriptOf(5n, assemble('5 OpEqual OpNop')), script)).toBe('EVAL_FALSE')
    expect(run(scriptOf(redeem), script)).toBe('INVALID_STACK_OPERATION')
    expect(run(concatBytes(assemble('5 OpNop'), scriptOf(redeem)), script)).toBe('SIGNATURE_SCRIPT_NOT_PUSH_ONLY')
  })

  it('says where in the redeem script it stopped', () => {
    const failing = assemble('OpNop OpReturn')
    const outcome = runInput(contextOf(scriptOf(1n, failing), payToScript(failing).script))
    expect(outcome).toMatchObject({ error: { code: 'EARLY_RETURN', at: { script: 'redeem', offset: 1 } } })
  })
})

const secretOf = (n: number) => sha256(Uint8Array.of(n))
const xOnly = (n: number) => schnorr.getPublicKey(secretOf(n))
const NO_AUX = new Uint8Array(32)

/** A signature script for what it signs, which the signature does not cover. */
function signed(script: Uint8Array, secret: number, type: number, isEcdsa = false): Uint8Array {
  const { transaction, utxos } = bareSpend(NONE, script)
  const hash = schnorrSigHash(transaction, utxos[0]!, 0, type)
  const signature = isEcdsa
    ? secp256k1.sign(ecdsaSigHash(hash), secretOf(secret), { prehash: false, lowS: true })
    : schnorr.sign(hash, secretOf(secret), NO_AUX)
  return concatBytes(signature, Uint8Array.of(type))
}

describe('signatures', () => {
  const { script } = payToKey(xOnly(1))
  const ecdsa = scriptOf(secp256k1.getPublicKey(secretOf(1), true), OP.OpCheckSigECDSA)

  it('hold for their key, transaction and hash type alone, at a price', () => {
    const good = signed(script, 1, SIG_HASH.all)
    const outcome = runInput(contextOf(scriptOf(good), script))
    expect(outcome).toMatchObject({ ok: true, unitsUsed: SIG_OP_UNITS + 1 })
    expect(run(scriptOf(signed(script, 2, SIG_HASH.all)), script)).toBe('EVAL_FALSE')
    expect(run(scriptOf(concatBytes(good.subarray(0, 64), Uint8Array.of(SIG_HASH.none))), script)).toBe('EVAL_FALSE')
    expect(run(scriptOf(concatBytes(good.subarray(0, 64), Uint8Array.of(3))), script)).toBe('INVALID_SIG_HASH_TYPE')
    expect(run(scriptOf(good.subarray(1)), script)).toBe('INVALID_SIGNATURE')
    expect(run(scriptOf(NONE), script)).toBe('EVAL_FALSE')
    const { transaction } = bareSpend(scriptOf(good), script)
    expect(run(NONE, script, { transaction: { ...transaction, lockTime: 1n } })).toBe('EVAL_FALSE')
  })

  it('of several hash types may stand in one script', () => {
    const two = scriptOf(xOnly(1), OP.OpCheckSigVerify, xOnly(1), OP.OpCheckSig)
    const given = [SIG_HASH.all, SIG_HASH.none].map((type) => signed(two, 1, type))
    expect(run(scriptOf(...given), two)).toBe('ok')
    expect(run(scriptOf(...given.toReversed()), two)).toBe('ok')
  })

  it('ECDSA ones too, under compressed keys', () => {
    const good = signed(ecdsa, 1, SIG_HASH.all, true)
    expect(run(scriptOf(good), ecdsa)).toBe('ok')
    expect(run(scriptOf(signed(ecdsa, 2, SIG_HASH.all, true)), ecdsa)).toBe('EVAL_FALSE')
    expect(run(scriptOf(good), scriptOf(xOnly(1), OP.OpCheckSigECDSA))).toBe('PUBKEY_FORMAT')
  })

  it('two of three: in the order of their keys, every one of them, or all empty', () => {
    const multisig = scriptOf(2n, xOnly(1), xOnly(2), xOnly(3), 3n, OP.OpCheckMultiSig)
    const of = (...signers: readonly number[]) =>
      run(
        scriptOf(...signers.map((signer) => (signer === 0 ? NONE : signed(multisig, signer, SIG_HASH.all)))),
        multisig,
      )
    expect([of(1, 2), of(1, 3), of(2, 3)]).toEqual(['ok', 'ok', 'ok'])
    expect([of(2, 1), of(1, 1), of(1, 4)]).toEqual(['NULL_FAIL', 'NULL_FAIL', 'NULL_FAIL'])
    expect([of(0, 0), of(1)]).toEqual(['EVAL_FALSE', 'INVALID_STACK_OPERATION'])
  })

  it('from the stack: of a digest that the script is given', () => {
    const digest = sha256(utf8('an oracle says so'))
    const stack = (signer: number) => scriptOf(schnorr.sign(digest, secretOf(signer), NO_AUX), digest, xOnly(1))
    expect(run(stack(1), scriptOf(OP.OpCheckSigFromStack))).toBe('ok')
    expect(run(stack(2), scriptOf(OP.OpCheckSigFromStack))).toBe('EVAL_FALSE')
    const short = scriptOf(new Uint8Array(64), digest.subarray(1), xOnly(1))
    expect(run(short, scriptOf(OP.OpCheckSigFromStack))).toBe('INVALID_STATE')
    const key = secp256k1.getPublicKey(secretOf(1), true)
    const signature = secp256k1.sign(digest, secretOf(1), { prehash: false, lowS: true })
    expect(run(scriptOf(signature, digest, key), scriptOf(OP.OpCheckSigFromStackECDSA))).toBe('ok')
  })
})

describe('lock times', () => {
  const at = (script: string, lockTime: bigint, sequence: bigint): string => {
    const { transaction } = bareSpend(NONE, assemble(script))
    const inputs = transaction.inputs.map((input) => ({ ...input, sequence }))
    return run(NONE, assemble(script), { transaction: { ...transaction, lockTime, inputs } })
  }
  const time = LOCK_TIME_THRESHOLD + 5n
  const NOT = 'UNSATISFIED_LOCK_TIME'

  it.each([
    ['100', 100n, 0n, 'ok'],
    ['100', 99n, 0n, NOT],
    ['100', 100n, FINAL_SEQUENCE, NOT],
    ['100', time, 0n, NOT],
    [`${time}`, time, 0n, 'ok'],
    [`${time}`, 100n, 0n, NOT],
    ['0x09000000000000000001', 100n, 0n, 'NUMBER_TOO_BIG'],
  ])('absolute %s at %i, sequence %i: %s', (wanted, lockTime, sequence, expected) => {
    expect(at(`${wanted} OpCheckLockTimeVerify 1`, lockTime, sequence)).toBe(expected)
  })

  it.each([
    ['10', 10n, 'ok'],
    ['10', 9n, NOT],
    ['10', SEQUENCE_LOCK_DISABLED + 10n, NOT],
    ['0x080000000000000080', 0n, 'ok'],
  ])('relative %s under sequence %i: %s', (wanted, sequence, expected) => {
    expect(at(`${wanted} OpCheckSequenceVerify 1`, 0n, sequence)).toBe(expected)
  })
})

describe('OpZkPrecompile', () => {
  const { key, proof, inputs } = toyGroth16(2).prove([3n, 5n])
  const script = scriptOf(key, Uint8Array.of(0x20), OP.OpZkPrecompile)
  const spend = (changed: Uint8Array, count = 2n) => scriptOf(...inputs.toReversed(), count, changed)

  it('a Groth16 proof unlocks, at the price of its tag and inputs; another does not', () => {
    const outcome = runInput(contextOf(spend(proof), script))
    const spk = (script.length - STANDARD_SPK_BYTES) * UNITS_PER_GRAM
    expect(outcome).toMatchObject({ ok: true, unitsUsed: 14_000_000 + 3 * 250_000 + 1 + spk })
    expect(run(spend(toyGroth16(2).prove([3n, 6n]).proof), script)).toBe('ZK_INTEGRITY')
    expect(run(spend(proof, 1n), script)).toBe('ZK_INTEGRITY')
    const limited = runInput(contextOf(spend(proof), script, { unitLimit: 14_000_000 }))
    expect(codeOf(limited)).toBe('SCRIPT_UNITS_EXCEEDED')
  })

  it('the development key signs for image and journal', () => {
    const [image, journal] = [sha256(utf8('image')), sha256(utf8('journal'))]
    const signature = signDevelopment(image, journal, DEVELOPMENT_SECRET)
    const settled = scriptOf(Uint8Array.of(0xdf), OP.OpZkPrecompile)
    const of = (...stack: readonly Uint8Array[]) => run(scriptOf(...stack), settled)
    expect(of(signature, journal, image)).toBe('ok')
    expect(of(signature, image, journal)).toBe('ZK_INTEGRITY')
    expect(of(signature, journal, sha256(image))).toBe('ZK_INTEGRITY')
    expect(of(signature.subarray(1), journal, image)).toBe('ZK_INTEGRITY')
  })

  it('other tags and missing operands are typed', () => {
    expect(run(NONE, scriptOf(Uint8Array.of(0x22), OP.OpZkPrecompile))).toBe('ZK_INTEGRITY')
    expect(run(NONE, scriptOf(Uint8Array.of(0x20), OP.OpZkPrecompile))).toBe('ZK_INTEGRITY')
    expect(run(NONE, scriptOf(OP.OpZkPrecompile))).toBe('INVALID_STACK_OPERATION')
  })
})

it('the trace follows the run: scripts in turn, untaken branches left out, the stack as it was before', () => {
  const redeem = assemble('OpIf 7 OpElse 8 OpEndIf')
  const steps: string[] = []
  const outcome = runInput(
    contextOf(scriptOf(0n, redeem), payToScript(redeem).script, {
      trace: ({ script, offset, stack, altStack }) =>
        steps.push(`${script} ${offset} ${stack.length}/${altStack.length}`),
    }),
  )
  expect(codeOf(outcome)).toBe('ok')
  expect(steps).toEqual([
    'signature 0 0/0',
    'signature 1 1/0',
    'public key 0 2/0',
    'public key 1 2/0',
    'public key 34 3/0',
    'redeem 0 1/0',
    'redeem 2 0/0',
    'redeem 3 0/0',
    'redeem 4 1/0',
  ])
})
