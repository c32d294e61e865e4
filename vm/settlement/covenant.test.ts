import { bn254 } from '@noble/curves/bn254.js'
import { describe, expect, it } from 'vitest'
import { bytesToBigInt, concatBytes, ZERO_HASH } from '../../core/bytes.ts'
import type { CovenantBody } from '../covenant/types.ts'
import { payToScript } from '../script/standard.ts'
import { signDevelopment } from '../zk/development.ts'
import { ZkError } from '../zk/errors.ts'
import { encodeField } from '../zk/groth16/compress.ts'
import { claimDigest, claimInputs } from '../zk/risc0/claim.ts'
import type { SuccinctOperands } from '../zk/risc0/receipt.ts'
import { toyGroth16 } from '../zk/testing/toy-groth16.ts'
import { proofVerifier } from '../zk/verify.ts'
import { covenantBody, covenantScript, decodeCovenantScript, PERMISSION_GRAINS, type ProofSystem } from './covenant.ts'
import { developmentSettlement } from './development.ts'
import { journalDigest, type SettlementJournal } from './journal.ts'
import { permissionHash } from './permission.ts'
import { decodeSettlement, encodeSettlement } from './signature-script.ts'
import { BLOCK, covenantBench, DEVELOPMENT_SECRET, hashOf, journalFrom, START, VALUE } from './testing/bench.ts'
import { deployment, permissionOf, type Settlement, settlement } from './transactions.ts'

const { Fr } = bn254.fields

/** Of a field element, 32 bytes little endian; undefined where it has none. */
function squareRoot(input: Uint8Array): bigint | undefined {
  const value = bytesToBigInt(input.toReversed())
  if (value === 0n || Fr.pow(value, (Fr.ORDER - 1n) / 2n) !== 1n) return undefined
  return Fr.sqrt(value)
}

const HOLDER = concatBytes(Uint8Array.of(32), hashOf(41), Uint8Array.of(0xac))
const BUNDLE = permissionOf([{ script: HOLDER, amount: 5n }])

describe('the standard covenant', () => {
  it('goes from state to state, five times', () => {
    const b = covenantBench()
    expect(b.genesisCode).toBe('ok')
    let covenant = b.covenant
    for (let i = 0; i < 5; i++) {
      const { program: own, ...state } = decodeCovenantScript(covenant.redeem)
      const next = { laneTip: hashOf(100 + i), state: hashOf(200 + i), laneKey: START.laneKey }
      const journal = journalFrom(covenant.covenantId, state, { newState: next.state, newLaneTip: next.laneTip })
      const body = developmentSettlement({ covenant, journal, block: BLOCK }, DEVELOPMENT_SECRET)
      const made = b.run(body)
      expect(made.code).toBe('ok')
      covenant = { ...covenant, outpoint: made.at(0), redeem: covenantScript(next, own) }
    }
    expect(decodeCovenantScript(covenant.redeem)).toMatchObject({ state: hashOf(204), laneTip: hashOf(104) })
  })

  it('leaves its exits in a permission output, which the settler pays for', () => {
    const b = covenantBench()
    const before = b.balance()
    const journal = journalFrom(b.covenant.covenantId, START, { permissionHash: permissionHash(BUNDLE) })
    const given = { covenant: b.covenant, journal, block: BLOCK, permission: BUNDLE }
    expect(b.run(developmentSettlement(given, DEVELOPMENT_SECRET)).code).toBe('ok')
    expect(before - b.balance()).toBe(PERMISSION_GRAINS * 10n ** 10n)
  })

  it('shows what it runs in its first payload, and its exits in those of settlements', () => {
    const b = covenantBench()
    const start = {
      sender: new Uint8Array(20),
      nonce: 0,
      grains: 1n,
      state: START,
      program: decodeCovenantScript(b.covenant.redeem).program,
    }
    const { body, redeem } = deployment(start)
    expect(decodeCovenantScript(body.payload)).toMatchObject(START)
    expect(body.outputs[0]!.spk).toEqual(payToScript(redeem))
    const journal = journalFrom(b.covenant.covenantId, START)
    const given = { covenant: b.covenant, journal, block: BLOCK }
    expect(developmentSettlement(given, DEVELOPMENT_SECRET).payload).toEqual(new Uint8Array(0))
    const shown = developmentSettlement({ ...given, payload: hashOf(9) }, DEVELOPMENT_SECRET)
    expect([shown.payload, b.verdict(shown)]).toEqual([hashOf(9), 'ok'])
  })

  it('settles without deposits', () => {
    const b = covenantBench()
    const journal = journalFrom(b.covenant.covenantId, START, { depositHash: ZERO_HASH })
    const body = developmentSettlement({ covenant: b.covenant, journal, block: BLOCK }, DEVELOPMENT_SECRET)
    expect(b.verdict(body)).toBe('ok')
  })
})

