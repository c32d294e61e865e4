/** Writes a node's home folder (home-paths.ts says what lies where in it). */
import fs from 'node:fs'
import path from 'node:path'
import { bls } from '../../core/bls.ts'
import { equalBytes, hexKey } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { loadIdentity, makeIdentity, peerIdOf, saveIdentity } from '../../p2p/identity.ts'
import type { PeerId } from '../../p2p/transport.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { replaceFile } from '../durable-file.ts'
import type { ValidatorKey } from '../validator/proposer.ts'
import { readValidatorKey, writeValidatorKey } from '../validator-key/key-file.ts'
import { readReporter, writeReporter } from '../validator-key/reporter-file.ts'
import { configText } from './config-file.ts'
import { genesisText } from './genesis-file.ts'
import { homePaths } from './home-paths.ts'
import type { PartialConfig } from './options.ts'

export interface HomeContent {
  readonly home: string
  readonly genesis: Genesis
  /** Options that differ from their defaults. */
  readonly config?: PartialConfig
  /** Default: the one that is there, or a new one. */
  readonly identity?: Uint8Array
  readonly validator?: ValidatorKey & {
    /** Encrypts the key. */
    readonly password?: string
  }
  /** Private key of the account that pays for reports. */
  readonly reporter?: Uint8Array
}

/**
 * Makes a home folder, or brings one up to date: config.toml and genesis.json are replaced, keys that are there stay.
 * @returns the node's peer id
 * @throws QuernError `HOME_KEY_DIFFERS` when another key is there than the one given; `HOME_UNWRITABLE`
 */
export async function writeHome(content: HomeContent): Promise<PeerId> {
  const { home, genesis, config, identity, validator, reporter } = content
  const paths = homePaths(home)
  try {
    fs.mkdirSync(path.join(home, 'validator'), { recursive: true, mode: 0o700 })
    const nodeId = await keepIdentity(paths.nodeKey, identity)
    if (validator !== undefined) await keepValidatorKey(paths.validatorKey, validator)
    if (reporter !== undefined) keepReporter(paths.reporter, reporter)
    // Last: a folder without it is no home yet.
    await replaceFile(paths.config, configText(config))
    await replaceFile(paths.genesis, genesisText(genesis))
    return nodeId
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (cause instanceof QuernError || code === undefined) throw cause
    throw new QuernError('HOME_UNWRITABLE', `cannot write to ${home} (${code}): use another --home`, {}, { cause })
  }
}

const differs = (file: string): QuernError =>
  new QuernError('HOME_KEY_DIFFERS', `${file} holds another key, which is not overwritten: use another --home`)

async function keepIdentity(file: string, given: Uint8Array | undefined): Promise<PeerId> {
  if (!fs.existsSync(file)) {
    const identity = given ?? makeIdentity()
    await saveIdentity(file, identity)
    return peerIdOf(identity)
  }
  const there = await loadIdentity(file)
  if (given !== undefined && hexKey(there) !== hexKey(given)) throw differs(file)
  return peerIdOf(there)
}

async function keepValidatorKey(file: string, given: NonNullable<HomeContent['validator']>): Promise<void> {
  const there = readValidatorKey(file)
  if (there === undefined) return writeValidatorKey(file, given, given.password)
  if (!equalBytes(there.blsPublicKey, bls.publicKey(given.blsSecretKey)) || !equalBytes(there.owner, given.owner)) {
    throw differs(file)
  }
}

function keepReporter(file: string, given: Uint8Array): void {
  const there = readReporter(file)
  if (there === undefined) writeReporter(file, given)
  else if (!equalBytes(there.privateKey, given)) throw differs(file)
}
