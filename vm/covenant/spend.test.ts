import { schnorr } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, hexKey, ZERO_HASH } from '../../core/bytes.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { covenantId } from '../kip/covenant-id.ts'
import { transactionId } from '../kip/hashing.ts'
import { SIG_HASH, schnorrSigHash } from '../kip/sighash.ts'
import type { KipOutput, Outpoint } from '../kip/types.ts'
import { scriptOf } from '../script/assembly.ts'
import { FINAL_SEQUENCE, LOCK_TIME_THRESHOLD, SEQUENCE_LOCK_DISABLED } from '../script/limits.ts'
import { OP } from '../script/opcodes.ts'
import { payToKey, payToScript } from '../script/standard.ts'
import { accountOf, setAccount } from '../state/account.ts'
import { proofVerifier } from '../zk/verify.ts'
import { type SpendContext, spend } from './spend.ts'
import { covenants, outputs, WEI_PER_GRAIN } from './tables.ts'
import { MoneyStateForTests } from './testing/money-state.ts'
import { type CovenantBody, MAX_GRAINS } from './types.ts'
import { accountUtxo, kipTransaction } from './view.ts'

const SENDER = new Uint8Array(20).fill(7)
const ANYONE = { version: 0, script: scriptOf(OP.OpTrue) }
const NOBODY = { version: 0, script: scriptOf(OP.OpFalse) }
const HEIGHT = 100

const body = (over: Partial<CovenantBody>): CovenantBody => ({
  laneId: undefined,
  payload: new Uint8Array(0),
  lockTime: 0n,
  inputs: [],
  outputs: [],
  ...over,
})

const input = (outpoint: Outpoint, signatureScript: Uint8Array = new Uint8Array(0), sequence = FINAL_SEQUENCE) => ({
  outpoint,
  signatureScript,
  sequence,
})

const output = (value: bigint, spk = ANYONE, binding?: KipOutput['binding']): KipOutput => ({
  value,
  spk,
  ...(binding === undefined ? {} : { binding }),
})

/** A state in which the sender has 1,000 CPC, and one transaction after another. */
function bench() {
  const money = new MoneyStateForTests()
  setAccount(money.view, SENDER, { nonce: 0, balance: 1_000n * WEI_PER_CPC })
  money.settleGenesis()
  let nonce = 0
  const context = (over: Partial<SpendContext> = {}): SpendContext => ({
    state: money.view,
    sender: SENDER,
    nonce,
    height: HEIGHT,
    timestampMs: 1_700_000_000_000,
    gramLimit: 10_000,
    reservedWei: 0n,
    seqCommitOf: () => undefined,
    proofs: proofVerifier(),
    ...over,
  })
  return {
    money,
    context,
    run(given: Partial<CovenantBody>, over: Partial<SpendContext> = {}) {
      const writes = money.view.writes
      const outcome = spend(body(given), context(over))
      // A failure has changed nothing.
      if (outcome.failure !== undefined) expect(money.view.writes).toBe(writes)
      else money.settle()
      nonce++
      const txId = transactionId(outcome.transaction)
      return { ...outcome, code: outcome.failure?.code ?? 'ok', at: (index: number): Outpoint => ({ txId, index }) }
    },
    balance: () => accountOf(money.view, SENDER).balance,
    output: (outpoint: Outpoint) => money.view.get(outputs, outpoint),
  }
}

