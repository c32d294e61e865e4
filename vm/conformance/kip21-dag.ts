/**
 * The sequencing commitment of every block of a block DAG, as Kaspa's consensus computes it. The file has a line of JSON with the
 * consensus parameters (`blockrate.finality_depth`), then one for each block, genesis first, parents before children. Ours is
 * a chain; the formulas are the same, and these files are where they meet real data.
 *
 * Selected parent: the parent with most blue work, then the greater hash. A block accepts its mergeset: the selected parent
 * first, then the rest by ascending blue work and hash, with the coinbase of the selected parent alone.
 */
import { bytesToBigInt, compareBytes, type Hash, hexKey, ZERO_HASH } from '../../core/bytes.ts'
import { transactionId } from '../kip/hashing.ts'
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
} from '../lanes/hashing.ts'
import { lanesRoot } from '../lanes/tree.ts'
import { type Check, compare } from './check.ts'
import { type JsonValue, parseJson } from './json-value.ts'
import { readTransaction } from './kip-json.ts'

/** Blocks of a file: each costs a walk over its past, so a file of these takes some ten seconds. */
const MAX_DAG_BLOCKS = 10_000

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

class SeqCommitDag {
  readonly #finalityDepth: number
  readonly #blocks = new Map<string, Known>()

  constructor(finalityDepth: number) {
    this.#finalityDepth = finalityDepth
  }

  /** @throws QuernError `VECTOR_MALFORMED` */
  add(json: JsonValue): Check {
    const header = json.field('header')
    const hash = header.field('hash').bytes(32)
    if (this.#blocks.size === MAX_DAG_BLOCKS) throw json.malformed(`among ${MAX_DAG_BLOCKS} blocks at most`)
    const levels = header.field('parentsByLevel').list()
    const parents = (levels[0]?.list() ?? []).map((parent) => {
      const known = this.#blocks.get(hexKey(parent.bytes(32)))
      if (known === undefined) throw parent.malformed('the hash of a block before it')
      return known
    })
    const selectedParent = parents.toSorted(byWork).at(-1)
    const transactions = json.field('transactions').list()
    const block = {
      hash,
      parents,
      selectedParent,
      timestampMs: header.field('timestamp').number(),
      blueScore: header.field('blueScore').number(),
      blueWork: bytesToBigInt(header.field('blueWork').bytes()),
      coinbasePayload: json.field('transactions').item(0).field('payload').bytes(),
      transactions: transactions.map((item) => {
        const transaction = readTransaction(item)
        const { version, subnetworkId } = transaction
        return { id: transactionId(transaction), version, laneId: subnetworkId }
      }),
    }
    const { seqCommit, lanes } =
      selectedParent === undefined
        ? { seqCommit: ZERO_HASH, lanes: new Map() }
        : this.#commit(parents, selectedParent, header.field('daaScore').number(), block.blueScore)
    this.#blocks.set(hexKey(hash), { ...block, seqCommit, lanes })
    const expected = hexKey(header.field('acceptedIdMerkleRoot').bytes(32))
    return compare(`block ${hexKey(hash)}`, expected, hexKey(seqCommit))
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

/** @throws QuernError `VECTOR_MALFORMED` */
export async function* kip21DagChecks(lines: AsyncIterable<string>): AsyncGenerator<Check> {
  let dag: SeqCommitDag | undefined
  let number = 0
  for await (const line of lines) {
    number++
    if (line.trim() === '') continue
    const json = parseJson(line, `line ${number}`)
    if (dag === undefined) dag = new SeqCommitDag(json.field('blockrate').field('finality_depth').number())
    else yield dag.add(json)
  }
}