describe('each demand, broken once', () => {
  const b = covenantBench()
  const { covenant } = b
  const honest = journalFrom(covenant.covenantId, START, { permissionHash: permissionHash(BUNDLE) })
  const given = { covenant, journal: honest, block: BLOCK, permission: BUNDLE }
  const good = developmentSettlement(given, DEVELOPMENT_SECRET)
  const { redeem, previous: _, program: own, ...witness } = decodeSettlement(good.inputs[0]!.signatureScript)
  const [first, second] = [good.outputs[0]!, good.outputs[1]!]

  const withWitness = (over: Partial<typeof witness>): CovenantBody => ({
    ...good,
    inputs: [{ ...good.inputs[0]!, signatureScript: encodeSettlement({ ...witness, ...over }, redeem) }],
  })
  /** A proof of another journal, with everything else as the honest one has it. */
  const proving = (over: Partial<SettlementJournal>, imageId = own.imageId): CovenantBody =>
    withWitness({
      proof: [signDevelopment(imageId, journalDigest({ ...honest, ...over }), DEVELOPMENT_SECRET)],
    })
  const paying = (...outputs: CovenantBody['outputs']): CovenantBody => ({ ...good, outputs })
  const NEXT = { laneTip: honest.newLaneTip, state: honest.newState, laneKey: START.laneKey }
  const nextWith = (over: Partial<typeof NEXT>, by = own) =>
    paying({ ...first, spk: payToScript(covenantScript({ ...NEXT, ...over }, by)) }, second)

  it('the honest settlement stands', () => {
    expect(b.verdict(good)).toBe('ok')
    expect(b.verdict(proving({}))).toBe('ok')
  })

  const FALSE = '0: ZK_INTEGRITY: the proof holds'
  it.each<[string, Partial<SettlementJournal>]>([
    ['previous state', { prevState: hashOf(1) }],
    ['previous lane tip', { prevLaneTip: hashOf(1) }],
    ['new state', { newState: hashOf(1) }],
    ['new lane tip', { newLaneTip: hashOf(1) }],
    ['sequencing commitment', { newSeqCommit: hashOf(1) }],
    ['covenant id', { covenantId: hashOf(1) }],
    ['transaction image', { txImageId: hashOf(1) }],
    ['batch image', { batchImageId: hashOf(1) }],
    ['permission hash', { permissionHash: hashOf(1) }],
    ['permission hash, of no exits', { permissionHash: ZERO_HASH }],
    ['deposit hash', { depositHash: hashOf(1) }],
    ['deposit hash, of no deposits', { depositHash: ZERO_HASH }],
    ['lane', { laneKey: hashOf(1) }],
  ])('a proof of another %s', (_name, over) => {
    expect(b.verdict(proving(over))).toBe(FALSE)
  })

  // Side by side the two read as they do in the journal; in a script that is pushed so, the state would be another.
  const [longTip, shortState] = [
    concatBytes(honest.newState.subarray(31), honest.newLaneTip),
    honest.newState.subarray(0, 31),
  ]
  const PUSH_HASH = Uint8Array.of(32)
  const shifted = concatBytes(
    ...[PUSH_HASH, longTip, PUSH_HASH, shortState, PUSH_HASH, START.laneKey],
    redeem.subarray(3 * 33),
  )
  const borrowing = {
    ...withWitness({ newLaneTip: longTip, newState: shortState }),
    outputs: [{ ...first, spk: payToScript(shifted) }, second],
  }

  const NOT_NEXT = '0: VERIFY: output 0 holds the next state'
  const [flipped] = witness.proof
  const BROKEN: [string, CovenantBody, string][] = [
    ['another image', proving({}, hashOf(1)), FALSE],
    ['another signature', withWitness({ proof: [flipped!.map((byte, i) => (i === 5 ? byte ^ 1 : byte))] }), FALSE],
    ['no proof', withWitness({ proof: [] }), FALSE],
    ['one item more', withWitness({ proof: [hashOf(1), ...witness.proof] }), '0: CLEAN_STACK'],
    ['a block beyond the window', withWitness({ block: hashOf(1) }), '0: BLOCK_UNKNOWN: the block lies in the window'],
    ['another state in the witness', withWitness({ newState: hashOf(1) }), NOT_NEXT],
    ['another lane tip in the witness', withWitness({ newLaneTip: hashOf(1) }), NOT_NEXT],
    ['a lane tip that borrows a byte of the state', borrowing, '0: VERIFY: newLaneTip has 32 bytes'],
    ['a short state', withWitness({ newState: hashOf(1).subarray(1) }), '0: VERIFY: newState has 32 bytes'],
    [
      'deposits to somebody else',
      withWitness({ depositHash: hashOf(1) }),
      "0: VERIFY: deposits go to the covenant's delegate script",
    ],
    ['deposits kept silent', withWitness({ depositHash: ZERO_HASH }), FALSE],
    ['another next state', nextWith({ state: hashOf(1) }), NOT_NEXT],
    ['another next lane tip', nextWith({ laneTip: hashOf(1) }), NOT_NEXT],
    ['another next lane', nextWith({ laneKey: hashOf(1) }), NOT_NEXT],
    ['another program from now on', nextWith({}, { ...own, imageId: hashOf(1) }), NOT_NEXT],
    [
      'a script of a version that anything opens',
      paying({ ...first, spk: { ...first.spk, version: 1 } }, second),
      NOT_NEXT,
    ],
    ['value lost', paying({ ...first, value: VALUE - 1n }, second), '0: VERIFY: output 0 keeps the value'],
    ['value added', paying({ ...first, value: VALUE + 1n }, second), '0: VERIFY: output 0 keeps the value'],
    [
      'no continuation',
      paying({ value: VALUE, spk: first.spk }, second),
      '0: VERIFY: output 0 is bound to the covenant',
    ],
    ['outputs in the other order', paying(second, first), NOT_NEXT],
    ['no permission', paying(first), FALSE],
    ['a permission that is not bound', paying(first, { value: PERMISSION_GRAINS, spk: second.spk }), FALSE],
    [
      'a permission in another place',
      paying(first, { value: 1n, spk: second.spk }, second),
      '0: VERIFY: output 1 is bound to the covenant',
    ],
    [
      'a third bound output',
      paying(first, second, { ...second, value: 1n }),
      '0: VERIFY: one or two outputs are bound',
    ],
    [
      'a poor permission',
      paying(first, { ...second, value: PERMISSION_GRAINS - 1n }),
      '0: VERIFY: output 1 has the value of a permission',
    ],
    ['a permission with another script', paying(first, { ...second, spk: payToScript(HOLDER) }), FALSE],
    [
      'a permission of another form',
      paying(first, { ...second, spk: { version: 0, script: concatBytes(second.spk.script, Uint8Array.of(0x51)) } }),
      "0: VERIFY: output 1 pays to a script's hash",
    ],
  ]
  it.each(BROKEN)('%s', (_name, body, verdict) => {
    expect(b.verdict(body)).toBe(verdict)
  })

  it('another place than input 0', () => {
    const free = b.run({
      ...good,
      inputs: [],
      outputs: [{ value: 1n, spk: { version: 0, script: Uint8Array.of(0x51) } }],
    })
    const before = { ...good.inputs[0]!, outpoint: free.at(0), signatureScript: new Uint8Array(0) }
    const outputs = good.outputs.map((output) => ({
      ...output,
      binding: { authorizingInput: 1, covenantId: covenant.covenantId },
    }))
    const body = { ...good, inputs: [before, ...good.inputs], outputs }
    expect(b.verdict(body)).toBe('1: VERIFY: this is input 0')
  })

  it('there is no other', () => {
    // The one left here has a test of its own.
    const demands = [...covenantBody(own).conditions.values()]
    expect(demands.filter((demand) => !BROKEN.some(([, , verdict]) => verdict.endsWith(`: ${demand}`)))).toEqual([
      'this is input 0',
    ])
  })

  it.each<[string, Partial<Settlement>, string]>([
    ['previous state', { journal: { ...honest, prevState: hashOf(1) } }, 'JOURNAL_STATE'],
    ['previous lane tip', { journal: { ...honest, prevLaneTip: hashOf(1) } }, 'JOURNAL_STATE'],
    ['lane', { journal: { ...honest, laneKey: hashOf(1) } }, 'JOURNAL_STATE'],
    ['covenant', { journal: { ...honest, covenantId: hashOf(1) } }, 'JOURNAL_PROGRAM'],
    ['transaction image', { journal: { ...honest, txImageId: hashOf(1) } }, 'JOURNAL_PROGRAM'],
    ['batch image', { journal: { ...honest, batchImageId: hashOf(1) } }, 'JOURNAL_PROGRAM'],
    ['bundle', { journal: { ...honest, permissionHash: hashOf(1) } }, 'JOURNAL_PERMISSION'],
    ['deposits', { journal: { ...honest, depositHash: hashOf(1) } }, 'JOURNAL_DEPOSIT'],
    ['script', { covenant: { ...covenant, redeem: redeem.subarray(1) } }, 'REDEEM_SCRIPT_UNKNOWN'],
  ])('is refused before anything is sent: %s', (_name, over, code) => {
    expect(() => settlement({ ...given, proof: witness.proof, ...over })).toThrow(expect.objectContaining({ code }))
  })
})

