/** `quern keys`: make, import and show account keys, kept encrypted. */

import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import type { Command } from 'commander'
import { fromHex, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import type { StoredKey } from '../../keystore/directory.ts'
import { decryptKey, encryptKey, readKeystore } from '../../keystore/keystore.ts'
import { type CliContext, outputOf } from '../context.ts'
import { fields, table } from '../output.ts'
import { readPassword } from '../password.ts'
import { keyDirectory, type SignerOptions } from '../signer.ts'

const describe = (key: StoredKey): string =>
  fields([
    ['name', key.name],
    ['address', key.address],
    ['hex', key.hexAddress],
    ['file', key.path],
  ])

function parseKeystore(source: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(source, 'utf8'))
  } catch (cause) {
    throw new QuernError('KEYSTORE_INVALID', `${source} is not a keystore file: expected JSON`, {}, { cause })
  }
}

const withKeys = (command: Command): Command =>
  command
    .option('--keys-dir <dir>', 'keystore folder (default: $QUERN_HOME/keys or ~/.quern/keys)')
    .option('--password-file <file>', 'read the password from this file (else QUERN_PASSWORD, else a prompt)')

export function addKeysCommand(program: Command, context: CliContext): void {
  const keys = program.command('keys').description('account keys, encrypted in the format of Ethereum keystores')

  withKeys(keys.command('new <name>'))
    .description('make a key')
    .addHelpText('after', '\nExample:\n  quern keys new miller')
    .action(async (name: string, options: SignerOptions, command: Command) => {
      const password = await readPassword({ ...options, confirm: true }, context.env)
      const key = keyDirectory(options, context.env).save(name, await encryptKey(randomBytes(32), password))
      outputOf(command, context).print(key, () => describe(key))
    })

  withKeys(keys.command('import <name> <source>'))
    .description('import a key: 0x and 64 hex digits, or the path of a keystore file')
    .addHelpText(
      'after',
      '\nExamples:\n  quern keys import miller 0xac09...\n  quern keys import miller ./UTC--2026-key.json',
    )
    .action(async (name: string, source: string, options: SignerOptions, command: Command) => {
      const directory = keyDirectory(options, context.env)
      let key: StoredKey
      if (/^(0x)?[0-9a-fA-F]{64}$/.test(source)) {
        const password = await readPassword({ ...options, confirm: true }, context.env)
        key = directory.save(name, await encryptKey(fromHex(source), password))
      } else {
        if (!fs.existsSync(source)) {
          throw new QuernError('KEY_SOURCE_INVALID', `"${source}" is neither a private key in hex nor a file`)
        }
        const file = readKeystore(parseKeystore(source))
        // Decrypting proves that the password is known before the old file is thrown away.
        await decryptKey(file, await readPassword(options, context.env))
        key = directory.save(name, file)
      }
      outputOf(command, context).print(key, () => describe(key))
    })

  withKeys(keys.command('list'))
    .description('list the keys')
    .addHelpText('after', '\nExample:\n  quern keys list')
    .action((options: SignerOptions, command: Command) => {
      const all = keyDirectory(options, context.env).list()
      outputOf(command, context).print(all, () =>
        all.length === 0
          ? 'no keys yet: make one with `quern keys new NAME`'
          : table(
              ['NAME', 'ADDRESS', 'HEX'],
              all.map((key) => [key.name, key.address, key.hexAddress]),
            ),
      )
    })

  withKeys(keys.command('show <name>'))
    .description('show one key; --private reveals the private key')
    .option('--private', 'decrypt and print the private key')
    .addHelpText('after', '\nExample:\n  quern keys show miller')
    .action(async (name: string, options: SignerOptions & { private?: boolean }, command: Command) => {
      const { key, file } = keyDirectory(options, context.env).find(name)
      const secret = options.private
        ? { privateKey: toHex(await decryptKey(file, await readPassword(options, context.env))) }
        : {}
      outputOf(command, context).print({ ...key, ...secret }, () =>
        options.private ? `${describe(key)}\n${fields([['private', secret.privateKey]])}` : describe(key),
      )
    })
}
