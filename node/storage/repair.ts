/**
 * Puts right what a check found (verify/verify.ts), from what is sound: indexes from blocks, receipts by execution, the tree
 * from the values. What nothing else tells is forgotten, and fetched again later: blocks up to a damaged one, states before
 * the newest. What cannot be forgotten is left, and named by the next check.
 *
 * Every step may be done twice, so a repair that was cut short is simply run again.
 */
import { decodeBlock } from '../../consensus/block.ts'
import { blockContext } from '../../consensus/context.ts'
import type { Block } from '../../consensus/types.ts'
import { concatBytes, EMPTY_BYTES, equalBytes, readU64, u64be } from '../../core/bytes.ts'
import { keccak256 } from '../../core/hash.ts'
import type { KvOperation, KvStore } from '../../core/kv.ts'
import { encodeRlp } from '../../core/rlp.ts'
import { executeBlock } from '../../vm/execution/execution.ts'
import { encodeReceipt, receiptRoot } from '../../vm/execution/receipt.ts'
import type { ExecutionRules } from '../../vm/execution/types.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { epochOf } from '../../vm/params.ts'
import { decodeOptions, decodeTransaction } from '../../vm/transaction/envelope.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { vprogActivity } from '../vprog/activity.ts'
import { readReceipts, vprogRows } from '../vprog/rows.ts'
import { ChainStore } from './chain-store.ts'
import { forgetSigning } from './cut.ts'
import { flatten } from './flatten.ts'
import { decodeHeld, KEY, PREFIX, transactionPlace } from './layout.ts'
import type { Fault } from './verify/faults.ts'

export interface RepairModules {
  readonly kv: KvStore
  readonly genesis: Genesis
  /** What its blocks are executed by. */
  readonly rules: ExecutionRules
  /** Told each thing that was done, in words. */
  readonly did: (what: string) => void
}

/** Does what can be done about these faults. */
export async function repairFaults(faults: readonly Fault[], modules: RepairModules): Promise<void> {
  const { kv, did } = modules
  const of = (kind: Fault['kind']): Fault[] => faults.filter((fault) => fault.kind === kind)
  if (of('journal').length > 0) {
    await kv.write(await forgetSigning(kv), { sync: true })
    await kv.write(of('journal').map(({ key }) => ({ type: 'delete', key })))
    did('removed the journal: a validator signs nothing that it may have signed before')
  }
  const strays = of('stray').map(({ key }): KvOperation => ({ type: 'delete', key }))
  if (strays.length > 0) {
    await kv.write(strays)
    did(`removed ${strays.length} rows that belonged to nothing`)
  }
  await repairIndexes(of('index'), modules)
  const lost = await repairReceipts(of('receipts'), modules)
  if (of('tree').length > 0 || of('past').length > 0) {
    const head = readBlock(kv, readU64(kv.get(KEY.head) ?? u64be(0)))
    if (head !== undefined && of('state').length === 0) {
      await flatten(kv, head.header.stateRoot)
      did('built the newest tree from its values, and forgot the states before it')
    }
  }
  const damaged = [...of('block').map(({ height }) => height), ...lost]
  await forgetBlocks(
    damaged.filter((height) => height !== undefined),
    modules,
  )
  // What was written without waiting is on the disk with this.
  await kv.write([], { sync: true })
}

function readBlock(kv: KvStore, height: number): Block | undefined {
  try {
    const bytes = kv.get(KEY.block(height))
    return bytes === undefined ? undefined : decodeBlock(bytes)
  } catch {
    return undefined
  }
}

