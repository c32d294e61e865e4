import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, hexKey, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { MAX_GRAINS } from '../covenant/types.ts'
import { blake2b256 } from '../kip/hashers.ts'
import { isPayToScriptHash } from '../script/standard.ts'
import { conditionAt } from './conditions.ts'
import { covenantScript, decodeCovenantScript, PROOF_ITEMS, type ProofSystem, RESOLVE_CONTROL_ID } from './covenant.ts'
import { delegateScript, depositHash, depositSpk } from './delegate.ts'
import { decodeExits, EXIT_TAG, encodeExit, encodeExits } from './exits.ts'
import { decodeJournal, encodeJournal, JOURNAL_BYTES } from './journal.ts'
import { decodeClaim, decodePermissionScript, encodeClaim, MAX_DEPTH, permissionScript } from './permission.ts'
import { EMPTY_LEAF, permissionTree } from './permission-tree.ts'
import { pushAll, pushedItems } from './pushes.ts'
import vectors from './settlement.vectors.json' with { type: 'json' }
import { decodeSettlement, encodeSettlement } from './signature-script.ts'
import { hashOf, program, START } from './testing/bench.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'ok'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

const proofSystem: fc.Arbitrary<ProofSystem> = fc.oneof(
  fc.constant({ kind: 'development' } as const),
  fc.record({ kind: fc.constant('succinct' as const), controlId: hash }),
  fc.record({
    ...{ kind: fc.constant('groth16' as const), key: fc.uint8Array({ minLength: 424, maxLength: 424 }) },
    ...{ controlRoot: hash, identityControlId: hash },
  }),
)
const anyProgram = fc.record({ txImageId: hash, batchImageId: hash, imageId: hash, proof: proofSystem })
const anyState = fc.record({ laneTip: hash, state: hash, laneKey: hash })
const pinned = (script: Uint8Array) => ({ bytes: script.length, sha256: hexKey(sha256(script)) })
/** Flips one bit. */
const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, i) => (i === (bit >> 3) % bytes.length ? byte ^ (1 << (bit & 7)) : byte))

describe('journal', () => {
  it('is eleven hashes, and comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: JOURNAL_BYTES, maxLength: JOURNAL_BYTES }), (bytes) => {
        const journal = decodeJournal(bytes)
        expect(encodeJournal(journal)).toEqual(bytes)
        expect(journal.newState).toEqual(bytes.slice(64, 96))
        expect(journal.laneKey).toEqual(bytes.slice(320))
      }),
    )
    expect(codeOf(() => decodeJournal(new Uint8Array(351)))).toBe('JOURNAL_LENGTH')
    const short = { ...decodeJournal(new Uint8Array(352)), newState: new Uint8Array(31) }
    expect(codeOf(() => encodeJournal(short))).toBe('JOURNAL_FIELD_LENGTH')
  })
})

describe('covenant script', () => {
  it('comes back with its state and its program', () => {
    fc.assert(
      fc.property(anyState, anyProgram, (state, own) => {
        const redeem = covenantScript(state, own)
        expect(decodeCovenantScript(redeem)).toEqual({ ...state, program: own })
        expect(redeem.slice(-2)).toEqual(Uint8Array.of(0x00, 0x75))
      }),
      { numRuns: 30 },
    )
  })

  it('with one bit flipped is another covenant, or none', () => {
    fc.assert(
      fc.property(proofSystem, fc.nat(20_000), (proof, bit) => {
        const redeem = covenantScript(START, program(proof))
        const other = flipped(redeem, bit)
        const code = codeOf(() =>
          expect(covenantScript(decodeCovenantScript(other), decodeCovenantScript(other).program)).toEqual(other),
        )
        expect(['ok', 'REDEEM_SCRIPT_UNKNOWN']).toContain(code)
      }),
      { numRuns: 60 },
    )
  })

  it('takes fields of the right lengths alone', () => {
    const own = program({ kind: 'development' })
    expect(codeOf(() => covenantScript({ ...START, state: new Uint8Array(31) }, own))).toBe('PROGRAM_FIELD_LENGTH')
    expect(codeOf(() => covenantScript(START, { ...own, imageId: new Uint8Array(33) }))).toBe('PROGRAM_FIELD_LENGTH')
    const proof = { kind: 'succinct', controlId: new Uint8Array(0) } as const
    expect(codeOf(() => covenantScript(START, { ...own, proof }))).toBe('PROGRAM_FIELD_LENGTH')
  })

  it('is what it was: a change of its bytes is a change of every covenant', () => {
    const kinds: ProofSystem[] = [
      { kind: 'development' },
      { kind: 'succinct', controlId: hashOf(1) },
      { kind: 'groth16', key: new Uint8Array(424), controlRoot: hashOf(2), identityControlId: hashOf(3) },
    ]
    const depths = [1, 8, MAX_DEPTH].map((depth) => permissionScript({ root: ZERO_HASH, unclaimed: 1n, depth }))
    expect([...kinds.map((proof) => covenantScript(START, program(proof))), ...depths].map(pinned)).toEqual(vectors)
  })
})

