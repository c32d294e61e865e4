/** How a lane stands under the commitment of a block of this chain: what KIP-21 proves, out of the block's state. */
import { blockContext } from '../../../consensus/context.ts'
import type { Hash } from '../../../core/bytes.ts'
import { hasVprogRules } from '../../../vm/genesis.ts'
import { commitmentPath, laneContext, payloadRoot } from '../../../vm/lanes/commit.ts'
import { proveLane } from '../../../vm/lanes/pages.ts'
import { lanes } from '../../../vm/lanes/tables.ts'
import type { LaneStanding } from '../../../vm/lanes/two-anchor.ts'
import { StateView } from '../../../vm/state/view.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'
import { prunedBlock } from '../block-ref.ts'
import { RPC_CODE, RpcError } from '../errors.ts'

type Chain = Pick<NodeApi, 'genesis' | 'holdings' | 'blockByHeight' | 'stateAt'>

/** The first block that commits to lanes. */
export const firstLaneBlock = ({ genesis }: Pick<NodeApi, 'genesis'>): number => Math.max(1, genesis.activations.vprogs)

/** @throws RpcError `VPROGS_INACTIVE`: such a block commits to no lanes */
export function requireLanes(node: Pick<NodeApi, 'genesis'>, height: number): void {
  const first = firstLaneBlock(node)
  if (height >= first) return
  const remedy = hasVprogRules(node.genesis) ? `ask for one from ${first} on` : 'this chain has no vProgs'
  const message = `block ${height} commits to no lanes: ${remedy}`
  throw new RpcError(RPC_CODE.invalidInput, 'VPROGS_INACTIVE', message, { height, first })
}

/** @throws RpcError `BLOCK_PRUNED`, `VPROGS_INACTIVE` */
export function laneStanding(node: Chain, { block }: Pick<ExecutedBlock, 'block'>, key: Hash): LaneStanding {
  const { header, parentCertificate } = block
  requireLanes(node, header.height)
  const parent = node.blockByHeight(header.height - 1)
  if (parent === undefined) throw prunedBlock(node, header.height - 1)
  const reader = node.stateAt(header.height)
  if (reader === undefined) throw prunedBlock(node, header.height, 'state')
  const state = new StateView(reader)
  const context = blockContext(header, parent.block, parentCertificate)
  const record = state.get(lanes, key)
  const { parentSeqCommit, inactivityShortcut } = commitmentPath(state, context, node.genesis.params)
  return {
    ...(record === undefined ? {} : { lane: { tip: record.tip, lastTouch: record.lastTouch } }),
    proof: proveLane(state, key),
    parentSeqCommit,
    inactivityShortcut,
    context: laneContext(context),
    payloadRoot: payloadRoot(context),
  }
}
