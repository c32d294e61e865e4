/**
 * The node's identity on the network: an Ed25519 key, whose public half is the peer id. Not the key that votes: whoever
 * takes this one can pass for the node among its peers and sign nothing.
 */
import './polyfill.ts'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { ed25519 } from '@noble/curves/ed25519.js'
import { fromHex, hexKey } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import type { PeerId } from './transport.ts'

export const IDENTITY_BYTES = 32

export type IdentityErrorCode = 'P2P_IDENTITY_INVALID' | 'NODE_KEY_MISSING'

const invalid = (message: string, cause?: unknown): QuernError<IdentityErrorCode> =>
  new QuernError('P2P_IDENTITY_INVALID', message, {}, { cause })

/** A new Ed25519 secret key, 32 bytes. */
export const makeIdentity = (): Uint8Array => new Uint8Array(randomBytes(IDENTITY_BYTES))

/**
 * Base58 peer id of a secret key.
 * @throws QuernError `P2P_IDENTITY_INVALID` unless it has 32 bytes
 */
export function peerIdOf(identity: Uint8Array): PeerId {
  if (identity.length !== IDENTITY_BYTES) throw invalid(`an identity is ${IDENTITY_BYTES} bytes; make a new one`)
  return peerIdFromPublicKey(publicKeyFromRaw(ed25519.getPublicKey(identity))).toString()
}

/**
 * Writes the key as hex, for its owner alone (0600). Never over another identity.
 * @throws NodeJS error `EEXIST`, and others of the file system
 */
export async function saveIdentity(path: string, identity: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${hexKey(identity)}\n`, { mode: 0o600, flag: 'wx', flush: true })
}

/**
 * @throws QuernError `P2P_IDENTITY_INVALID` when the file holds something else or cannot be read; NodeJS error `ENOENT`
 */
export async function loadIdentity(path: string): Promise<Uint8Array> {
  const text = (await readText(path)).trim()
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw invalid(`${path} is not an identity (64 hex digits); restore it, or remove it for a new peer id`)
  }
  return fromHex(text)
}

/** A file that is not there is for the caller to deal with. */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') throw cause
    throw invalid(`${path} cannot be read (${code}): check its permissions`, cause)
  }
}

/** @throws QuernError `NODE_KEY_MISSING`, `P2P_IDENTITY_INVALID` */
export async function requireIdentity(path: string): Promise<Uint8Array> {
  try {
    return await loadIdentity(path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    const advice = 'restore it, or make one, with another peer id, by `quern show-node-id --make`'
    throw new QuernError<IdentityErrorCode>('NODE_KEY_MISSING', `there is no ${path}: ${advice}`, {}, { cause })
  }
}

/** The identity in this file; the first call makes it. */
export async function loadOrMakeIdentity(path: string): Promise<Uint8Array> {
  try {
    return await loadIdentity(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const identity = makeIdentity()
  await saveIdentity(path, identity)
  return identity
}