describe('signature scripts', () => {
  it('of settlements come back', () => {
    const witness = fc.record({ depositHash: hash, newLaneTip: hash, newState: hash, block: hash })
    fc.assert(
      fc.property(
        anyProgram,
        witness,
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 4, maxLength: 4 }),
        (own, given, items) => {
          const proof = items.slice(0, PROOF_ITEMS[own.proof.kind].length)
          const redeem = covenantScript(START, own)
          const script = encodeSettlement({ ...given, proof }, redeem)
          expect(decodeSettlement(script)).toEqual({ ...given, proof, redeem, previous: START, program: own })
        },
      ),
      { numRuns: 30 },
    )
  })

  it('of claims come back, at every depth', () => {
    const step = fc.record({ sibling: hash, isLeft: fc.boolean() })
    const grains = fc.bigInt({ min: 0n, max: MAX_GRAINS })
    const given = fc.record({ script: fc.uint8Array({ maxLength: 100 }), amount: grains, deduct: grains })
    const path = fc.array(step, { minLength: 1, maxLength: MAX_DEPTH })
    fc.assert(
      fc.property(given, path, hash, grains, (claim, steps, root, unclaimed) => {
        const redeem = permissionScript({ root, unclaimed: unclaimed === 0n ? 1n : unclaimed, depth: steps.length })
        const decoded = decodeClaim(encodeClaim({ ...claim, path: steps }, redeem))
        expect(decoded).toEqual({ ...claim, path: steps, redeem })
      }),
      { numRuns: 40 },
    )
  })

  it('of other forms are refused', () => {
    const redeem = covenantScript(START, program({ kind: 'development' }))
    const items = [new Uint8Array(64), ZERO_HASH, ZERO_HASH, ZERO_HASH, ZERO_HASH, redeem]
    const MALFORMED = 'SIGNATURE_SCRIPT_MALFORMED'
    expect(codeOf(() => decodeSettlement(pushAll(items)))).toBe('ok')
    expect(codeOf(() => decodeSettlement(pushAll(items.slice(1))))).toBe(MALFORMED)
    expect(codeOf(() => decodeSettlement(pushAll([ZERO_HASH, ...items])))).toBe(MALFORMED)
    expect(codeOf(() => decodeSettlement(pushAll(items.with(2, new Uint8Array(31)))))).toBe(MALFORMED)
    expect(codeOf(() => decodeSettlement(pushAll(items.slice(0, -1))))).toBe('REDEEM_SCRIPT_UNKNOWN')
    expect(codeOf(() => decodeSettlement(new Uint8Array(0)))).toBe('REDEEM_SCRIPT_UNKNOWN')
    // OpNop, a push cut off, a push longer than it has to be.
    for (const bad of ['61', '02ff', '4c01ff', '50']) expect(codeOf(() => pushedItems(fromHex(bad)))).toBe(MALFORMED)
    const permission = permissionScript({ root: ZERO_HASH, unclaimed: 1n, depth: 1 })
    const claim = [Uint8Array.of(1), ZERO_HASH, new Uint8Array(0), Uint8Array.of(5), Uint8Array.of(5), permission]
    expect(codeOf(() => decodeClaim(pushAll(claim)))).toBe('ok')
    for (const bad of [
      claim.with(0, Uint8Array.of(2)),
      claim.with(1, new Uint8Array(31)),
      claim.with(3, Uint8Array.of(0x85)),
      claim.with(4, Uint8Array.of(5, 0)),
      claim.with(4, new Uint8Array(9)),
      claim.slice(1),
    ]) {
      expect(codeOf(() => decodeClaim(pushAll(bad)))).toBe(MALFORMED)
    }
  })

  it('any bytes are decoded, or refused with a code', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.constantFrom(
        pushAll([covenantScript(START, program({ kind: 'development' }))]),
        pushAll([permissionScript({ root: ZERO_HASH, unclaimed: 1n, depth: 1 })]),
        pushAll([ZERO_HASH]),
      ),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
        const script = concatBytes(...parts)
        for (const decode of [decodeSettlement, decodeClaim, decodeExits]) {
          expect(codeOf(() => decode(script))).toMatch(
            /^(ok|SIGNATURE_SCRIPT_MALFORMED|REDEEM_SCRIPT_UNKNOWN|EXIT_[A-Z]+)$/,
          )
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe('permission scripts', () => {
  it('hold at least one exit, in a tree of 1 to 32 levels', () => {
    for (const [unclaimed, depth] of [
      [0n, 1],
      [MAX_GRAINS + 1n, 1],
      [1n, 0],
      [1n, 33],
      [1n, 1.5],
    ] as const) {
      expect(codeOf(() => permissionScript({ root: ZERO_HASH, unclaimed, depth }))).toBe('EXIT_COUNT')
    }
    const script = permissionScript({ root: hashOf(1), unclaimed: 7n, depth: 3 })
    expect(script.slice(-2)).toEqual(Uint8Array.of(0x51, 0x75))
    expect(decodePermissionScript(script)).toEqual({ root: hashOf(1), unclaimed: 7n, depth: 3 })
    expect(codeOf(() => decodePermissionScript(flipped(script, 8 * 60)))).toBe('REDEEM_SCRIPT_UNKNOWN')
    expect(conditionAt(script.subarray(1), 60)).toBeUndefined()
  })
})

describe('permission tree', () => {
  const exit = (i: number) => ({ script: Uint8Array.of(i), amount: BigInt(i) })
  const amount = (i: number) => Uint8Array.of(i, 0, 0, 0, 0, 0, 0, 0)
  const leaf = (i: number) => sha256(Uint8Array.of(0), Uint8Array.of(i), amount(i))
  const branch = (a: Uint8Array, b: Uint8Array) => sha256(Uint8Array.of(1), a, b)

  it('is built by hand of one and of three', () => {
    expect(permissionTree([exit(1)])).toMatchObject({ depth: 1, unclaimed: 1, root: branch(leaf(1), EMPTY_LEAF) })
    const three = permissionTree([exit(1), exit(2), exit(3)])
    expect(three).toMatchObject({ depth: 2, unclaimed: 3 })
    expect(three.root).toEqual(branch(branch(leaf(1), leaf(2)), branch(leaf(3), EMPTY_LEAF)))
    expect(permissionTree([exit(1), { ...exit(2), amount: 0n }]).root).toEqual(branch(leaf(1), EMPTY_LEAF))
  })

  it('every path leads to the root', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), (count) => {
        const tree = permissionTree(Array.from({ length: count }, (_, i) => exit(i + 1)))
        for (let i = 0; i < count; i++) {
          const path = tree.path(i)
          expect(path.length).toBe(tree.depth)
          const top = path.reduce(
            (node, { sibling, isLeft }) => (isLeft ? branch(sibling, node) : branch(node, sibling)),
            leaf(i + 1),
          )
          expect(top).toEqual(tree.root)
        }
      }),
      { numRuns: 20 },
    )
    expect(codeOf(() => permissionTree([]))).toBe('EXIT_COUNT')
    expect(codeOf(() => permissionTree([exit(1)]).path(1))).toBe('EXIT_INDEX')
  })
})

