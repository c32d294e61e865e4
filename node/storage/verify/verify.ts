/**
 * Every byte of a store against the roots and signatures that bind it.
 *
 *     head -> blocks, down to the oldest here -> bodies, receipts, senders, indexes; certificates, by the set of their epoch
 *     header.stateRoot -> newest tree <-> newest values
 *                      -> each older version of both, by what changed (left out when quick)
 *
 * Nothing is written. LevelDB's checksums are not asked: a byte that changed on the disk changes what is read, and that is
 * held against a hash or a signature here. What cannot be read at all is a fault of its own.
 */

import { epochSetup } from '../../../consensus/context.ts'
import { type GenesisBlock, genesisBlock } from '../../../consensus/genesis.ts'
import type { Block } from '../../../consensus/types.ts'
import { type BlsScheme, bls } from '../../../core/bls.ts'
import { equalBytes, readU64 } from '../../../core/bytes.ts'
import { messageOf, QuernError } from '../../../core/errors.ts'
import type { KvStore } from '../../../core/kv.ts'
import type { Genesis } from '../../../vm/genesis.ts'
import { leaderOf } from '../../../vm/leader.ts'
import { epochOf } from '../../../vm/params.ts'
import { decodeEnvelope, decodeOptions, decodeTransaction } from '../../../vm/transaction/envelope.ts'
import type { ValidatorSet } from '../../../vm/validator-set.ts'
import { decodeHeld, KEY, LAYOUT_VERSION } from '../layout.ts'
import { VersionedValues } from '../versioned-values.ts'
import { checkBlocks } from './blocks.ts'
import { type Checked, type OnProgress, Progress } from './checked.ts'
import { type Fault, Faults } from './faults.ts'
import { checkPast } from './past.ts'
import { checkRows } from './rows.ts'
import { findSet } from './sets.ts'
import { checkValues } from './values.ts'

export interface VerifyOptions {
  /** Leaves out the states before the newest one. */
  readonly isQuick?: boolean
  readonly scheme?: BlsScheme
  /** Default: one after another on this thread. */
  readonly recover?: Checked['recover']
  readonly onProgress?: OnProgress
}

export interface VerifyReport {
  /** The first ones found; `faultCount` has them all. */
  readonly faults: readonly Fault[]
  readonly faultCount: number
  readonly head: number
  readonly blocksFrom: number
  readonly statesFrom: number
  readonly blocks: number
  readonly transactions: number
  readonly certificates: number
  readonly values: number
  readonly treeNodes: number
  /** Epochs whose certificates nothing here can check: their validators are in pruned states only. */
  readonly uncheckedEpochs: readonly number[]
}

export async function verifyStore(kv: KvStore, genesis: Genesis, options: VerifyOptions = {}): Promise<VerifyReport> {
  const faults = new Faults()
  const first = genesisBlock(genesis)
  const none = { blocks: 0, transactions: 0, finalizations: 0, notarizations: 0 }
  const report = (head: number, done: Partial<VerifyReport> = {}): VerifyReport => ({
    faults: faults.list,
    faultCount: faults.count,
    head,
    blocksFrom: 0,
    statesFrom: 0,
    blocks: 0,
    transactions: 0,
    certificates: 0,
    values: 0,
    treeNodes: 0,
    uncheckedEpochs: [],
    ...done,
  })
  const head = readBeginning(kv, first.block, faults)
  if (head === undefined) return report(0)
  const checked = checkedStore(kv, genesis, first, head, faults, options)
  const guarded = async <T>(key: Uint8Array, otherwise: T, check: () => Promise<T>): Promise<T> => {
    try {
      return await check()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      faults.add('store', key, `the check stopped at something that cannot be read (${messageOf(error)})`)
      return otherwise
    }
  }
  await guarded(KEY.layoutVersion, undefined, () => checkRows(checked))
  const blocks = await guarded(KEY.block(0).subarray(0, 1), none, () => checkBlocks(checked))
  const values = await guarded(Uint8Array.of(0x20), { keys: 0, records: 0 }, () => checkValues(checked))
  const isQuick = options.isQuick === true
  const past = isQuick ? { nodes: 0 } : await guarded(Uint8Array.of(0x30), { nodes: 0 }, () => checkPast(checked))
  return report(head, {
    ...checked.held,
    blocks: blocks.blocks,
    transactions: blocks.transactions,
    certificates: blocks.notarizations + blocks.finalizations,
    values: values.records,
    treeNodes: past.nodes,
    uncheckedEpochs: [...checked.unchecked].sort((a, b) => a - b),
  })
}