describe('value between accounts and outputs', () => {
  it('goes into an output and back, in whole grains', () => {
    const b = bench()
    const before = b.balance()
    const made = b.run({ outputs: [output(5n), output(7n)] })
    expect(made.code).toBe('ok')
    expect(b.balance()).toBe(before - 12n * WEI_PER_GRAIN)
    expect(b.output(made.at(1))).toMatchObject({ grains: 7n, height: HEIGHT, covenantId: undefined })
    expect(b.run({ inputs: [input(made.at(0)), input(made.at(1))], outputs: [output(2n)] }).code).toBe('ok')
    expect(b.balance()).toBe(before - 2n * WEI_PER_GRAIN)
    expect(b.output(made.at(0))).toBeUndefined()
  })

  it('is refused beyond what the account can give beside its fees', () => {
    const b = bench()
    const all = b.balance() / WEI_PER_GRAIN
    expect(b.run({ outputs: [output(all + 1n)] }).code).toBe('INSUFFICIENT_BALANCE')
    expect(b.run({ outputs: [output(all)] }, { reservedWei: 1n }).code).toBe('INSUFFICIENT_BALANCE')
    expect(b.run({ outputs: [output(all)] }).code).toBe('ok')
  })

  it('is refused where outputs sum up to more than a number holds', () => {
    expect(bench().run({ outputs: [output(MAX_GRAINS), output(1n)] }).code).toBe('GRAINS_OVERFLOW')
  })

  it('is spent once', () => {
    const b = bench()
    const made = b.run({ outputs: [output(5n)] })
    expect(b.run({ inputs: [input(made.at(0)), input(made.at(0))] }).code).toBe('OUTPUT_SPENT_TWICE')
    expect(b.run({ inputs: [input(made.at(0))] }).code).toBe('ok')
    expect(b.run({ inputs: [input(made.at(0))] }).code).toBe('OUTPUT_UNKNOWN')
  })

  it('two equal transactions have two ids, for their nonces differ', () => {
    const b = bench()
    const [one, other] = [b.run({ outputs: [output(5n)] }), b.run({ outputs: [output(5n)] })]
    expect(hexKey(one.at(0).txId)).not.toBe(hexKey(other.at(0).txId))
  })
})

describe('scripts', () => {
  it('keep what they do not unlock, and are paid for all the same', () => {
    const b = bench()
    const slow = { version: 0, script: scriptOf(...Array(100).fill(OP.OpDup), OP.OpFalse, OP.OpVerify) }
    const made = b.run({ outputs: [output(5n, NOBODY), output(5n, slow)] })
    expect(b.run({ inputs: [input(made.at(0))] })).toMatchObject({ code: 'SCRIPT_FAILED', gramUsed: 0 })
    const paid = b.run({ inputs: [input(made.at(1), scriptOf(new Uint8Array(75)))] })
    expect(paid).toMatchObject({ code: 'SCRIPT_FAILED' })
    // A gram for each byte of script beyond 35, and a unit for each byte copied.
    expect(paid.gramUsed).toBe(102 - 35 + 75)
  })

  it('use no more gram than is left', () => {
    const b = bench()
    const made = b.run({ outputs: [output(5n, { version: 0, script: scriptOf(...Array(36).fill(OP.OpTrue)) })] })
    expect(b.run({ inputs: [input(made.at(0))] }, { gramLimit: 0 })).toMatchObject({
      code: 'GRAM_EXCEEDED',
      gramUsed: 0,
    })
  })

  it('a signature binds every output, and the account input', () => {
    const b = bench()
    const secret = new Uint8Array(32).fill(9)
    const made = b.run({ outputs: [output(5n, payToKey(schnorr.getPublicKey(secret)))] })
    const spk = payToKey(schnorr.getPublicKey(secret))
    const utxo = { amount: 5n, spk, daaScore: BigInt(HEIGHT), isCoinbase: false }
    const signed = (given: CovenantBody, nonce: number): CovenantBody => {
      const digest = schnorrSigHash(kipTransaction(given, SENDER, nonce), utxo, 0, SIG_HASH.all)
      const signature = concatBytes(schnorr.sign(digest, secret), Uint8Array.of(SIG_HASH.all))
      return { ...given, inputs: [input(made.at(0), scriptOf(signature))] }
    }
    const given = body({ inputs: [input(made.at(0))], outputs: [output(4n)] })
    expect(b.run({ ...signed(given, 1), outputs: [output(5n)] }).code).toBe('SCRIPT_FAILED')
    // Nonce 1 is gone.
    expect(b.run(signed(given, 1)).code).toBe('SCRIPT_FAILED')
    expect(b.run(signed(given, 3)).code).toBe('ok')
  })

  it('see the account input after the others, with what it adds', () => {
    const b = bench()
    const script = scriptOf(OP.OpTxInputCount, 2n, OP.OpNumEqualVerify, 1n, OP.OpTxInputAmount, 3n, OP.OpNumEqual)
    const made = b.run({ outputs: [output(5n, { version: 0, script })] })
    expect(b.run({ inputs: [input(made.at(0))], outputs: [output(7n)] }).code).toBe('SCRIPT_FAILED')
    expect(b.run({ inputs: [input(made.at(0))], outputs: [output(8n)] }).code).toBe('ok')
    expect(accountUtxo(3n, 1)).toMatchObject({ amount: 3n })
  })
})

