/**
 * Where a stopped node's chain is found: in its home folder, or in a store and the genesis file that belongs to it.
 *
 *     --home DIR                       genesis.json and data/ of a node, or of one node of a devnet
 *     --genesis FILE --store DIR       anything else
 */
import fs from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { QuernError } from '../../core/errors.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { homePaths } from '../config/home-paths.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import type { LevelStore } from '../storage/level-store.ts'
import { type CliContext, withHome } from './context.ts'

export interface ChainSourceFlags {
  readonly home: string
  readonly genesis?: string
  readonly store?: string
  readonly zkRisc0Circuit?: string
}

/** The store alone: for whoever wants to look at one that may be broken. */
export interface StoreSource {
  readonly genesis: Genesis
  /** LevelDB, locked against every other process. */
  readonly store: LevelStore
  readonly directory: string
  /** RISC Zero's recursion circuit, where one is installed: blocks that hold its receipts are not executed without. */
  readonly circuitFile: string | undefined
  close(): Promise<void>
}

export interface ChainSource extends StoreSource {
  readonly chain: ChainStore
}

export const withChainSource = (command: Command, context: CliContext): Command =>
  withHome(command, context)
    .option('--genesis <file>', 'genesis file of the chain, in place of the one in --home')
    .option('--store <dir>', 'folder of the store, in place of data/ in --home')
    .option(
      '--zk-risc0-circuit <file>',
      'table of the RISC Zero circuit, in place of the one in config.toml (env QUERN_ZK_RISC0_CIRCUIT)',
      context.env.QUERN_ZK_RISC0_CIRCUIT,
    )

/** @throws QuernError `CHAIN_MISSING`, `STORE_LOCKED` while a node runs, and those of the genesis file */
export async function openStoreSource(flags: ChainSourceFlags): Promise<StoreSource> {
  const paths = homePaths(flags.home)
  const directory = flags.store ?? paths.data
  // Opening would make one.
  if (!fs.existsSync(path.join(directory, 'CURRENT'))) {
    throw new QuernError(
      'CHAIN_MISSING',
      `no chain in ${directory}: name a node's folder with --home, or a store with --store`,
    )
  }
  const { readGenesis } = await import('../config/genesis-file.ts')
  const { LevelStore: Store } = await import('../storage/level-store.ts')
  const genesis = readGenesis(flags.genesis ?? paths.genesis)
  const store = await Store.open(directory)
  return { genesis, store, directory, circuitFile: await circuitFileOf(flags), close: () => store.close() }
}

/** Named by the flag, or as the node itself finds it. */
export async function circuitFileOf({ home, zkRisc0Circuit }: ChainSourceFlags): Promise<string | undefined> {
  if (zkRisc0Circuit !== undefined) return zkRisc0Circuit
  const { loadConfig } = await import('../config/config.ts')
  const { risc0Circuit } = loadConfig({ file: homePaths(home).config, env: {} }).zk
  return risc0Circuit === '' ? undefined : risc0Circuit
}

/** @throws QuernError those of `openStoreSource`, and `ChainStoreErrorCode` */
export async function openChainSource(flags: ChainSourceFlags): Promise<ChainSource> {
  const source = await openStoreSource(flags)
  try {
    const { genesisEntry } = await import('../genesis-entry.ts')
    const { ChainStore } = await import('../storage/chain-store.ts')
    return { ...source, chain: await ChainStore.open(source.store, genesisEntry(source.genesis)) }
  } catch (error) {
    await source.close()
    throw error
  }
}
