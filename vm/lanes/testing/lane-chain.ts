/** A chain of nothing but lanes, with every past state, and beside it the same by the plainest way there is. */
import { compareBytes, type Hash, hexKey, ZERO_HASH } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import type { BlockContext } from '../../execution/types.ts'
import { recentBlocks } from '../../state/tables.ts'
import { StateView } from '../../state/view.ts'
import { type BlockActivity, commitLanes, commitmentPath, laneContext, payloadRoot, recordHeight } from '../commit.ts'
import { activityDigest, commitmentOf, contextHash, laneKey, laneLeaf, nextTip } from '../hashing.ts'
import { proveLane } from '../pages.ts'
import { lanes } from '../tables.ts'
import { lanesRoot } from '../tree.ts'
import type { LaneStanding, LaneStep, TwoAnchorProof } from '../two-anchor.ts'

export interface LaneBlock {
  readonly height: number
  readonly hash: Hash
  readonly seqCommit: Hash
  readonly timestampMs: number
  readonly context: BlockContext
  readonly state: ReadonlyMap<string, Uint8Array>
  readonly activity: readonly BlockActivity[]
  readonly parent: LaneBlock | undefined
  readonly naive: ReadonlyMap<string, { readonly key: Hash; readonly tip: Hash; readonly lastTouch: number }>
}

export const laneIdOf = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 255, 0, 1, ...new Uint8Array(16))

const labelled = (label: string): Hash => sha256(new TextEncoder().encode(label))

const GENESIS: LaneBlock = {
  height: 0,
  hash: labelled('genesis'),
  seqCommit: ZERO_HASH,
  timestampMs: 1_000,
  context: {} as BlockContext,
  state: new Map(),
  activity: [],
  parent: undefined,
  naive: new Map(),
}

export class LaneChain {
  readonly #params: { readonly laneWindowBlocks: number }

  constructor(laneWindowBlocks: number) {
    this.#params = { laneWindowBlocks }
  }

  readonly genesis = GENESIS

