/**
 * Which block a request means. `latest` is the notarised tip, which may still be abandoned; `safe` and `finalized` are the
 * newest final block; `earliest` is genesis; `pending` is read as `latest`, since no node knows the next leader's block.
 */

import type { Header } from '../../consensus/types.ts'
import { equalBytes, fromHex, type Hash } from '../../core/bytes.ts'
import type { StateReader } from '../../vm/state/view.ts'
import type { ExecutedBlock, NodeApi } from '../api.ts'
import { notFound, RPC_CODE, RpcError } from './errors.ts'
import { type BlockRefValue, type HeightRefValue, readNumber } from './schema.ts'

type Tip = Header & { readonly hash: Hash }
type Chain = Pick<NodeApi, 'latest' | 'finalized' | 'holdings' | 'blockByHeight' | 'blockByHash' | 'stateAt'>

/** A block, or the state after it, that this node had, or would have if it kept more. */
export function prunedBlock(
  node: Pick<NodeApi, 'holdings'>,
  height: number,
  what: 'block' | 'state' = 'block',
): RpcError {
  const { blocksFrom, statesFrom } = node.holdings()
  const from = what === 'block' ? blocksFrom : statesFrom
  return new RpcError(
    RPC_CODE.resourceUnavailable,
    'BLOCK_PRUNED',
    `this node no longer holds the ${what === 'block' ? 'block' : 'state after block'} ${height}, only those from ${from} on: ask an archive node`,
    { height, blocksFrom, statesFrom },
  )
}

function tagged(node: Chain, ref: string | number): Tip | number {
  switch (ref) {
    case 'latest':
    case 'pending':
      return node.latest()
    case 'safe':
    case 'finalized':
      return node.finalized()
    case 'earliest':
      return 0
    default:
      return readNumber(ref, 'block')
  }
}

/** @throws RpcError `INVALID_PARAMS` for a number of 2^53 or more */
export function heightOf(node: Chain, ref: HeightRefValue): number {
  const found = tagged(node, ref)
  return typeof found === 'number' ? found : found.height
}

/**
 * The block, with what execution made of it; undefined when this chain has none there.
 * @throws RpcError `BLOCK_PRUNED` for a height whose block this node no longer holds
 */
export function blockAt(node: Chain, ref: BlockRefValue | HeightRefValue): ExecutedBlock | undefined {
  if (typeof ref === 'object') {
    if ('blockNumber' in ref) return blockAt(node, ref.blockNumber)
    return canonicalBlock(node, fromHex(ref.blockHash))
  }
  const found = tagged(node, ref)
  if (typeof found !== 'number') return node.blockByHash(found.hash)
  if (found > node.latest().height) return undefined
  if (found < node.holdings().blocksFrom) throw prunedBlock(node, found)
  return node.blockByHeight(found)
}

/** Undefined for a block beside the chain under the tip. */
function canonicalBlock(node: Chain, hash: Hash): ExecutedBlock | undefined {
  const executed = node.blockByHash(hash)
  if (executed === undefined || executed.final) return executed
  const there = node.blockByHeight(executed.block.header.height)
  return there !== undefined && equalBytes(there.block.hash, hash) ? executed : undefined
}

/** @throws RpcError `BLOCK_UNKNOWN` */
export function requireBlock(node: Chain, ref: BlockRefValue | HeightRefValue): ExecutedBlock {
  const executed = blockAt(node, ref)
  if (executed === undefined) throw unknownBlock(node)
  return executed
}

export interface StateAtBlock {
  readonly state: StateReader
  readonly height: number
}

/** @throws RpcError `BLOCK_UNKNOWN`, or `BLOCK_PRUNED` when this node no longer has the state of that block */
export function requireState(node: Chain, ref: BlockRefValue | HeightRefValue): StateAtBlock {
  const height = stateHeight(node, ref)
  if (height > node.latest().height) throw unknownBlock(node)
  const state = node.stateAt(height)
  if (state !== undefined) return { state, height }
  throw prunedBlock(node, height, 'state')
}

function stateHeight(node: Chain, ref: BlockRefValue | HeightRefValue): number {
  if (typeof ref !== 'object') return heightOf(node, ref)
  if ('blockNumber' in ref) return heightOf(node, ref.blockNumber)
  const executed = canonicalBlock(node, fromHex(ref.blockHash))
  if (executed === undefined) throw unknownBlock(node)
  return executed.block.header.height
}

const unknownBlock = (node: Chain): RpcError =>
  notFound('BLOCK_UNKNOWN', `header not found: this chain has no such block; the newest is ${node.latest().height}`)