describe('locks', () => {
  it.each([
    ['a height to come', BigInt(HEIGHT), 0n, 'TRANSACTION_LOCKED'],
    ['a height that has passed', BigInt(HEIGHT - 1), 0n, 'ok'],
    ['a time to come', LOCK_TIME_THRESHOLD * 10n, 0n, 'TRANSACTION_LOCKED'],
    ['a time that has passed', LOCK_TIME_THRESHOLD, 0n, 'ok'],
    ['a height to come, where inputs are final', BigInt(HEIGHT), FINAL_SEQUENCE, 'ok'],
  ])('%s', (_, lockTime, sequence, code) => {
    const b = bench()
    const made = b.run({ outputs: [output(5n)] })
    expect(b.run({ inputs: [input(made.at(0), undefined, sequence)], lockTime }).code).toBe(code)
  })

  it.each([
    [0n, HEIGHT, 'ok'],
    [10n, HEIGHT + 9, 'OUTPUT_LOCKED'],
    [10n, HEIGHT + 10, 'ok'],
    [10n | SEQUENCE_LOCK_DISABLED, HEIGHT, 'ok'],
  ])('an input of sequence %s at height %s', (sequence, height, code) => {
    const b = bench()
    const made = b.run({ outputs: [output(5n)] })
    expect(b.run({ inputs: [input(made.at(0), undefined, sequence)] }, { height }).code).toBe(code)
  })
})

