import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes, equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { StateView } from '../state/view.ts'
import { seqCommitOf } from './commit.ts'
import { laneKey } from './hashing.ts'
import { proveLane, updateLanes } from './pages.ts'
import { decodeLaneProof, encodeLaneProof, MAX_LANE_PROOF_BYTES, rootOfLaneProof } from './proof.ts'
import { lanePages, lanes } from './tables.ts'
import { type LaneBlock, LaneChain, laneIdOf } from './testing/lane-chain.ts'
import { lanesRoot } from './tree.ts'
import { type TwoAnchorProof, verifyTwoAnchor } from './two-anchor.ts'

const WINDOW = 5
const LANES = 9

/** Lanes touched in a block, by number, with how many transactions. */
const touches = fc.uniqueArray(fc.tuple(fc.nat(LANES - 1), fc.integer({ min: 1, max: 4 })), {
  maxLength: 4,
  selector: ([lane]) => lane,
})
const history = fc.array(touches, { minLength: 1, maxLength: 40 })

function chainOf(chain: LaneChain, blocks: readonly (readonly (readonly [number, number])[])[]): LaneBlock[] {
  const made = [chain.genesis]
  for (const block of blocks) made.push(chain.next(made.at(-1)!, block))
  return made
}

describe('commitments of a chain', () => {
  it('are those that the plain list of lanes gives, on every branch', () => {
    fc.assert(
      fc.property(history, history, fc.nat(39), (one, other, fork) => {
        const chain = new LaneChain(WINDOW)
        const blocks = chainOf(chain, one)
        const at = blocks[fork % blocks.length]!
        let branch = at
        const forked = other.map((block) => (branch = chain.next(branch, block, 'fork')))
        for (const block of [...blocks.slice(1), ...forked]) {
          expect(hexKey(block.seqCommit)).toBe(hexKey(chain.naiveCommitment(block)))
        }
      }),
      { numRuns: 40 },
    )
  })

  it('leave no record of a lane that nobody touches any more', () => {
    const chain = new LaneChain(WINDOW)
    let block = chain.genesis
    for (let i = 0; i < 10; i++) block = chain.next(block, [[i % 4, 1]])
    for (let i = 0; i <= WINDOW; i++) block = chain.next(block, [])
    const view = chain.view(block)
    for (let i = 0; i < 4; i++) expect(view.get(lanes, laneKey(laneIdOf(i)))).toBeUndefined()
    expect(view.get(lanePages, { depth: 0, path: new Uint8Array(32) })).toBeUndefined()
  })

  it('a lane is active for the window and not a block longer, and begins anew on the parent', () => {
    const chain = new LaneChain(WINDOW)
    let block = chain.next(chain.genesis, [[1, 1]])
    const id = hexKey(laneIdOf(1))
    const first = block.naive.get(id)!.tip
    for (let i = 0; i < WINDOW - 1; i++) block = chain.next(block, [])
    const onTime = chain.next(block, [[1, 1]])
    const record = (b: LaneBlock) => chain.view(b).get(lanes, laneKey(laneIdOf(1)))
    expect(record(onTime)!.lastTouch).toBe(WINDOW + 1)
    expect(hexKey(record(chain.next(block, []))!.tip)).toBe(hexKey(first))
    expect(record(chain.next(chain.next(block, []), []))).toBeUndefined()
  })

  it('scripts find ancestors within the window by their hash', () => {
    const chain = new LaneChain(WINDOW)
    const blocks = chainOf(
      chain,
      Array.from({ length: 20 }, () => []),
    )
    const { context } = chain.next(blocks.at(-1)!, [])
    const view = chain.view(chain.next(blocks.at(-1)!, []))
    const found = blocks.filter(
      ({ hash }) => seqCommitOf(view, context, { laneWindowBlocks: WINDOW }, hash) !== undefined,
    )
    expect(found.map(({ height }) => height)).toEqual([17, 18, 19, 20])
    for (const { hash, seqCommit } of found) {
      expect(hexKey(seqCommitOf(view, context, { laneWindowBlocks: WINDOW }, hash)!)).toBe(hexKey(seqCommit))
    }
  })
})

/** Keys close to each other, so that pages are deep. */
const key = fc.tuple(fc.constantFrom(0, 3, 4, 30, 31, 255), fc.integer({ min: 0, max: 3 })).map(([bit, n]): Hash => {
  const bytes = new Uint8Array(32)
  bytes[bit >> 3]! |= 0x80 >> (bit & 7)
  bytes[0]! |= n
  return bytes
})
const change = fc.tuple(key, fc.option(fc.nat(1_000), { nil: undefined }))

