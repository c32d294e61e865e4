/** Which lane a request means: by its namespace, its id, or its key. */
import { concatBytes, fromHex, type Hash } from '../../../core/bytes.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import { lanes } from '../../../vm/lanes/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import type { NodeApi } from '../../api.ts'
import { Type } from '../method.ts'
import { laneTransactions } from './lane-block.ts'

export const LaneRef = Type.String({
  pattern: '^0x([0-9a-fA-F]{8}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$',
  description: 'a lane: 0x hex of its namespace (4 bytes), its id (20) or its key (32)',
})

const NAMESPACE_TAIL = new Uint8Array(16)

export interface Lane {
  readonly key: Hash
  /** A key does not tell the id. */
  readonly id: Uint8Array | undefined
}

export function readLane(text: string): Lane {
  const bytes = fromHex(text)
  if (bytes.length === 32) return { key: bytes, id: undefined }
  const id = bytes.length === 20 ? bytes : concatBytes(bytes, NAMESPACE_TAIL)
  return { key: laneKey(id), id }
}

type Chain = Pick<NodeApi, 'vprogs' | 'latest' | 'stateAt' | 'blockByHeight'>

/** The id of a lane of which the key is known: from its record while it is active, else from its newest transaction. */
export async function laneIdOf(node: Chain, { key, id }: Lane): Promise<Uint8Array | undefined> {
  if (id !== undefined) return id
  const { height } = node.latest()
  const state = node.stateAt(height)
  const record = state === undefined ? undefined : readRecord(state, lanes, key)
  if (record !== undefined) return record.laneId
  const [newest] = await node.vprogs.newestLaneHeights(key, height, 1)
  if (newest === undefined) return undefined
  return laneTransactions(node.blockByHeight(newest), key)[0]?.transaction.action.laneId
}