describe('covenants', () => {
  /** Begins one with an output of 5 grains, bound to the account input. */
  function begun() {
    const b = bench()
    const free = b.run({ outputs: [output(5n)] })
    const id = covenantId(free.at(0), [[0, output(5n)]])
    const genesis = b.run({
      inputs: [input(free.at(0))],
      outputs: [output(5n, ANYONE, { authorizingInput: 0, covenantId: id })],
    })
    expect(genesis.code).toBe('ok')
    return { ...b, id, first: genesis.at(0) }
  }

  it('begin with an id that commits to the outpoint and the outputs', () => {
    const { money, id, first } = begun()
    expect(money.view.get(outputs, first)!.covenantId).toEqual(id)
    expect(money.view.get(covenants, id)).toMatchObject({ liveOutputs: 1, genesisHeight: HEIGHT, newest: first })
  })

  it('begin with no other id', () => {
    const b = bench()
    const free = b.run({ outputs: [output(5n)] })
    const binding = { authorizingInput: 0, covenantId: ZERO_HASH }
    const forged = { inputs: [input(free.at(0))], outputs: [output(5n, ANYONE, binding)] }
    expect(b.run(forged).code).toBe('COVENANT_GENESIS_ID')
    const nowhere = { ...forged, outputs: [output(5n, ANYONE, { ...binding, authorizingInput: 2 })] }
    expect(b.run(nowhere).code).toBe('COVENANT_AUTHORIZING_INPUT')
  })

  it('go on, split, and end', () => {
    const { run, money, id, first } = begun()
    const bound = { authorizingInput: 0, covenantId: id }
    const split = run({ inputs: [input(first)], outputs: [output(2n, ANYONE, bound), output(3n, ANYONE, bound)] })
    expect(split.code).toBe('ok')
    expect(money.view.get(covenants, id)).toMatchObject({ liveOutputs: 2, newest: split.at(1) })
    const free = run({ outputs: [output(5n)] })
    const stolen = { inputs: [input(free.at(0))], outputs: [output(5n, ANYONE, bound)] }
    expect(run(stolen).code).toBe('COVENANT_GENESIS_ID')
    expect(run({ inputs: [input(split.at(0)), input(split.at(1))] }).code).toBe('ok')
    expect(money.view.get(covenants, id)).toMatchObject({ liveOutputs: 0 })
  })

  it('a script holds its output to its own kind', () => {
    const b = bench()
    // One output goes on, with the covenant's script and value.
    const redeem = scriptOf(
      ...[OP.OpTxInputIndex, OP.OpAuthOutputCount, 1n, OP.OpNumEqualVerify],
      ...[OP.OpTxInputIndex, 0n, OP.OpAuthOutputIdx, OP.OpDup, OP.OpTxOutputSpk],
      ...[OP.OpTxInputIndex, OP.OpTxInputSpk, OP.OpEqualVerify],
      ...[OP.OpTxOutputAmount, OP.OpTxInputIndex, OP.OpTxInputAmount, OP.OpGreaterThanOrEqual],
    )
    const spk = payToScript(redeem)
    const free = b.run({ outputs: [output(5n)] })
    const id = covenantId(free.at(0), [[0, output(5n, spk)]])
    const binding = { authorizingInput: 0, covenantId: id }
    const genesis = b.run({ inputs: [input(free.at(0))], outputs: [output(5n, spk, binding)] })
    const from = [input(genesis.at(0), scriptOf(redeem))]
    expect(b.run({ inputs: from, outputs: [output(4n, spk, binding)] }).code).toBe('SCRIPT_FAILED')
    expect(b.run({ inputs: from, outputs: [output(5n, ANYONE, binding)] }).code).toBe('SCRIPT_FAILED')
    expect(b.run({ inputs: from, outputs: [output(5n, spk)] }).code).toBe('SCRIPT_FAILED')
    expect(b.run({ inputs: from, outputs: [output(6n, spk, binding)] }).code).toBe('ok')
  })
})

it('no traffic makes or loses a wei', () => {
  const choice = fc.record({
    spends: fc.array(fc.nat(30), { maxLength: 3 }),
    makes: fc.array(fc.bigInt({ min: 1n, max: 50n * 10n ** 8n }), { maxLength: 3 }),
    isBound: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(choice, { maxLength: 25 }), (traffic) => {
      const b = bench()
      const total = b.balance()
      const open: Outpoint[] = []
      for (const { spends, makes, isBound } of traffic) {
        const inputs = spends.flatMap((n) => (open.length === 0 ? [] : [input(open[n % open.length]!)]))
        const plain = makes.map((value) => output(value))
        const id =
          inputs.length === 0
            ? undefined
            : covenantId(
                inputs[0]!.outpoint,
                plain.map((o, i) => [i, o]),
              )
        const bind = isBound && id !== undefined
        const made = b.run({
          inputs,
          outputs: bind ? plain.map((o) => ({ ...o, binding: { authorizingInput: 0, covenantId: id } })) : plain,
        })
        if (made.code !== 'ok') continue
        for (const { outpoint } of inputs) open.splice(open.indexOf(outpoint), 1)
        for (const i of makes.keys()) open.push(made.at(i))
      }
      const held = open.reduce((sum, outpoint) => sum + b.output(outpoint)!.grains, 0n)
      expect(b.balance() + held * WEI_PER_GRAIN).toBe(total)
    }),
    { numRuns: 60 },
  )
})
