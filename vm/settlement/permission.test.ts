import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, EMPTY_BYTES, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { outputs as outputTable } from '../covenant/tables.ts'
import type { CovenantBody } from '../covenant/types.ts'
import { u64le } from '../kip/encode.ts'
import type { KipInput, Outpoint } from '../kip/types.ts'
import { scriptOf } from '../script/assembly.ts'
import { FINAL_SEQUENCE } from '../script/limits.ts'
import { payToScript } from '../script/standard.ts'
import { covenantScript, decodeCovenantScript, PERMISSION_GRAINS } from './covenant.ts'
import { delegateSignatureScript } from './delegate.ts'
import { developmentSettlement } from './development.ts'
import type { Exit } from './exits.ts'
import {
  decodeClaim,
  decodePermissionScript,
  encodeClaim,
  MAX_DEPTH,
  permissionBody,
  permissionHash,
  permissionScript,
} from './permission.ts'
import { BLOCK, covenantBench, DEVELOPMENT_SECRET, hashOf, journalFrom, START } from './testing/bench.ts'
import { type CovenantOutput, claim, depositOutput, exitsAfterClaim, permissionOf } from './transactions.ts'

const holder = (seed: number) => concatBytes(Uint8Array.of(32), hashOf(seed), Uint8Array.of(0xac))
const EXITS: Exit[] = [
  { script: holder(1), amount: 50n },
  { script: holder(2), amount: 70n },
  { script: holder(3), amount: 90n },
]

const plain = (inputs: readonly KipInput[], outputs: CovenantBody['outputs']): CovenantBody => ({
  ...{ laneId: undefined, payload: new Uint8Array(0), lockTime: 0n, inputs, outputs },
})
const spending = (outpoint: Outpoint, signatureScript: Uint8Array = EMPTY_BYTES): KipInput => ({
  ...{ outpoint, signatureScript, sequence: FINAL_SEQUENCE },
})

/** A covenant that settled with these exits, and has deposits of 100 grains each. */
function settled(exits: readonly Exit[], deposits: number, bundle = permissionOf(exits)) {
  const b = covenantBench()
  const { covenant } = b
  const journal = journalFrom(covenant.covenantId, START, { permissionHash: permissionHash(bundle) })
  const made = b.run(developmentSettlement({ covenant, journal, block: BLOCK, permission: bundle }, DEVELOPMENT_SECRET))
  expect(made.code).toBe('ok')
  const deposited = b.run(
    plain(
      [],
      Array.from({ length: deposits }, () => depositOutput(covenant.covenantId, 100n)),
    ),
  )
  expect(deposited.code).toBe('ok')
  const next = { laneTip: journal.newLaneTip, state: journal.newState, laneKey: START.laneKey }
  const { program } = decodeCovenantScript(covenant.redeem)
  const permission: CovenantOutput = {
    ...{ outpoint: made.at(1), grains: PERMISSION_GRAINS, covenantId: covenant.covenantId },
    redeem: permissionScript(bundle),
  }
  return {
    ...b,
    covenant: { ...covenant, outpoint: made.at(0), redeem: covenantScript(next, program) },
    next,
    permission,
    deposits: Array.from({ length: deposits }, (_, i) => ({ outpoint: deposited.at(i), grains: 100n })),
  }
}

