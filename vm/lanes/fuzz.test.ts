/** Lane proofs from somebody who means harm: a verdict in the time that their size gives them, and never an exception. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, equalBytes, hexKey, ZERO_HASH } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { laneKey, laneLeaf } from './hashing.ts'
import { decodeLaneProof, encodeLaneProof, type LaneProof, rootOfLaneProof } from './proof.ts'
import { lanes } from './tables.ts'
import { type LaneBlock, LaneChain, laneIdOf } from './testing/lane-chain.ts'
import { type LaneStanding, type LaneStep, type TwoAnchorProof, verifyTwoAnchor } from './two-anchor.ts'

const WINDOW = 5
const LANE = 1
const chain = new LaneChain(WINDOW)
const QUIET = Array.from({ length: 2 * WINDOW + 3 }, () => [] as const)
const blocks: LaneBlock[] = [chain.genesis]
for (const touches of [
  ...[Array.from({ length: 20 }, (_, lane) => [lane, 1] as const), [[LANE, 3]] as const, [[LANE, 1]] as const],
  ...QUIET,
  ...[[[LANE, 2]] as const, [[2, 1]] as const],
]) {
  blocks.push(chain.next(blocks.at(-1)!, touches))
}
const from = blocks[1]!
const to = blocks.at(-1)!
const honest = chain.twoAnchor(from, to, LANE)
const key = laneKey(honest.laneId)
/** Of a lane that is there, one that is alone, and one that is not. */
const encoded = [honest.start.proof, honest.end[0]!.proof, chain.standing(from, 77).proof].map(encodeLaneProof)

const hash = fc.oneof(
  fc.constantFrom(ZERO_HASH, from.seqCommit, to.seqCommit, key),
  fc.nat().map((n) => sha256(Uint8Array.of(n))),
)
const height = fc.oneof(fc.nat(30), fc.constantFrom(0, Number.MAX_SAFE_INTEGER))

type Edit = (bytes: Uint8Array) => Uint8Array

/** Pieces cut out and put in, mostly of the head, which says how the rest is read; and siblings where none belong. */
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc
    .record({
      at: fc.oneof({ weight: 3, arbitrary: fc.nat(36) }, { weight: 1, arbitrary: fc.nat(700) }),
      drop: fc.oneof(fc.constant(1), fc.constantFrom(0, 32, 64, 700)),
      put: fc.oneof(fc.uint8Array({ maxLength: 2 }), fc.uint8Array({ minLength: 32, maxLength: 32 })),
    })
    .map(
      ({ at, drop, put }): Edit =>
        (bytes) =>
          concatBytes(bytes.subarray(0, at), put, bytes.subarray(at + drop)),
    ),
  fc.tuple(fc.nat(255), hash).map(
    ([depth, sibling]): Edit =>
      (bytes) =>
        concatBytes(bytes.with(depth >> 3, (bytes[depth >> 3] ?? 0) & ~(1 << (depth & 7))), sibling),
  ),
)

describe('a lane proof with anything changed', () => {
  it('is refused, or is the one encoding of another that shows nothing of what is there', () => {
    const { tip, lastTouch } = chain.view(from).get(lanes, key)!
    const truth = laneLeaf(tip, lastTouch)
    const root = rootOfLaneProof(honest.start.proof, key, truth)!
    const read = { ok: 0, bad: 0 }
    fc.assert(
      fc.property(fc.constantFrom(...encoded), fc.array(edit, { maxLength: 3 }), hash, (bytes, edits, lie) => {
        const changed = edits.reduce((data, one) => (data.length < 33 ? data : one(data)), bytes)
        const decoded = decodeLaneProof(changed)
        read[decoded.ok ? 'ok' : 'bad']++
        if (!decoded.ok) {
          expect(decoded.error.code).toBe('LANE_PROOF_MALFORMED')
          return
        }
        expect(hexKey(encodeLaneProof(decoded.value))).toBe(hexKey(changed))
        const shows = (leaf: Uint8Array | undefined): boolean => {
          const shown = rootOfLaneProof(decoded.value, key, leaf)
          return shown !== undefined && equalBytes(shown, root)
        }
        expect([lie, undefined].map(shows)).toEqual([false, false])
        expect(shows(truth)).toBe(equalBytes(changed, encoded[0]!))
      }),
      { numRuns: 1_000 },
    )
    expect(read.ok).toBeGreaterThan(50)
    expect(read.bad).toBeGreaterThan(200)
  })
})