describe('proof systems', () => {
  it('Groth16: the script rebuilds the claim and its five inputs', () => {
    const toy = toyGroth16(5)
    // The toy proves that it knows square roots: these numbers have some, and a journal is looked for whose claim has.
    const identityControlId = encodeField(25n)
    const controlRoot = concatBytes(encodeField(9n).subarray(0, 16), encodeField(16n).subarray(0, 16))
    const proof: ProofSystem = { kind: 'groth16', key: toy.key, controlRoot, identityControlId }
    const b = covenantBench(proof, proofVerifier())
    for (let seed = 0; ; seed++) {
      const journal = journalFrom(b.covenant.covenantId, START, { newState: hashOf(seed) })
      const claim = claimDigest(hashOf(23), journalDigest(journal))
      const roots = claimInputs(controlRoot, claim, identityControlId).map(squareRoot)
      if (roots.some((root) => root === undefined)) continue
      const statement = toy.prove(roots as bigint[])
      const given = { covenant: b.covenant, journal, block: BLOCK }
      expect(b.verdict(settlement({ ...given, proof: [statement.proof] }))).toBe('ok')
      const other = { ...journal, newState: hashOf(seed + 1) }
      expect(b.verdict(settlement({ ...given, journal: other, proof: [statement.proof] }))).toBe(
        '0: ZK_INTEGRITY: the proof holds',
      )
      break
    }
  })

  it('succinct: the receipt is asked about the journal, the image and the control id of the script', () => {
    const asked: SuccinctOperands[] = []
    const succinct = (operands: SuccinctOperands) => {
      asked.push(operands)
      if (operands.seal.length === 0) throw new ZkError('ZK_SEAL_LENGTH', 'the seal is empty')
    }
    const b = covenantBench({ kind: 'succinct', controlId: hashOf(51) }, proofVerifier({ succinct }))
    const journal = journalFrom(b.covenant.covenantId, START)
    const [claim, controlIndex, controlDigests, seal] = [hashOf(52), Uint8Array.of(1, 0, 0, 0), hashOf(53), hashOf(54)]
    const given = { covenant: b.covenant, journal, block: BLOCK }
    expect(b.verdict(settlement({ ...given, proof: [claim, controlIndex, controlDigests, seal] }))).toBe('ok')
    expect(asked).toEqual([
      expect.objectContaining({
        ...{ claim, controlIndex, controlDigests, seal, journalDigest: journalDigest(journal) },
        ...{ imageId: hashOf(23), controlId: hashOf(51), hashFunction: Uint8Array.of(1) },
      }),
    ])
    expect(b.verdict(settlement({ ...given, proof: [claim, controlIndex, controlDigests, new Uint8Array(0)] }))).toBe(
      '0: ZK_INTEGRITY: the proof holds',
    )
  })

  it('the development variant is refused by a chain without a development key', () => {
    const b = covenantBench({ kind: 'development' }, proofVerifier())
    const journal = journalFrom(b.covenant.covenantId, START)
    const body = developmentSettlement({ covenant: b.covenant, journal, block: BLOCK }, DEVELOPMENT_SECRET)
    expect(b.verdict(body)).toBe('0: ZK_INTEGRITY: the proof holds')
  })
})