describe('claims', () => {
  it('pay every exit, in part and in whole, until none is left', () => {
    const b = settled(EXITS, 3)
    let { permission, deposits } = b
    let exits: readonly Exit[] = EXITS
    const before = b.balance()
    for (const [index, deduct] of [
      [1, 30n],
      [0, 50n],
      [1, 40n],
      [2, 1n],
      [2, 89n],
    ] as const) {
      const body = claim({ permission, exits, index, deduct, deposits })
      const made = b.run(body)
      expect(made.code).toBe('ok')
      expect(b.money.view.get(outputTable, made.at(0))).toMatchObject({
        grains: deduct,
        spk: { version: 0, script: EXITS[index]!.script },
      })
      exits = exitsAfterClaim({ exits, index, deduct })
      const total = deposits.reduce((sum, { grains }) => sum + grains, -deduct)
      const remains = exits.some(({ amount }) => amount > 0n)
      deposits = total === 0n ? [] : [{ outpoint: made.at(remains ? 2 : 1), grains: total }]
      if (remains) permission = { ...permission, outpoint: made.at(1), redeem: permissionScript(permissionOf(exits)) }
    }
    expect(deposits).toMatchObject([{ grains: 90n }])
    // The last claimant has the permission's value.
    expect(b.balance() - before).toBe(PERMISSION_GRAINS * 10n ** 10n)
  })

  it('of bundles of any size', () => {
    for (const count of [1, 2, 5, 33]) {
      const exits = Array.from({ length: count }, (_, i) => ({ script: holder(i + 1), amount: BigInt(i + 1) }))
      const b = settled(exits, 1)
      const { permission, deposits } = b
      const given = { permission, exits, index: count - 1, deduct: BigInt(count), deposits }
      expect(b.verdict(claim(given))).toBe('ok')
    }
  })

  it('take eight deposits, exactly used up or with change', () => {
    const exits = [{ script: holder(1), amount: 800n }]
    const b = settled(exits, 9)
    const { permission } = b
    const deposits = b.deposits.slice(1)
    expect(b.verdict(claim({ permission, exits, index: 0, deduct: 800n, deposits }))).toBe('ok')
    expect(b.verdict(claim({ permission, exits, index: 0, deduct: 799n, deposits }))).toBe('ok')
    const ninth = spending(b.deposits[0]!.outpoint, delegateSignatureScript(permission.covenantId))
    const body = claim({ permission, exits, index: 0, deduct: 800n, deposits })
    expect(b.verdict({ ...body, inputs: [...body.inputs, ninth] })).toBe('0: VERIFY: a claim spends at most 8 deposits')
  })
})

it('a claim runs at the greatest depth', () => {
  const exit = { script: holder(1), amount: 50n }
  const path = Array.from({ length: MAX_DEPTH }, (_, level) => ({ sibling: hashOf(level), isLeft: level % 3 === 0 }))
  const rootOf = (amount: bigint) =>
    path.reduce(
      (node, { sibling, isLeft }) => sha256(Uint8Array.of(1), isLeft ? sibling : node, isLeft ? node : sibling),
      sha256(Uint8Array.of(0), exit.script, u64le(amount)),
    )
  const state = { depth: MAX_DEPTH, root: rootOf(50n), unclaimed: 3n }
  const b = settled([exit], 1, state)
  const { permission, deposits } = b
  const binding = { authorizingInput: 0, covenantId: permission.covenantId }
  const rest = payToScript(permissionScript({ ...state, root: rootOf(30n) }))
  const body = plain(
    [
      spending(permission.outpoint, encodeClaim({ ...exit, deduct: 20n, path }, permission.redeem)),
      spending(deposits[0]!.outpoint, delegateSignatureScript(permission.covenantId)),
    ],
    [
      { value: 20n, spk: { version: 0, script: exit.script } },
      { value: permission.grains, spk: rest, binding },
      depositOutput(permission.covenantId, 80n),
    ],
  )
  expect(b.verdict(body)).toBe('ok')
})

it('any order of claims pays each exit once, and leaves the other deposits', () => {
  const bundle = fc.array(fc.bigInt({ min: 1n, max: 90n }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(bundle, fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 6 }), (amounts, picks) => {
      let exits: readonly Exit[] = amounts.map((amount, i) => ({ script: holder(i + 1), amount }))
      const b = settled(exits, 5)
      let { permission, deposits } = b
      for (const [which, part] of picks) {
        const open = [...exits.keys()].filter((i) => exits[i]!.amount > 0n)
        if (open.length === 0) break
        const index = open[which % open.length]!
        const deduct = 1n + (BigInt(part) % exits[index]!.amount)
        const made = b.run(claim({ permission, exits, index, deduct, deposits }))
        expect(made.code).toBe('ok')
        const grains = deposits.reduce((sum, deposit) => sum + deposit.grains, -deduct)
        exits = exitsAfterClaim({ exits, index, deduct })
        const remains = exits.some(({ amount }) => amount > 0n)
        deposits = [{ outpoint: made.at(remains ? 2 : 1), grains }]
        if (remains) permission = { ...permission, outpoint: made.at(1), redeem: permissionScript(permissionOf(exits)) }
      }
      const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n)
      const paid = sum(amounts) - sum(exits.map(({ amount }) => amount))
      expect(b.money.view.get(outputTable, deposits[0]!.outpoint)!.grains).toBe(500n - paid)
    }),
    { numRuns: 10 },
  )
})

