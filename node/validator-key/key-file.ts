/**
 * validator/key.json: the key that votes, and whose validator it is. Readable by its owner only; the secret is in the clear,
 * so that a node starts by itself, unless a password was given: then it is encrypted as account keys are.
 *
 *     {version, owner, blsPublicKey, blsSecretKey}     or     {version, owner, blsPublicKey, crypto}
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { formatAddress, parseAddress } from '../../core/address.ts'
import { bls, blsSecretFrom } from '../../core/bls.ts'
import { type Address, fromHex, toHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { decryptSecret, type EncryptedSecret, encryptSecret } from '../keystore/keystore.ts'
import type { ValidatorKey } from '../validator/proposer.ts'
import { readFields } from './fields.ts'

export type ValidatorKeyErrorCode = 'VALIDATOR_KEY_INVALID' | 'VALIDATOR_KEY_EXISTS' | 'PASSWORD_MISSING'

const VERSION = 1

export interface StoredValidatorKey {
  readonly owner: Address
  readonly blsPublicKey: Uint8Array
  readonly isEncrypted: boolean
  /** @throws QuernError `VALIDATOR_KEY_INVALID`, `PASSWORD_MISSING`, `KEYSTORE_PASSWORD` */
  unlock(password?: string): Promise<ValidatorKey>
}

export const makeBlsSecret = (): Uint8Array => blsSecretFrom(new Uint8Array(randomBytes(32)))

interface KeyFields {
  readonly version: typeof VERSION
  readonly owner: string
  readonly blsPublicKey: string
  readonly blsSecretKey?: string
  readonly crypto?: EncryptedSecret
}

/** @returns undefined where there is no file @throws QuernError `VALIDATOR_KEY_INVALID` */
export function readValidatorKey(file: string): StoredValidatorKey | undefined {
  const invalid = (why: string, cause?: unknown): QuernError<ValidatorKeyErrorCode> =>
    new QuernError('VALIDATOR_KEY_INVALID', `${file} ${why}: restore it from a copy`, {}, { cause })
  const fields = readFields(file, invalid) as KeyFields | undefined
  if (fields === undefined) return undefined
  const { version, crypto, blsSecretKey } = fields
  if (version !== VERSION) throw invalid(`is of version ${String(version)}, this is version ${VERSION}`)
  const owner = read(() => parseAddress(fields.owner), invalid, 'owner')
  const blsPublicKey = read(() => hexOf(fields.blsPublicKey, 48), invalid, 'blsPublicKey')
  if ((crypto === undefined) === (blsSecretKey === undefined)) throw invalid('must hold blsSecretKey or crypto')
  const checked = (secret: Uint8Array): ValidatorKey => {
    const isPair = toHex(read(() => bls.publicKey(secret), invalid, 'secret key')) === toHex(blsPublicKey)
    if (!isPair) throw invalid('holds a secret key that is not the one of its blsPublicKey')
    return { owner, blsSecretKey: secret }
  }
  return {
    owner,
    blsPublicKey,
    isEncrypted: crypto !== undefined,
    unlock: async (password) => {
      if (crypto === undefined) return checked(read(() => hexOf(blsSecretKey, 32), invalid, 'blsSecretKey'))
      if (password === undefined) {
        throw new QuernError('PASSWORD_MISSING', `${file} is encrypted: use --password-file or QUERN_PASSWORD`)
      }
      return checked(await decryptSecret(crypto, password))
    },
  }
}

function hexOf(text: unknown, bytes: number): Uint8Array {
  if (typeof text !== 'string' || !new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`).test(text)) throw new Error('not hex')
  return fromHex(text)
}

function read<T>(from: () => T, invalid: (why: string, cause?: unknown) => Error, field: string): T {
  try {
    return from()
  } catch (cause) {
    throw invalid(`has no usable ${field}`, cause)
  }
}

/**
 * @param password absent = in the clear
 * @param scryptN cost; lower it in tests only
 * @throws QuernError `VALIDATOR_KEY_EXISTS`: a key is never overwritten
 */
export async function writeValidatorKey(
  file: string,
  key: ValidatorKey,
  password?: string,
  scryptN?: number,
): Promise<void> {
  const secret =
    password === undefined
      ? { blsSecretKey: toHex(key.blsSecretKey) }
      : { crypto: await encryptSecret(key.blsSecretKey, password, scryptN) }
  const fields: KeyFields = {
    version: VERSION,
    owner: formatAddress(key.owner),
    blsPublicKey: toHex(bls.publicKey(key.blsSecretKey)),
    ...secret,
  }
  writeOnce(file, fields)
}

/** For the owner alone. @throws QuernError `VALIDATOR_KEY_EXISTS` */
export function writeOnce(file: string, value: object): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  try {
    fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw new QuernError('VALIDATOR_KEY_EXISTS', `${file} exists already and is not overwritten: use another --home`)
  }
}
