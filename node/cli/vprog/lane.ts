/** What happened in a program's lane: asked from the node, and held against the commitments of its headers. */
import { equalBytes, fromHex, type Hash, hexKey, toHex, ZERO_HASH } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import type { LaneActivity } from '../../../vm/lanes/hashing.ts'
import { verifyTwoAnchor } from '../../../vm/lanes/two-anchor.ts'
import type { TwoAnchorJson } from '../../rpc/vprog/standing-json.ts'
import type { RpcClient } from '../rpc-client.ts'

/** A block by what commits to its lanes. */
export interface Anchor {
  readonly height: number
  readonly hash: Hash
  readonly seqCommit: Hash
}

interface HeaderView {
  readonly height: number
  readonly hash: string
  readonly seq_commit: string
}

/** @param ref height, hash or tag @throws QuernError `BLOCK_UNKNOWN` */
export async function anchorAt(client: RpcClient, ref: string | number): Promise<Anchor> {
  const header = await client.call<HeaderView | null>('chain_getHeader', [ref])
  if (header === null)
    throw new QuernError('BLOCK_UNKNOWN', `no block ${ref}: see \`quern query status\` for the height`)
  return { height: header.height, hash: fromHex(header.hash), seqCommit: fromHex(header.seq_commit) }
}

/** The lane's tip now; zeros while it is not active. */
export async function laneTipOf(client: RpcClient, key: Hash): Promise<Hash> {
  const { tip } = await client.call<{ tip: string | null }>('vprog_getLane', [toHex(key)])
  return tip === null ? ZERO_HASH : fromHex(tip)
}

interface PartView {
  readonly to: { readonly height: number; readonly seq_commit: string }
  readonly window_blocks: number
  readonly proof: TwoAnchorJson
  readonly next: number | null
}

export interface LaneLife {
  readonly tip: Hash
  /** In order. */
  readonly activity: readonly LaneActivity[]
}

/**
 * From one block up to another, and where that leads the lane's tip.
 * @param tip as the covenant holds it; a lane that is silent under `from` does not show it
 * @throws QuernError `LANE_TIP_OTHER`, `LANE_START`, `LANE_STEP`, `LANE_SILENCE`, `LANE_END`, `LANE_PROOF_MALFORMED`
 */
export async function lifeOf(
  client: RpcClient,
  laneId: Uint8Array,
  tip: Hash,
  { from, to }: { readonly from: Anchor; readonly to: Anchor },
): Promise<LaneLife> {
  const { readTwoAnchor } = await import('../../rpc/vprog/standing-json.ts')
  const activity: LaneActivity[] = []
  let reached = tip
  let commitment = from.seqCommit
  for (let at: number | null = from.height; at !== null; ) {
    const part: PartView = await client.call('vprog_getTwoAnchorProof', [toHex(laneId), at, toHex(to.hash)])
    const proof = readTwoAnchor(part.proof)
    if (!equalBytes(proof.laneId, laneId)) throw new QuernError('LANE_START', 'the node tells of another lane')
    const { lane } = proof.start
    if (lane !== undefined && !equalBytes(lane.tip, reached)) {
      throw new QuernError(
        'LANE_TIP_OTHER',
        `the lane stood at ${hexKey(lane.tip).slice(0, 16)} in block ${at}, and the covenant holds another tip: deploy anew`,
      )
    }
    const next = fromHex(part.to.seq_commit)
    const told = verifyTwoAnchor(commitment, next, proof, part.window_blocks)
    if (!told.ok)
      throw new QuernError(told.error.code, `what the node tells of the lane is not true: ${told.error.message}`)
    activity.push(...told.value)
    reached = proof.end.at(-1)?.lane?.tip ?? reached
    commitment = next
    at = part.next
  }
  if (!equalBytes(commitment, to.seqCommit)) {
    throw new QuernError('LANE_END', `what the node tells of the lane does not lead to block ${to.height}: ask another`)
  }
  return { tip: reached, activity }
}