describe('each demand of a claim, broken once', () => {
  const b = settled(EXITS, 2)
  const { permission, deposits } = b
  const id = permission.covenantId
  const good = claim({ permission, exits: EXITS, index: 1, deduct: 30n, deposits })
  const { redeem, ...own } = decodeClaim(good.inputs[0]!.signatureScript)
  const [paid, rest, change] = good.outputs as [
    (typeof good.outputs)[0],
    (typeof good.outputs)[0],
    (typeof good.outputs)[0],
  ]

  const claiming = (over: Partial<typeof own>, outputs = good.outputs): CovenantBody => ({
    ...good,
    inputs: [
      { ...good.inputs[0]!, signatureScript: encodeClaim({ ...own, ...over }, redeem) },
      ...good.inputs.slice(1),
    ],
    outputs,
  })
  const paying = (...outputs: CovenantBody['outputs']): CovenantBody => ({ ...good, outputs })
  const bundleSpk = (exits: readonly Exit[]) => payToScript(permissionScript(permissionOf(exits)))
  const NOT_UNDER = '0: VERIFY: the exit stands under the root'
  const HOLDER = '0: VERIFY: output 0 pays the holder'
  const REST = '0: VERIFY: output 1 holds the exits that remain'
  const ONCE = '0: VERIFY: the covenant goes on in output 1 where exits remain, and nowhere else'

  it('the honest claim stands', () => {
    expect(b.verdict(good)).toBe('ok')
    expect(b.verdict(claiming({}))).toBe('ok')
  })

  const BROKEN: [string, CovenantBody, string][] = [
    ['nothing', claiming({ deduct: 0n }), '0: VERIFY: something is claimed'],
    ['less than nothing', claiming({ deduct: -1n }), '0: VERIFY: something is claimed'],
    ['more than the exit', claiming({ deduct: 71n }), '0: VERIFY: no more is claimed than the exit holds'],
    ['an exit said to be larger', claiming({ amount: 71n }), NOT_UNDER],
    [
      'an exit of somebody else',
      claiming({ script: holder(1) }, [{ ...paid, spk: { version: 0, script: holder(1) } }, rest, change]),
      NOT_UNDER,
    ],
    ['another side', claiming({ path: own.path.map((step) => ({ ...step, isLeft: !step.isLeft })) }), NOT_UNDER],
    ['another sibling', claiming({ path: own.path.map((step) => ({ ...step, sibling: ZERO_HASH })) }), NOT_UNDER],
    ['a step less', claiming({ path: own.path.slice(1) }), '0: INVALID_STACK_OPERATION'],
    ['a step more', claiming({ path: [...own.path, ...own.path] }), '0: CLEAN_STACK'],
    ['paid to another', paying({ ...paid, spk: { version: 0, script: holder(9) } }, rest, change), HOLDER],
    ['paid under another version', paying({ ...paid, spk: { ...paid.spk, version: 1 } }, rest, change), HOLDER],
    ['paid too little', paying({ ...paid, value: 29n }, rest, change), '0: VERIFY: output 0 pays what is claimed'],
    ['paid too much', paying({ ...paid, value: 31n }, rest, change), '0: VERIFY: output 0 pays what is claimed'],
    ['exits not reduced', paying(paid, { ...rest, spk: bundleSpk(EXITS) }, change), REST],
    [
      'exits reduced too much',
      paying(paid, { ...rest, spk: bundleSpk(exitsAfterClaim({ exits: EXITS, index: 1, deduct: 31n })) }, change),
      REST,
    ],
    [
      'another exit emptied',
      paying(paid, { ...rest, spk: bundleSpk(exitsAfterClaim({ exits: EXITS, index: 0, deduct: 50n })) }, change),
      REST,
    ],
    [
      'a count that lost one',
      paying(
        paid,
        {
          ...rest,
          spk: payToScript(
            permissionScript({
              ...permissionOf(exitsAfterClaim({ exits: EXITS, index: 1, deduct: 30n })),
              unclaimed: 2n,
            }),
          ),
        },
        change,
      ),
      REST,
    ],
    ['the rest given up', paying(paid, { value: rest.value, spk: rest.spk }, change), ONCE],
    ['the rest twice', paying(paid, rest, change, { ...rest, value: 1n }), ONCE],
    [
      'the rest in another place',
      paying(paid, { value: rest.value, spk: rest.spk }, change, rest),
      '0: VERIFY: output 1 is bound to the covenant',
    ],
    [
      'the rest poorer',
      paying(paid, { ...rest, value: rest.value - 1n }, change),
      '0: VERIFY: output 1 keeps the value',
    ],
    ['a fifth output', paying(paid, rest, change, paid, paid), '0: VERIFY: a claim has at most 4 outputs'],
    ['deposits kept', paying(paid, rest), '0: INVALID_OUTPUT_INDEX'],
    ['deposits sent elsewhere', paying(paid, rest, { ...change, spk: paid.spk }), '0: VERIFY: the change is a deposit'],
    [
      'deposits sent back in part',
      paying(paid, rest, { ...change, value: change.value - 1n }),
      '0: VERIFY: the change is all of the change',
    ],
    ['paid by the claimant', { ...good, inputs: good.inputs.slice(0, 1) }, '0: VERIFY: deposits pay for the claim'],
  ]
  it.each(BROKEN)('%s', (_name, body, verdict) => {
    expect(b.verdict(body)).toBe(verdict)
  })

  it('the last exit ends the covenant’s part in it', () => {
    const exits = [EXITS[0]!]
    const one = settled(exits, 1)
    const { permission: last, deposits: funds } = one
    const body = claim({ permission: last, exits, index: 0, deduct: 50n, deposits: funds })
    expect(one.verdict(body)).toBe('ok')
    const binding = { authorizingInput: 0, covenantId: last.covenantId }
    expect(one.verdict({ ...body, outputs: [...body.outputs, { value: 1n, spk: paid.spk, binding }] })).toBe(ONCE)
  })

  it('another place than input 0', () => {
    const anyone = b.run(plain([], [{ value: 1n, spk: { version: 0, script: Uint8Array.of(0x51) } }])).at(0)
    const outputs = good.outputs.map((output) =>
      output.binding === undefined ? output : { ...output, binding: { ...output.binding, authorizingInput: 1 } },
    )
    const body = { ...good, inputs: [spending(anyone), good.inputs[0]!], outputs }
    expect(b.verdict(body)).toBe('1: VERIFY: this is input 0')
  })

  it('there is no other', () => {
    // Those left here have tests of their own.
    const demands = [...permissionBody(decodePermissionScript(redeem).depth).conditions.values()]
    expect(demands.filter((demand) => !BROKEN.some(([, , verdict]) => verdict.endsWith(`: ${demand}`)))).toEqual([
      'this is input 0',
      'a claim spends at most 8 deposits',
    ])
  })

  it('is not sent where the builder sees it', () => {
    const given = { permission, exits: EXITS, index: 1, deduct: 30n, deposits }
    const codeOf = (over: Partial<typeof given>) => {
      try {
        claim({ ...given, ...over })
        return 'ok'
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    expect(codeOf({})).toBe('ok')
    expect(codeOf({ index: 3 })).toBe('EXIT_INDEX')
    expect(codeOf({ deduct: 71n })).toBe('CLAIM_AMOUNT')
    expect(codeOf({ deduct: 0n })).toBe('CLAIM_AMOUNT')
    expect(codeOf({ deposits: [] })).toBe('CLAIM_FUNDS')
    expect(codeOf({ deposits: Array.from({ length: 9 }, () => deposits[0]!) })).toBe('CLAIM_FUNDS')
  })

  describe('deposits stay', () => {
    const delegate = spending(deposits[0]!.outpoint, delegateSignatureScript(id))

    it('where they are input 0', () => {
      expect(b.verdict(plain([delegate], []))).toMatch(/^0: VERIFY/)
    })

    it('where input 0 is of no covenant, however its signature script ends', () => {
      const trap = { version: 0, script: scriptOf(0x75, 0x51) }
      const made = b.run(plain([], [{ value: 1n, spk: trap }]))
      const body = plain([spending(made.at(0), scriptOf(Uint8Array.of(1, 0x51, 0x75))), delegate], [])
      expect(b.verdict(body)).toMatch(/^1: VERIFY/)
    })

    it('where input 0 is the covenant’s settlement', () => {
      const journal = journalFrom(id, b.next)
      const body = developmentSettlement({ covenant: b.covenant, journal, block: BLOCK }, DEVELOPMENT_SECRET)
      expect(b.verdict(body)).toBe('ok')
      expect(b.verdict({ ...body, inputs: [...body.inputs, delegate] })).toMatch(/^1: VERIFY/)
    })

    it('where input 0 claims exits of another covenant', () => {
      const other = spending(
        b.run(plain([], [depositOutput(hashOf(9), 100n)])).at(0),
        delegateSignatureScript(hashOf(9)),
      )
      const body = { ...good, inputs: [...good.inputs, other] }
      expect(b.verdict(body)).toBe('3: VERIFY')
    })
  })
})