type Mutation = (proof: TwoAnchorProof) => TwoAnchorProof

const proofs = fc.constantFrom<LaneProof>(honest.start.proof, honest.end[0]!.proof, chain.standing(from, 77).proof)
const standing: fc.Arbitrary<(given: LaneStanding) => LaneStanding> = fc.oneof(
  fc.constantFrom((given: LaneStanding): LaneStanding => {
    const { lane: _, ...rest } = given
    return rest
  }),
  fc.tuple(hash, height).map(([tip, lastTouch]) => (given: LaneStanding) => ({ ...given, lane: { tip, lastTouch } })),
  proofs.map((proof) => (given: LaneStanding) => ({ ...given, proof })),
  fc
    .tuple(fc.constantFrom('parentSeqCommit', 'inactivityShortcut', 'payloadRoot'), hash)
    .map(([name, value]) => (given: LaneStanding) => ({ ...given, [name]: value })),
  height.map((blueScore) => (given: LaneStanding) => ({ ...given, context: { ...given.context, blueScore } })),
)
const step: fc.Arbitrary<(given: LaneStep) => LaneStep> = fc.oneof(
  height.map((blueScore) => (given: LaneStep) => ({ ...given, context: { ...given.context, blueScore } })),
  fc.constant((given: LaneStep) => ({ ...given, activity: [] })),
  fc.constant((given: LaneStep) => ({ ...given, activity: [...given.activity, ...given.activity] })),
  fc.constant((given: LaneStep): LaneStep => ({ context: given.context, activity: given.activity })),
  hash.map((on) => (given: LaneStep) => ({ ...given, begins: { on, silence: given.begins?.silence ?? [] } })),
  fc
    .array(fc.constantFrom(honest.start, ...honest.end), { maxLength: 3 })
    .map((silence) => (given: LaneStep) => ({ ...given, begins: { on: given.begins?.on ?? ZERO_HASH, silence } })),
)
const changedAt = <T>(list: readonly T[], at: number, change: (item: T) => T): readonly T[] =>
  list.map((item, i) => (i === at % list.length ? change(item) : item))
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  standing.map((change) => (proof: TwoAnchorProof) => ({ ...proof, start: change(proof.start) })),
  fc.tuple(fc.nat(), standing).map(([at, change]) => (proof: TwoAnchorProof) => ({
    ...proof,
    end: changedAt(proof.end, at, change),
  })),
  fc.tuple(fc.nat(), step).map(([at, change]) => (proof: TwoAnchorProof) => ({
    ...proof,
    steps: changedAt(proof.steps, at, change),
  })),
  fc
    .array(fc.constantFrom(...honest.steps), { maxLength: 4 })
    .map((steps) => (proof: TwoAnchorProof) => ({ ...proof, steps })),
  fc
    .array(fc.constantFrom(honest.start, ...honest.end), { maxLength: 3 })
    .map((end) => (proof: TwoAnchorProof) => ({ ...proof, end })),
  fc.constantFrom(0, 2, 77).map((lane) => (proof: TwoAnchorProof) => ({ ...proof, laneId: laneIdOf(lane) })),
)

describe('a two-anchor proof with anything changed', () => {
  const truth = honest.steps.flatMap(({ activity }) => activity)

  it('is refused by name, or tells the truth', () => {
    expect(verifyTwoAnchor(from.seqCommit, to.seqCommit, honest, WINDOW)).toEqual({ ok: true, value: truth })
    const codes = new Set<string>()
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const changed = mutations.reduce((proof, mutate) => mutate(proof), honest)
        const verdict = verifyTwoAnchor(from.seqCommit, to.seqCommit, changed, WINDOW)
        if (verdict.ok) expect(verdict.value).toEqual(truth)
        else codes.add(verdict.error.code)
      }),
      { numRuns: 600 },
    )
    expect([...codes].sort()).toEqual(['LANE_END', 'LANE_SILENCE', 'LANE_START', 'LANE_STEP'])
  })
})
