/** Which key signs: --private-key, a keystore entry by name or address, or QUERN_PRIVATE_KEY. */
import type { Command } from 'commander'
import type { Address } from '../../core/bytes.ts'
import { fromHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'
import { defaultKeysDirectory, KeyDirectory } from '../keystore/directory.ts'
import { decryptKey } from '../keystore/keystore.ts'
import { readPassword } from './password.ts'

export interface SignerOptions {
  readonly from?: string
  readonly privateKey?: string
  readonly keysDir?: string
  readonly passwordFile?: string
}

/** The options of a command that signs. `role` says what becomes of the key's account: signs, is paid. */
export const withSigner = (command: Command, role: string): Command =>
  command
    .option('--from <key>', `keystore entry that ${role}, by name or address (default: the only one there)`)
    .option('--private-key <hex>', `key of the account that ${role} (env QUERN_PRIVATE_KEY)`)
    .option('--keys-dir <dir>', 'keystore folder (default: $QUERN_HOME/keys or ~/.quern/keys)')
    .option('--password-file <file>', 'read the password from this file (else QUERN_PASSWORD, else a prompt)')

export interface Signer {
  readonly address: Address
  readonly privateKey: Uint8Array
}

const fromPrivateKey = (text: string): Signer => {
  const digits = text.trim()
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(digits))
    throw new QuernError('KEY_INVALID', 'not a private key: expected 0x and 64 hex digits')
  const privateKey = fromHex(digits)
  return { privateKey, address: privateKeyToAddress(privateKey) }
}

export const keyDirectory = (options: SignerOptions, env: NodeJS.ProcessEnv): KeyDirectory =>
  new KeyDirectory(options.keysDir ?? defaultKeysDirectory(env))

/** @throws QuernError `SIGNER_MISSING`, and whatever the key's own reading throws */
export async function loadSigner(options: SignerOptions, env: NodeJS.ProcessEnv): Promise<Signer> {
  if (options.privateKey !== undefined) return fromPrivateKey(options.privateKey)
  if (options.from !== undefined) {
    const { file } = keyDirectory(options, env).find(options.from)
    const privateKey = await decryptKey(file, await readPassword(options, env))
    return { privateKey, address: privateKeyToAddress(privateKey) }
  }
  if (env.QUERN_PRIVATE_KEY !== undefined) return fromPrivateKey(env.QUERN_PRIVATE_KEY)
  const known = keyDirectory(options, env).list()
  if (known.length === 1) return loadSigner({ ...options, from: known[0]!.name }, env)
  throw new QuernError('SIGNER_MISSING', 'which key signs? use --from NAME, --private-key HEX or QUERN_PRIVATE_KEY')
}
