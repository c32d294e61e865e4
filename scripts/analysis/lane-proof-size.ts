/** How large two-anchor proofs of one lane are, by its own activity and by how many other lanes there are. */
import { encodeLaneProof } from '../../vm/lanes/proof.ts'
import { type LaneBlock, LaneChain } from '../../vm/lanes/testing/lane-chain.ts'
import { type LaneStanding, type LaneStep, type TwoAnchorProof, verifyTwoAnchor } from '../../vm/lanes/two-anchor.ts'

const HASH_BYTES = 32
const LANE_ID_BYTES = 20
/** Times, heights and counts. */
const NUMBER_BYTES = 8
/** Transaction id, version u16, merge index u32. */
const ACTIVITY_BYTES = HASH_BYTES + 2 + 4
const CONTEXT_BYTES = 3 * NUMBER_BYTES

const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0)

const standingBytes = ({ lane, proof }: LaneStanding): number =>
  1 +
  (lane === undefined ? 0 : HASH_BYTES + NUMBER_BYTES) +
  encodeLaneProof(proof).length +
  3 * HASH_BYTES +
  CONTEXT_BYTES

const stepBytes = ({ activity, begins }: LaneStep): number =>
  CONTEXT_BYTES +
  NUMBER_BYTES +
  activity.length * ACTIVITY_BYTES +
  1 +
  (begins === undefined ? 0 : HASH_BYTES + NUMBER_BYTES + sum(begins.silence.map(standingBytes)))

/** In the plainest encoding: fields at their widths, counts before lists. */
export const proofBytes = ({ start, steps, end }: TwoAnchorProof): number =>
  LANE_ID_BYTES + standingBytes(start) + 2 * NUMBER_BYTES + sum(steps.map(stepBytes)) + sum(end.map(standingBytes))

const WINDOW = 1_000
const OWN_LANE = 0
/** Lane 0 and all others that the test chain has ids for. */
export const MAX_OTHER_LANES = 2 ** 16 - 1

/**
 * Bytes of a proof after 0, 1, 2, ... blocks that touch the lane, from the block in which it and all others are first seen.
 * Each proof is verified.
 * @param otherLanes at most `MAX_OTHER_LANES`
 */
export function proofSizes(otherLanes: number, blocks: number, transactionsPerBlock: number): number[] {
  const chain = new LaneChain(WINDOW)
  const crowd = Array.from({ length: otherLanes + 1 }, (_, lane) => [lane, 1] as const)
  const from = chain.next(chain.genesis, crowd)
  const sizes: number[] = []
  for (let to: LaneBlock = from; ; to = chain.next(to, [[OWN_LANE, transactionsPerBlock]])) {
    const proof = chain.twoAnchor(from, to, OWN_LANE)
    const verdict = verifyTwoAnchor(from.seqCommit, to.seqCommit, proof, WINDOW)
    if (!verdict.ok) throw new Error(`a good proof was refused: ${verdict.error.message}`)
    sizes.push(proofBytes(proof))
    if (sizes.length > blocks) return sizes
  }
}