async function repairIndexes(faults: readonly Fault[], { kv, genesis, did }: RepairModules): Promise<void> {
  const operations: KvOperation[] = []
  for (const { key } of faults) {
    if (key[0] === PREFIX.change[0]) operations.push({ type: 'put', key, value: EMPTY_BYTES })
    if (key[0] === KEY.epochEnd(0)[0]) operations.push(epochEnd(kv, genesis, key))
  }
  for (const height of new Set(faults.map((fault) => fault.height))) {
    const block = height === undefined ? undefined : readBlock(kv, height)
    if (height === undefined || block === undefined) continue
    operations.push({ type: 'put', key: KEY.blockHeight(block.hash), value: u64be(height) })
    for (const [i, raw] of block.transactions.entries()) {
      operations.push({ type: 'put', key: KEY.transaction(keccak256(raw)), value: transactionPlace(height, i) })
    }
    const transactions = transactionsOf(block, genesis)
    const senders = transactions.map(({ from }) => from)
    operations.push({ type: 'put', key: KEY.senders(height), value: concatBytes(...senders) })
    // Once damaged receipts are repaired, the next check finds the rows that they call for.
    const receipts = readReceipts(kv, block) ?? []
    for (const row of vprogRows(height, vprogActivity(transactions, receipts))) operations.push(row)
  }
  if (operations.length === 0) return
  await kv.write(operations)
  did(`wrote ${faults.length} rows of indexes anew`)
}

const transactionsOf = (block: Block, { params }: Genesis) =>
  block.transactions.map((raw) => decodeTransaction(raw, params.chainId, decodeOptions(params)))

/** The end of an epoch follows from its number; only the newest one is not over. */
function epochEnd(kv: KvStore, { params }: Genesis, key: Uint8Array): KvOperation {
  const head = readU64(kv.get(KEY.head) ?? u64be(0))
  const epoch = key.length === 9 ? readU64(key, 1) : Number.POSITIVE_INFINITY
  if (epoch > epochOf(head, params)) return { type: 'delete', key }
  return { type: 'put', key, value: u64be(Math.min(head, (epoch + 1) * params.epochBlocks)) }
}

/** @returns heights whose receipts nothing here can give again */
async function repairReceipts(faults: readonly Fault[], modules: RepairModules): Promise<number[]> {
  const { kv, did } = modules
  const lost: number[] = []
  for (const { height } of faults) {
    if (height === undefined) continue
    const receipts = await executedReceipts(height, modules)
    if (receipts === undefined) {
      lost.push(height)
      continue
    }
    await kv.write([{ type: 'put', key: KEY.receipts(height), value: receipts }])
    did(`executed block ${height} again for its receipts`)
  }
  return lost
}

async function executedReceipts(
  height: number,
  { kv, genesis, rules }: RepairModules,
): Promise<Uint8Array | undefined> {
  const block = readBlock(kv, height)
  if (block === undefined) return undefined
  if (height === 0) return encodeRlp([])
  const below = readBlock(kv, height - 1)
  if (below === undefined || height - 1 < decodeHeld(kv.get(KEY.held)).statesFrom) return undefined
  try {
    const first = genesisEntry(genesis)
    const state = (await ChainStore.open(kv, first)).stateAt(height - 1)
    if (state === undefined) return undefined
    const context = blockContext(block.header, below, block.parentCertificate)
    const executed = executeBlock(state, context, rules, transactionsOf(block, genesis))
    if (!executed.ok) return undefined
    const { receipts } = executed.value
    return equalBytes(receiptRoot(receipts), block.header.receiptRoot)
      ? encodeRlp(receipts.map(encodeReceipt))
      : undefined
  } catch {
    // The state that it needs is damaged as well.
    return undefined
  }
}

/** Up to the highest damaged one, where that is not the head: a full node can do without. */
async function forgetBlocks(heights: readonly number[], { kv, genesis, did }: RepairModules): Promise<void> {
  const head = readU64(kv.get(KEY.head) ?? u64be(0))
  const highest = heights.filter((height) => height < head).reduce((most, height) => Math.max(most, height), -1)
  if (highest < 0) return
  const chain = await ChainStore.open(kv, genesisEntry(genesis))
  const wanted = { blocksFrom: highest + 1, statesFrom: highest + 1 }
  while (await chain.prune(wanted));
  did(`forgot the blocks up to ${highest}: a node that backfills fetches them again`)
}
