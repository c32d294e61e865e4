/** Random scripts over random transactions: a verdict or a typed error, within the limits, and the same again. */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { concatBytes, utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { SIG_HASH } from '../kip/sighash.ts'
import type { KipTransaction, UtxoEntry } from '../kip/types.ts'
import { proofVerifier } from '../zk/verify.ts'
import { pushBytes, pushNumber } from './assembly.ts'
import { covenantContext } from './covenants.ts'
import { runInput } from './engine.ts'
import { MAX_ELEMENT_BYTES, MAX_STACK_ITEMS } from './limits.ts'
import type { ScriptContext } from './machine.ts'
import { OP } from './opcodes.ts'
import { payToScript } from './standard.ts'

const COVENANTS = [1, 2].map((n) => sha256(Uint8Array.of(n)))
const BLOCK = sha256(utf8('block'))
const KEY = sha256(utf8('key'))
const SECRET = sha256(utf8('secret'))
const KEYS = [schnorr.getPublicKey(SECRET), secp256k1.getPublicKey(SECRET, true)]
const SIGNATURES = [schnorr.sign(KEY, SECRET, KEY), secp256k1.sign(KEY, SECRET, { prehash: false })]
/** With a hash type; of this digest, so a good one only where the digest is on the stack. */
const TYPED = SIGNATURES.map((signature) => concatBytes(signature, Uint8Array.of(SIG_HASH.all)))
const OPCODES = Object.values(OP)
const INTROSPECTION = OPCODES.filter((code) => code >= OP.OpTxVersion)
/** They take few operands that are easy to meet, so that scripts live long. */
const PLAIN = OPCODES.filter((code) => code >= OP.OpToAltStack && code <= OP.OpWithin)

const bytesOf = fc.oneof(
  fc.constantFrom(...COVENANTS, BLOCK, KEY, Uint8Array.of(0x20), Uint8Array.of(0xdf), new Uint8Array(64)),
  fc.constantFrom(...KEYS, ...SIGNATURES, ...TYPED),
  fc.uint8Array({ maxLength: 80 }),
)
const numberOf = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 3n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }) },
)
const push = fc.oneof(numberOf.map(pushNumber), bytesOf.map(pushBytes))
const opcode = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PLAIN) },
  { weight: 4, arbitrary: fc.constantFrom(...INTROSPECTION) },
  { weight: 1, arbitrary: fc.constantFrom(...OPCODES) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
)
/** Signatures of either scheme under what may be their keys, well formed for the most part. */
const signatureCheck = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(new Uint8Array(0), ...TYPED),
      fc.constantFrom(...KEYS),
      fc.constantFrom(OP.OpCheckSig, OP.OpCheckSigECDSA),
    )
    .map(([signature, key, code]) => concatBytes(pushBytes(signature), pushBytes(key), Uint8Array.of(code))),
  fc
    .tuple(fc.nat(1), bytesOf, fc.boolean())
    .map(([scheme, digest, isGood]) =>
      concatBytes(
        pushBytes(SIGNATURES[scheme]!),
        pushBytes(isGood ? KEY : digest),
        pushBytes(KEYS[scheme]!),
        Uint8Array.of([OP.OpCheckSigFromStack, OP.OpCheckSigFromStackECDSA][scheme]!),
      ),
    ),
  fc
    .record({
      signatures: fc.array(fc.constantFrom(new Uint8Array(0), ...TYPED), { maxLength: 3 }),
      keys: fc.array(fc.constantFrom(...KEYS), { maxLength: 4 }),
      code: fc.constantFrom(OP.OpCheckMultiSig, OP.OpCheckMultiSigECDSA),
    })
    .map(({ signatures, keys, code }) =>
      concatBytes(
        ...signatures.map(pushBytes),
        pushNumber(BigInt(signatures.length)),
        ...keys.map(pushBytes),
        pushNumber(BigInt(keys.length)),
        Uint8Array.of(code),
      ),
    ),
)
/** An opcode with some of what it may take. */
const step = fc
  .tuple(fc.array(push, { maxLength: 3 }), opcode)
  .map(([pushes, code]) => concatBytes(...pushes, Uint8Array.of(code)))
const { body } = fc.letrec<{ body: Uint8Array }>((tie) => ({
  body: fc
    .array(
      fc.oneof(
        { maxDepth: 3 },
        step,
        push,
        signatureCheck,
        fc
          .tuple(fc.boolean(), tie('body'), tie('body'))
          .map(([isTaken, left, right]) =>
            concatBytes(
              pushNumber(isTaken ? 1n : 0n),
              Uint8Array.of(OP.OpIf),
              left,
              Uint8Array.of(OP.OpElse),
              right,
              Uint8Array.of(OP.OpEndIf),
            ),
          ),
      ),
      { maxLength: 10 },
    )
    .map((parts) => concatBytes(...parts)),
}))

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const amount = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })
const covenant = fc.option(fc.nat(1), { nil: undefined })