describe('the tree in pages', () => {
  const leafOf = (n: number): Hash => sha256(Uint8Array.of(n >> 8, n & 255))

  it('has the root of the plain tree after any changes, and proves every key under it', () => {
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(change, { selector: ([k]) => hexKey(k) }), { maxLength: 8 }), (batches) => {
        const state = new StateView({ get: () => undefined })
        const held = new Map<string, { key: Hash; leaf: Hash }>()
        for (const batch of batches) {
          for (const [k, n] of batch) {
            if (n === undefined) held.delete(hexKey(k))
            else held.set(hexKey(k), { key: k, leaf: leafOf(n) })
          }
          const root = updateLanes(
            state,
            batch.map(([k, n]) => ({ key: k, leaf: n === undefined ? undefined : leafOf(n) })),
          )
          const plain = lanesRoot([...held.values()].toSorted((a, b) => compareBytes(a.key, b.key)))
          expect(hexKey(root)).toBe(hexKey(plain))
          for (const [k] of batch) {
            const bytes = encodeLaneProof(proveLane(state, k))
            const decoded = decodeLaneProof(bytes)
            expect(decoded.ok).toBe(true)
            if (!decoded.ok) continue
            const leaf = held.get(hexKey(k))?.leaf
            expect(hexKey(rootOfLaneProof(decoded.value, k, leaf)!)).toBe(hexKey(root))
            const lie = rootOfLaneProof(decoded.value, k, leaf === undefined ? leafOf(7) : undefined)
            expect(lie === undefined || !equalBytes(lie, root)).toBe(true)
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('lane proofs on the wire', () => {
  it('any bytes are refused, or are the one encoding of a proof', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(0, 1, 2, 3), fc.nat(40), (rest, kind, depth) => {
        const bytes = Uint8Array.from([...new Uint8Array(32).fill(0xff), kind, depth, ...rest])
        bytes[0] = rest[0] ?? 0xff
        const decoded = decodeLaneProof(bytes)
        if (decoded.ok) expect(hexKey(encodeLaneProof(decoded.value))).toBe(hexKey(bytes))
        else expect(decoded.error.code).toBe('LANE_PROOF_MALFORMED')
      }),
    )
    expect(decodeLaneProof(new Uint8Array(MAX_LANE_PROOF_BYTES + 1)).ok).toBe(false)
  })
})

describe('two-anchor proofs', () => {
  const verify = (from: LaneBlock, to: LaneBlock, proof: TwoAnchorProof) =>
    verifyTwoAnchor(from.seqCommit, to.seqCommit, proof, WINDOW)

  it('show everything that happened in the lane, through any silence', () => {
    fc.assert(
      fc.property(history, fc.nat(LANES - 1), fc.nat(39), (blocksOf, lane, start) => {
        const chain = new LaneChain(WINDOW)
        const blocks = chainOf(chain, blocksOf)
        const to = blocks.at(-1)!
        const from = blocks[1 + (start % (blocks.length - 1))]!
        const proof = chain.twoAnchor(from, to, lane)
        const verdict = verify(from, to, proof)
        const id = hexKey(laneIdOf(lane))
        const happened = blocks
          .filter(({ height }) => height > from.height)
          .flatMap(({ activity }) => activity.filter(({ laneId }) => hexKey(laneId) === id))
          .map(({ txId }) => hexKey(txId))
        expect(verdict.ok ? verdict.value.map(({ txId }) => hexKey(txId)) : verdict.error).toEqual(happened)

        // Whatever is left out shows.
        for (let i = 0; i < proof.steps.length; i++) {
          expect(verify(from, to, { ...proof, steps: proof.steps.toSpliced(i, 1) }).ok).toBe(false)
          const { activity } = proof.steps[i]!
          const shorter = { ...proof.steps[i]!, activity: activity.slice(1) }
          expect(verify(from, to, { ...proof, steps: proof.steps.with(i, shorter) }).ok).toBe(false)
        }
        if (happened.length > 0) {
          expect(verify(from, to, { ...proof, laneId: laneIdOf(LANES) }).ok).toBe(false)
          expect(verify(to, from, proof).ok).toBe(false)
        }
      }),
      { numRuns: 150 },
    )
  })

  it('all that came before a silence belongs to the proof', () => {
    const chain = new LaneChain(WINDOW)
    const active = [[1, 1]] as const
    const quiet = Array.from({ length: 2 * WINDOW }, () => [])
    const blocks = chainOf(chain, [[[2, 1]], active, ...quiet, active, active, ...quiet])
    const from = blocks[1]!
    const to = blocks.at(-1)!
    const proof = chain.twoAnchor(from, to, 1)
    expect(proof.steps.map(({ begins }) => begins?.silence.length)).toEqual([1, 2, undefined])
    expect(verify(from, to, proof).ok).toBe(true)
    const forgetful = verify(from, to, { ...proof, steps: proof.steps.slice(1) })
    expect(forgetful).toMatchObject({ ok: false, error: { code: 'LANE_SILENCE' } })
    const silent = verify(from, to, { ...proof, steps: [] })
    expect(silent).toMatchObject({ ok: false, error: { code: 'LANE_END' } })
  })

  it('its steps do not change when other lanes double', () => {
    const bytesOf = (others: number) => {
      const chain = new LaneChain(50)
      const crowd = Array.from({ length: others }, (_, i) => [i + 1, 1] as const)
      const blocks = chainOf(chain, [crowd, ...Array.from({ length: 8 }, () => [[0, 2]] as const)])
      const { start, steps, end } = chain.twoAnchor(blocks[1]!, blocks.at(-1)!, 0)
      const siblings = [start, ...end].reduce((sum, { proof }) => sum + encodeLaneProof(proof).length, 0)
      return { steps: steps.length, activity: steps.flatMap(({ activity }) => activity).length, siblings }
    }
    const [few, many] = [bytesOf(64), bytesOf(128)]
    expect(many).toMatchObject({ steps: few.steps, activity: few.activity })
    expect(many.siblings - few.siblings).toBeLessThanOrEqual(2 * 3 * 32)
  })
})