describe('exits', () => {
  it('come back as the scripts that they pay', () => {
    const bundle = concatBytes(
      encodeExit(EXIT_TAG.schnorrKey, hashOf(1), 5n),
      encodeExit(EXIT_TAG.ecdsaKey, new Uint8Array(33).fill(2), MAX_GRAINS),
      encodeExit(EXIT_TAG.scriptHash, hashOf(3), 1n),
    )
    const exits = decodeExits(concatBytes(Uint8Array.of(9), bundle).subarray(1))
    expect(exits.map(({ amount }) => amount)).toEqual([5n, MAX_GRAINS, 1n])
    expect(exits.map(({ script }) => script.length)).toEqual([34, 35, 35])
    expect(isPayToScriptHash(exits[2]!.script)).toBe(true)
    expect(encodeExits(exits)).toEqual(bundle)
  })

  it('are refused where they are malformed, or pay nothing', () => {
    const one = encodeExit(EXIT_TAG.schnorrKey, hashOf(1), 5n)
    expect(codeOf(() => decodeExits(one.subarray(0, -1)))).toBe('EXIT_MALFORMED')
    expect(codeOf(() => decodeExits(Uint8Array.of(2)))).toBe('EXIT_MALFORMED')
    expect(codeOf(() => decodeExits(concatBytes(one.subarray(0, 33), new Uint8Array(8))))).toBe('EXIT_AMOUNT')
    expect(codeOf(() => encodeExit(0, hashOf(1), MAX_GRAINS + 1n))).toBe('EXIT_AMOUNT')
    expect(codeOf(() => encodeExit(1, hashOf(1), 1n))).toBe('EXIT_MALFORMED')
    const { script } = decodeExits(one)[0]!
    expect(codeOf(() => encodeExits([{ script: script.slice(1), amount: 5n }]))).toBe('EXIT_MALFORMED')
    expect(codeOf(() => encodeExits([{ script, amount: 0n }]))).toBe('EXIT_AMOUNT')
  })
})

const VECTORS = new URL('../../../shared/vectors/vprogs_constants.json', import.meta.url)
describe.skipIf(!existsSync(VECTORS))('the published constants', () => {
  const published = existsSync(VECTORS) ? JSON.parse(readFileSync(VECTORS, 'utf8')) : undefined

  it('are ours', () => {
    const script = delegateScript(hashOf(7))
    const { delegate_script_prefix: prefix, delegate_script_suffix: suffix, permission_tree: tree } = published
    expect(hexKey(script)).toBe(`${prefix}${hexKey(hashOf(7))}${suffix}`)
    expect(depositHash(hashOf(7))).toEqual(blake2b256(script))
    expect(hexKey(depositSpk(hashOf(7)).script)).toBe(`aa20${hexKey(blake2b256(script))}87`)
    expect(tree).toMatchObject({ leaf_tag: '00', branch_tag: '01', max_depth: MAX_DEPTH })
    expect(EMPTY_LEAF).toEqual(sha256(fromHex(tree.empty_tag)))
    expect(hexKey(RESOLVE_CONTROL_ID)).toBe(published.succinct_control_id_resolve)
  })
})
