/**
 * The sequencing commitment of every block of a block DAG, as Kaspa's consensus computes it: one line of JSON a block. Ours is
 * a chain; the formulas are the same, and these files are where they meet real data.
 *
 * Selected parent: the parent with most blue work, then the greater hash. A block accepts its mergeset: the selected parent
 * first, then the rest by ascending blue work and hash, with the coinbase of the selected parent alone.
 */
import { compareBytes, fromHex, type Hash, hexKey, ZERO_HASH } from '../../../core/bytes.ts'
import { transactionId } from '../../kip/hashing.ts'
import { type JsonTransaction, transactionFromJson } from '../../kip/testing/json.ts'
import {
  activityDigest,
  commitmentOf,
  contextHash,
  type LaneActivity,
  laneKey,
  laneLeaf,
  minerLeaf,
  nextTip,
  paddedRoot,
  payloadAndContext,
  strippedBigEndian,
} from '../hashing.ts'
import { lanesRoot } from '../tree.ts'

export interface DagBlock {
  readonly header: {
    readonly hash: string
    readonly parentsByLevel: readonly (readonly string[])[]
    readonly acceptedIdMerkleRoot: string
    readonly timestamp: number
    readonly daaScore: number
    readonly blueScore: number
    readonly blueWork: string
  }
  readonly transactions: readonly JsonTransaction[]
}

interface LaneTip {
  readonly key: Hash
  readonly tip: Hash
  readonly lastTouch: number
}

interface Known {
  readonly hash: Hash
  readonly parents: readonly Known[]
  readonly selectedParent: Known | undefined
  readonly timestampMs: number
  readonly blueScore: number
  readonly blueWork: bigint
  readonly seqCommit: Hash
  readonly transactions: readonly { readonly id: Hash; readonly version: number; readonly laneId: Uint8Array }[]
  readonly coinbasePayload: Uint8Array
  /** By lane key in hex. */
  readonly lanes: ReadonlyMap<string, LaneTip>
}

const byWork = (a: Known, b: Known): number => {
  if (a.blueWork !== b.blueWork) return a.blueWork < b.blueWork ? -1 : 1
  return compareBytes(a.hash, b.hash)
}

function pastOf(start: readonly Known[]): Set<Known> {
  const past = new Set<Known>()
  const open = [...start]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (past.has(next)) continue
    past.add(next)
    open.push(...next.parents)
  }
  return past
}

export class SeqCommitDag {
  readonly #finalityDepth: number
  readonly #blocks = new Map<string, Known>()

  constructor(finalityDepth: number) {
    this.#finalityDepth = finalityDepth
  }

  /** @returns the commitment as computed here; the header's is beside it as `acceptedIdMerkleRoot` */
  add({ header, transactions }: DagBlock): Hash {
    const parents = (header.parentsByLevel[0] ?? []).map((hash) => this.#blocks.get(hash)!)
    const selectedParent = parents.toSorted(byWork).at(-1)
    const block = {
      hash: fromHex(header.hash),
      parents,
      selectedParent,
      timestampMs: header.timestamp,
      blueScore: header.blueScore,
      blueWork: BigInt(`0x${header.blueWork}`),
      coinbasePayload: fromHex(transactions[0]!.payload),
      transactions: transactions.map((tx) => ({
        id: transactionId(transactionFromJson(tx)),
        version: tx.version,
        laneId: fromHex(tx.subnetworkId),
      })),
    }
    const { seqCommit, lanes } =
      selectedParent === undefined
        ? { seqCommit: ZERO_HASH, lanes: new Map() }
        : this.#commit(parents, selectedParent, header.daaScore, header.blueScore)
    this.#blocks.set(header.hash, { ...block, seqCommit, lanes })
    return seqCommit
  }

  #commit(
    parents: readonly Known[],
    selectedParent: Known,
    daaScore: number,
    blueScore: number,
  ): Pick<Known, 'seqCommit' | 'lanes'> {
    const known = pastOf([selectedParent])
    const rest = [...pastOf(parents)].filter((block) => !known.has(block)).toSorted(byWork)
    const merged = [selectedParent, ...rest]
    const context = contextHash({ timestampMs: selectedParent.timestampMs, daaScore, blueScore })

    const activity = new Map<string, { laneId: Uint8Array; leaves: LaneActivity[] }>()
    let mergeIndex = 0
    for (const block of merged) {
      for (const [i, { id, version, laneId }] of block.transactions.entries()) {
        if (i === 0 && block !== selectedParent) continue
        const lane = activity.get(hexKey(laneId)) ?? { laneId, leaves: [] }
        lane.leaves.push({ txId: id, version, mergeIndex: mergeIndex++ })
        activity.set(hexKey(laneId), lane)
      }
    }

    const expired = blueScore - this.#finalityDepth
    const lanes = new Map([...selectedParent.lanes].filter(([, { lastTouch }]) => lastTouch >= expired))
    for (const { laneId, leaves } of activity.values()) {
      const key = laneKey(laneId)
      const parentRef = lanes.get(hexKey(key))?.tip ?? selectedParent.seqCommit
      const tip = nextTip(parentRef, key, activityDigest(leaves), context)
      lanes.set(hexKey(key), { key, tip, lastTouch: blueScore })
    }
    const ascending = [...lanes.values()].toSorted((a, b) => compareBytes(a.key, b.key))
    const root = lanesRoot(ascending.map(({ key, tip, lastTouch }) => ({ key, leaf: laneLeaf(tip, lastTouch) })))
    const payloadRoot = paddedRoot(
      merged.map(({ hash, blueWork, coinbasePayload }) =>
        minerLeaf(hash, strippedBigEndian(blueWork), coinbasePayload),
      ),
    )
    const seqCommit = commitmentOf(root, {
      parentSeqCommit: selectedParent.seqCommit,
      inactivityShortcut: this.#shortcut(selectedParent, blueScore),
      payloadAndContext: payloadAndContext(context, payloadRoot),
    })
    return { seqCommit, lanes }
  }

  /** The commitment of the highest selected ancestor that lies beyond the window; zero where that is genesis. */
  #shortcut(selectedParent: Known, blueScore: number): Hash {
    let at: Known | undefined = selectedParent
    while (at !== undefined && at.blueScore > blueScore - this.#finalityDepth - 1) at = at.selectedParent
    return at?.selectedParent === undefined ? ZERO_HASH : at.seqCommit
  }
}