const context = fc
  .record({
    signature: fc.array(push, { maxLength: 5 }).map((pushes) => concatBytes(...pushes)),
    script: body,
    isHashed: fc.boolean(),
    inputs: fc.array(fc.record({ sequence: u64, amount, daaScore: u64, isCoinbase: fc.boolean(), covenant }), {
      minLength: 1,
      maxLength: 3,
    }),
    outputs: fc.array(fc.record({ value: amount, continues: fc.option(fc.nat(2), { nil: undefined }) }), {
      maxLength: 3,
    }),
    inputIndex: fc.nat(2),
    version: fc.nat(2),
    lockTime: u64,
    gas: u64,
    payload: fc.uint8Array({ maxLength: 40 }),
    unitLimit: fc.constantFrom(0, 10, 1_000, 20_000_000),
  })
  .map(({ signature, script, isHashed, inputs, outputs, inputIndex, unitLimit, version, lockTime, gas, payload }) => {
    const spk = isHashed ? payToScript(script) : { version: 0, script }
    const utxos: UtxoEntry[] = inputs.map(({ covenant: of, amount: held, daaScore, isCoinbase }) => ({
      amount: held,
      spk,
      daaScore,
      isCoinbase,
      ...(of === undefined ? {} : { covenantId: COVENANTS[of]! }),
    }))
    const transaction: KipTransaction = {
      version,
      inputs: inputs.map(({ sequence }, index) => ({
        outpoint: { txId: BLOCK, index },
        signatureScript: isHashed ? concatBytes(signature, pushBytes(script)) : signature,
        sequence,
      })),
      outputs: outputs.map(({ value, continues }) => {
        const covenantId = continues === undefined ? undefined : utxos[continues]?.covenantId
        const binding = covenantId === undefined ? {} : { binding: { authorizingInput: continues!, covenantId } }
        return { value, spk, ...binding }
      }),
      lockTime,
      subnetworkId: new Uint8Array(20),
      gas,
      payload,
    }
    const covenants = covenantContext(transaction, utxos)
    if (!covenants.ok) throw new Error(covenants.error.message)
    return {
      transaction,
      utxos,
      inputIndex: inputIndex % inputs.length,
      covenants: covenants.value,
      unitLimit,
      seqCommitOf: (hash: Uint8Array) => (hash[0] === BLOCK[0] ? KEY : undefined),
      proofs: proofVerifier(),
    } satisfies ScriptContext
  })

it('ends in a verdict or a typed error, within its limits, and the same again', () => {
  const codes = new Map<string, number>()
  const executed = new Set<number>()
  fc.assert(
    fc.property(context, (given) => {
      let units = 0
      const { signatureScript } = given.transaction.inputs[given.inputIndex]!
      const literals = signatureScript.length + given.utxos[given.inputIndex]!.spk.script.length
      const trace: NonNullable<ScriptContext['trace']> = ({ opcode: code, stack, altStack, unitsUsed }) => {
        executed.add(code)
        if (stack.length + altStack.length > MAX_STACK_ITEMS) throw new Error('a stack above its limit')
        if (stack.some(({ length }) => length > MAX_ELEMENT_BYTES)) throw new Error('an element above its limit')
        const held = [...stack, ...altStack].reduce((bytes, { length }) => bytes + length, 0)
        if (held > unitsUsed + literals) throw new Error('bytes that nobody paid for')
        if (unitsUsed < units || unitsUsed > given.unitLimit) throw new Error('units run backwards or over')
        units = unitsUsed
      }
      const outcome = runInput({ ...given, trace })
      expect(outcome.unitsUsed).toBeLessThanOrEqual(given.unitLimit)
      expect(runInput(given)).toEqual(outcome)
      const code = outcome.ok ? 'ok' : outcome.error.code
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }),
    { numRuns: 1_500 },
  )
  // Otherwise the scripts die too early to say anything.
  expect(codes.get('ok') ?? 0).toBeGreaterThan(5)
  expect(codes.size).toBeGreaterThan(12)
  expect(executed.size).toBeGreaterThan(100)
})

it('any bytes are a script', () => {
  fc.assert(
    fc.property(context, fc.uint8Array({ maxLength: 200 }), (given, script) => {
      const utxos = given.utxos.map((utxo) => ({ ...utxo, spk: { version: 0, script } }))
      expect(runInput({ ...given, utxos }).unitsUsed).toBeLessThanOrEqual(given.unitLimit)
    }),
    { numRuns: 500 },
  )
})