/** @returns the height of the head; undefined where the store is not even one of this chain */
function readBeginning(kv: KvStore, genesis: Block, faults: Faults): number | undefined {
  const layout = kv.get(KEY.layoutVersion)
  if (layout === undefined || layout.length !== 8 || readU64(layout) !== LAYOUT_VERSION) {
    if (layout === undefined && kv.get(KEY.snapshot) !== undefined) {
      faults.add('store', KEY.snapshot, 'a snapshot is being loaded here: start the node, which goes on with it')
      return undefined
    }
    const found = layout === undefined || layout.length !== 8 ? 'none' : String(readU64(layout))
    faults.add(
      'store',
      KEY.layoutVersion,
      `the layout is ${found}, not ${LAYOUT_VERSION} (starting the node migrates an older one)`,
    )
    return undefined
  }
  if (kv.get(KEY.migration) !== undefined) {
    faults.add('store', KEY.migration, 'a migration is not finished: start the node, which goes on with it')
    return undefined
  }
  const hash = kv.get(KEY.genesisHash)
  if (hash === undefined || !equalBytes(hash, genesis.hash)) {
    faults.add('store', KEY.genesisHash, 'the store belongs to another genesis')
    return undefined
  }
  const head = kv.get(KEY.head)
  if (head === undefined || head.length !== 40) {
    faults.add('store', KEY.head, 'nothing says which block is the head')
    return undefined
  }
  const height = readU64(head)
  const heldBytes = kv.get(KEY.held)
  if (heldBytes !== undefined && heldBytes.length !== 16) {
    faults.add('store', KEY.held, 'names no blocks and states')
    return undefined
  }
  const held = decodeHeld(heldBytes)
  if (!Number.isSafeInteger(height) || height < held.statesFrom || kv.get(KEY.block(height)) === undefined) {
    faults.add('store', KEY.head, 'the head is a block that is not here')
    return undefined
  }
  return height
}

function checkedStore(
  kv: KvStore,
  genesis: Genesis,
  first: GenesisBlock,
  head: number,
  faults: Faults,
  options: VerifyOptions,
): Checked {
  const { params } = genesis
  const held = decodeHeld(kv.get(KEY.held))
  const values = new VersionedValues(kv)
  const decodeAs = decodeOptions(params)
  const sets = new Map<number, ValidatorSet | undefined>()
  const setOf = (epoch: number): ValidatorSet | undefined => {
    if (!sets.has(epoch)) sets.set(epoch, findSet(kv, epoch, [values, first.state], held.statesFrom, params))
    return sets.get(epoch)
  }
  const recoverHere: Checked['recover'] = async (envelopes) =>
    envelopes.map((raw) => {
      try {
        return decodeTransaction(raw, params.chainId, decodeAs).from
      } catch (error) {
        if (error instanceof QuernError) return undefined
        throw error
      }
    })
  return {
    kv,
    faults,
    progress: new Progress(options.onProgress ?? (() => undefined)),
    genesis: { block: first.block },
    held,
    head,
    params,
    scheme: options.scheme ?? bls,
    epochOf: (height) => epochOf(height, params),
    setOf,
    leaderOf: (epoch, view) => {
      try {
        const { set, randomness } = epochSetup(values, epoch)
        return set.members[leaderOf(set, randomness, view)]
      } catch {
        return undefined
      }
    },
    unchecked: new Set(),
    decode: (raw) => decodeEnvelope(raw, params.chainId, decodeAs),
    recover: options.recover ?? recoverHere,
  }
}
