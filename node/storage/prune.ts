/**
 * Forgetting one block, and refusing what was forgotten. Its transactions and its hash are forgotten with it, so that nothing is left that points to it. Of
 * the last block of an epoch its header and finalization stay: they lead from one validator set to the next, and whoever
 * joins later verifies along them.
 */

import { decodeBlock } from '../../consensus/block.ts'
import { encodeHeader } from '../../consensus/header.ts'
import type { Block } from '../../consensus/types.ts'
import { readU64 } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { keccak256 } from '../../core/hash.ts'
import type { KvOperation, KvReader } from '../../core/kv.ts'
import { encodeRlp } from '../../core/rlp.ts'
import { vprogKeysHere } from '../vprog/rows.ts'
import { type Held, KEY } from './layout.ts'

/** For who asks below what is held. */
export function pruned(height: number, what: 'block' | 'state', { blocksFrom, statesFrom }: Held): QuernError {
  const from = what === 'block' ? blocksFrom : statesFrom
  return new QuernError(
    'BLOCK_PRUNED',
    `this node no longer holds the ${what === 'block' ? 'block' : 'state after block'} ${height}, only those from ${from} on: ask an archive node`,
    { height, blocksFrom, statesFrom },
  )
}

/** Operations that forget the block of a height, which is neither the head nor gone. */
export function pruneBlock(kv: KvReader, height: number): KvOperation[] {
  const block = readBlock(kv, height)
  const keys = [KEY.block(height), KEY.receipts(height), KEY.senders(height), KEY.notarization(height)]
  const operations: KvOperation[] = []
  if (block === undefined) {
    keys.push(KEY.finalization(height))
  } else {
    const { hash, header, transactions } = block
    keys.push(KEY.blockHeight(hash), ...transactions.map((envelope) => KEY.transaction(keccak256(envelope))))
    keys.push(...vprogKeysHere(kv, block))
    const end = kv.get(KEY.epochEnd(header.epoch))
    if (end !== undefined && readU64(end) === height) {
      operations.push({ type: 'put', key: KEY.edgeHeader(header.epoch), value: encodeRlp(encodeHeader(header)) })
    } else {
      keys.push(KEY.finalization(height))
    }
  }
  return [...operations, ...keys.map((key): KvOperation => ({ type: 'delete', key }))]
}

/** One that cannot be read is forgotten too; `quern chain repair` finds what pointed to it. */
function readBlock(kv: KvReader, height: number): Block | undefined {
  const bytes = kv.get(KEY.block(height))
  try {
    return bytes === undefined ? undefined : decodeBlock(bytes)
  } catch {
    return undefined
  }
}
