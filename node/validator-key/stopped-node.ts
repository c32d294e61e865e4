/** A validator's key and store in the hands of a command, while no node uses them. */
import fs from 'node:fs'
import { QuernError } from '../../core/errors.ts'
import type { KvStore } from '../../core/kv.ts'
import { readGenesis } from '../config/genesis-file.ts'
import type { HomePaths } from '../config/home-paths.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { LevelStore } from '../storage/level-store.ts'
import { readValidatorKey } from './key-file.ts'
import { lockKey } from './key-lock.ts'
import type { SigningRecordOptions } from './signing-record.ts'

/**
 * @param use is given undefined where there is no data/
 * @throws QuernError `STORE_LOCKED` while a node runs
 */
export async function withStore<T>(paths: HomePaths, use: (store: KvStore | undefined) => Promise<T>): Promise<T> {
  // Opening would make one.
  if (!fs.existsSync(paths.data)) return use(undefined)
  const store = await LevelStore.open(paths.data)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

/** @throws QuernError `VALIDATOR_KEY_MISSING`, `KEY_IN_USE`, `STORE_LOCKED`, and those of the files */
export async function withStoppedValidator<T>(
  paths: HomePaths,
  use: (record: SigningRecordOptions, store: KvStore | undefined) => Promise<T>,
): Promise<T> {
  const record = recordOf(paths)
  const lock = await lockKey(record.blsPublicKey)
  try {
    return await withStore(paths, (store) => use(record, store))
  } finally {
    await lock.release()
  }
}

/** Where the signing record of a home is, and what it is about. @throws QuernError `VALIDATOR_KEY_MISSING` */
export function recordOf(paths: HomePaths): SigningRecordOptions {
  const key = readValidatorKey(paths.validatorKey)
  if (key === undefined) {
    const advice = 'make one with `quern init --validator` or `quern validator import-key`'
    throw new QuernError('VALIDATOR_KEY_MISSING', `${paths.home} holds no validator key: ${advice}`)
  }
  const genesisHash = genesisEntry(readGenesis(paths.genesis)).block.hash
  return { file: paths.signingRecord, genesisHash, blsPublicKey: key.blsPublicKey }
}