  /** @param touches lanes by number, with how many transactions each; `fork` tells siblings apart */
  next(parent: LaneBlock, touches: readonly (readonly [lane: number, transactions: number])[], fork = ''): LaneBlock {
    const height = parent.height + 1
    const { hash, seqCommit, timestampMs } = parent
    const context: BlockContext = {
      height,
      epoch: 0,
      view: height,
      timestampMs: timestampMs + 500,
      proposer: new Uint8Array(20),
      randomnessReveal: new Uint8Array(96),
      baseFeePerGas: 0n,
      parent: {
        hash,
        height: parent.height,
        epoch: 0,
        view: height - 1,
        timestampMs,
        proposer: new Uint8Array(20).fill(7),
        seqCommit,
      },
      parentSigners: [],
    }
    let mergeIndex = 0
    const activity = touches.flatMap(([lane, count]) =>
      Array.from({ length: count }, () => ({
        laneId: laneIdOf(lane),
        txId: labelled(`${fork} ${height} ${lane} ${mergeIndex}`),
        version: 1,
        mergeIndex: mergeIndex++,
      })),
    )
    const view = this.view(parent)
    view.set(recentBlocks, parent.height, { hash, seqCommit, timestampMs })
    recordHeight(view, context, this.#params)
    const forgotten = parent.height - this.#params.laneWindowBlocks - 1
    if (forgotten >= 0) view.delete(recentBlocks, forgotten)
    const commitment = commitLanes(view, context, activity, this.#params)
    const state = new Map(parent.state)
    for (const { treeKey, value } of view.finish()) {
      if (value === undefined) state.delete(hexKey(treeKey))
      else state.set(hexKey(treeKey), value)
    }
    return {
      height,
      hash: labelled(`block ${fork} ${height} ${hexKey(commitment)}`),
      seqCommit: commitment,
      timestampMs: context.timestampMs,
      context,
      state,
      activity,
      parent,
      naive: this.#naive(parent, context, activity),
    }
  }

  view({ state }: LaneBlock): StateView {
    return new StateView({ get: (treeKey) => state.get(hexKey(treeKey)) })
  }

  #naive(parent: LaneBlock, context: BlockContext, activity: readonly BlockActivity[]): LaneBlock['naive'] {
    const { height } = context
    const kept = [...parent.naive].filter(([, { lastTouch }]) => lastTouch >= height - this.#params.laneWindowBlocks)
    const next = new Map(kept)
    const own = new Map<string, BlockActivity[]>()
    for (const one of activity) {
      const id = hexKey(one.laneId)
      const known = own.get(id)
      if (known === undefined) own.set(id, [one])
      else known.push(one)
    }
    for (const [id, touched] of own) {
      const key = laneKey(touched[0]!.laneId)
      const parentRef = next.get(id)?.tip ?? parent.seqCommit
      next.set(id, {
        key,
        tip: nextTip(parentRef, key, activityDigest(touched), contextHash(laneContext(context))),
        lastTouch: height,
      })
    }
    return next
  }

  /** The block's commitment, from its list of lanes. */
  naiveCommitment(block: LaneBlock): Hash {
    const all = [...block.naive.values()].toSorted((a, b) => compareBytes(a.key, b.key))
    const root = lanesRoot(all.map(({ key, tip, lastTouch }) => ({ key, leaf: laneLeaf(tip, lastTouch) })))
    const beyond = block.height - this.#params.laneWindowBlocks - 1
    const shortcut = beyond > 0 ? this.ancestor(block, beyond).seqCommit : ZERO_HASH
    const { parentSeqCommit, payloadAndContext } = commitmentPath(this.view(block), block.context, this.#params)
    return commitmentOf(root, { parentSeqCommit, payloadAndContext, inactivityShortcut: shortcut })
  }

  ancestor(block: LaneBlock, height: number): LaneBlock {
    let at = block
    while (at.height > height) at = at.parent!
    return at
  }

  standing(block: LaneBlock, lane: number): LaneStanding {
    const key = laneKey(laneIdOf(lane))
    const view = this.view(block)
    const record = view.get(lanes, key)
    const { parentSeqCommit, inactivityShortcut } = commitmentPath(view, block.context, this.#params)
    return {
      ...(record === undefined ? {} : { lane: { tip: record.tip, lastTouch: record.lastTouch } }),
      proof: proveLane(view, key),
      parentSeqCommit,
      inactivityShortcut,
      context: laneContext(block.context),
      payloadRoot: payloadRoot(block.context),
    }
  }

  /** Back over silent windows, to where the lane shows or nothing can have happened since `knownAt`. */
  #silence(block: LaneBlock, lane: number, provedAt: number | undefined): LaneStanding[] {
    const standings: LaneStanding[] = []
    for (let at = block; ; ) {
      const standing = this.standing(at, lane)
      standings.push(standing)
      const beyond = at.height - this.#params.laneWindowBlocks - 1
      if (standing.lane !== undefined || (provedAt !== undefined && beyond <= provedAt)) return standings
      at = this.ancestor(block, beyond)
    }
  }

  twoAnchor(from: LaneBlock, to: LaneBlock, lane: number): TwoAnchorProof {
    const id = hexKey(laneIdOf(lane))
    const between: LaneBlock[] = []
    for (let at = to; at.height > from.height; at = at.parent!) between.unshift(at)
    let provedAt: number | undefined = from.height
    const steps: LaneStep[] = []
    for (const block of between) {
      const activity = block.activity.filter(({ laneId }) => hexKey(laneId) === id)
      if (activity.length === 0) continue
      const parent = block.parent!
      const before = parent.naive.get(id)
      const goesOn = before !== undefined && before.lastTouch >= block.height - this.#params.laneWindowBlocks
      const begins = { on: parent.seqCommit, silence: parent.height === 0 ? [] : this.#silence(parent, lane, provedAt) }
      const context = laneContext(block.context)
      steps.push(goesOn ? { context, activity } : { context, activity, begins })
      provedAt = undefined
    }
    return { laneId: laneIdOf(lane), start: this.standing(from, lane), steps, end: this.#silence(to, lane, provedAt) }
  }
}
