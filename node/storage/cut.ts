/**
 * Cutting a chain back: its newest blocks are undone one by one, as if they had never become final here. Each is one batch, a
 * commit backwards, so that a crash leaves the chain at some height, whole.
 *
 * What this node signed for the blocks that go is not known to the store any more. So the store is cut off from its signing
 * record too (validator-key/signed-places.ts), which then bars everything it may have covered, and the journal goes: nobody
 * signs twice, and a validator sits out some views.
 */
import { decodeBlock } from '../../consensus/block.ts'
import { concatBytes, readU64, u64be } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { keccak256 } from '../../core/hash.ts'
import { type KvOperation, type KvStore, prefixRange } from '../../core/kv.ts'
import { VersionedTree } from '../../core/smt/index.ts'
import { vprogKeysHere } from '../vprog/rows.ts'
import { decodeHeld, KEY, PREFIX } from './layout.ts'
import { VersionedValues } from './versioned-values.ts'

/**
 * @param to no lower than what is held
 * @returns the height of the new head: the newest directly final block at or below `to`, which a head has to be
 * @throws QuernError `CUT_TOO_LOW`, `STORE_CORRUPT` where what has to be undone is damaged itself
 */
export async function cutBack(
  kv: KvStore,
  to: number,
  onBlock: (left: number) => void = () => undefined,
): Promise<number> {
  const from = headHeight(kv)
  const { blocksFrom, statesFrom } = decodeHeld(kv.get(KEY.held))
  const lowest = Math.max(blocksFrom, statesFrom)
  const mayBeHead = (height: number): boolean => height === 0 || kv.get(KEY.finalization(height)) !== undefined
  let target = Math.min(to, from)
  while (target > lowest && !mayBeHead(target)) target--
  if (target < lowest || !mayBeHead(target)) {
    let least = lowest
    while (least < from && !mayBeHead(least)) least++
    throw new QuernError(
      'CUT_TOO_LOW',
      `no lower block than ${least} can be the newest here: choose --to ${least} or above`,
    )
  }
  await kv.write(await forgetSigning(kv), { sync: true })
  for (let height = from; height > target; height--) {
    await undoBlock(kv, height)
    onBlock(height - target)
  }
  return target
}

const headHeight = (kv: KvStore): number => readU64(kv.get(KEY.head) ?? u64be(0))

/** Operations that part a store from its signing record. The record beside the key then bars all that it covered. */
export async function forgetSigning(kv: KvStore): Promise<KvOperation[]> {
  const operations: KvOperation[] = [{ type: 'delete', key: KEY.signingSessions }]
  for await (const [key] of kv.entries(prefixRange(PREFIX.record)))
    operations.push({ type: 'delete', key: key.slice() })
  return operations
}

async function undoBlock(kv: KvStore, height: number): Promise<void> {
  const version = height + 1
  const operations: KvOperation[] = []
  for (const operation of await new VersionedValues(kv).undo(version)) operations.push(operation)
  for (const operation of await new VersionedTree(kv, PREFIX.tree).rollback(version - 1)) operations.push(operation)
  const keys = [KEY.block(height), KEY.receipts(height), KEY.senders(height)]
  keys.push(KEY.notarization(height), KEY.finalization(height))
  const below = decodeStored(kv, height - 1)
  const block = decodeStored(kv, height)
  if (below === undefined) {
    throw new QuernError('STORE_CORRUPT', `block ${height - 1} cannot be read: sync anew in an empty folder`)
  }
  if (block !== undefined) {
    keys.push(
      KEY.blockHeight(block.hash),
      ...block.transactions.map((envelope) => KEY.transaction(keccak256(envelope))),
      ...vprogKeysHere(kv, block),
    )
    const { epoch } = block.header
    const isFirst = below.header.epoch !== epoch || height === 0
    if (isFirst) keys.push(KEY.epochEnd(epoch))
    else operations.push({ type: 'put', key: KEY.epochEnd(epoch), value: u64be(height - 1) })
  }
  for (const key of keys) operations.push({ type: 'delete', key })
  operations.push({ type: 'put', key: KEY.head, value: concatBytes(u64be(height - 1), below.hash) })
  await kv.write(operations, { sync: true })
}

function decodeStored(kv: KvStore, height: number) {
  const bytes = kv.get(KEY.block(height))
  try {
    return bytes === undefined ? undefined : decodeBlock(bytes)
  } catch {
    return undefined
  }
}
