/** `quern validator`: the key that votes, and what it may have signed. */
import type { Command } from 'commander'
import { formatAddress, parseAddress } from '../../../core/address.ts'
import { bls } from '../../../core/bls.ts'
import { fromHex, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { type HomePaths, homePaths } from '../../config/home-paths.ts'
import type { ValidatorKey } from '../../validator/proposer.ts'
import type { Place } from '../../validator-key/place.ts'
import { type CliContext, outputOf, withHome } from '../context.ts'
import { fields } from '../output.ts'
import { readPassword } from '../password.ts'
import { addCreateCommand } from './validator/create.ts'

interface HomeFlag {
  readonly home: string
}

interface ImportFlags extends HomeFlag {
  readonly owner?: string
  readonly passwordFile?: string
}

const place = ({ epoch, view }: Place): string => (view < 0 ? 'nothing' : `up to epoch ${epoch}, view ${view}`)

export function addValidatorCommand(program: Command, context: CliContext): void {
  const validator = program.command('validator').description('the validator key of a node, and what it may have signed')
  addCreateCommand(validator, context)

  withHome(validator.command('show'), context)
    .description('owner, BLS key and signing record')
    .addHelpText('after', '\nExample:\n  quern validator show')
    .action(async (flags: HomeFlag, command: Command) => {
      const shown = await show(homePaths(flags.home))
      outputOf(command, context).print(shown, () =>
        fields([
          ['owner', shown.owner],
          ['BLS key', shown.blsPublicKey],
          ['encrypted', shown.isEncrypted ? 'yes' : 'no'],
          ['may have signed', place(shown)],
        ]),
      )
    })

  withHome(validator.command('import-key <source>'), context)
    .description('take over a validator key: another node’s validator/key.json, or 0x and 64 hex digits')
    .option('--owner <address>', 'account that owns the validator (default: as the file says)')
    .option('--password-file <file>', 'password of the file, or to encrypt a key in hex (else QUERN_PASSWORD)')
    .addHelpText('after', '\nExample:\n  quern validator import-key old/validator/key.json')
    .action(async (source: string, flags: ImportFlags, command: Command) => {
      const key = await importKey(source, flags, homePaths(flags.home), context.env)
      const shown = { owner: formatAddress(key.owner), blsPublicKey: toHex(bls.publicKey(key.blsSecretKey)) }
      outputOf(command, context).print(shown, () =>
        [
          fields([
            ['owner', shown.owner],
            ['BLS key', shown.blsPublicKey],
          ]),
          'Has it signed elsewhere? Stop that node, export its protection there, and import it here before the first start.',
        ].join('\n'),
      )
    })

  withHome(validator.command('export-protection <file>'), context)
    .description('write down the last place the key signed at, for a move to another machine; the node must be stopped')
    .addHelpText('after', '\nExample:\n  quern validator export-protection protection.json')
    .action(async (file: string, flags: HomeFlag, command: Command) => {
      const exported = await exportProtection(file, homePaths(flags.home))
      outputOf(command, context).print(exported, () => `signed ${place(exported)}; do not start this node again`)
    })

  withHome(validator.command('import-protection <file>'), context)
    .description('sign nothing that another machine may have signed with this key; the node must be stopped')
    .addHelpText('after', '\nExample:\n  quern validator import-protection protection.json')
    .action(async (file: string, flags: HomeFlag, command: Command) => {
      const bound = await importProtection(file, homePaths(flags.home))
      outputOf(command, context).print(bound, () =>
        bound.view < 0
          ? 'the key has signed nothing yet: nothing is barred'
          : `this node signs nothing at or below epoch ${bound.epoch}, view ${bound.view}`,
      )
    })
}

async function show(paths: HomePaths) {
  const { readValidatorKey } = await import('../../validator-key/key-file.ts')
  const { recordOf } = await import('../../validator-key/stopped-node.ts')
  const { lastPlace } = await import('../../validator-key/signing-record.ts')
  const record = recordOf(paths)
  const key = readValidatorKey(paths.validatorKey)!
  const { epoch, view } = await lastPlace(record, undefined)
  const { owner, blsPublicKey, isEncrypted } = key
  return { owner: formatAddress(owner), blsPublicKey: toHex(blsPublicKey), isEncrypted, epoch, view }
}

async function importKey(
  source: string,
  flags: ImportFlags,
  paths: HomePaths,
  env: NodeJS.ProcessEnv,
): Promise<ValidatorKey> {
  const { readValidatorKey, writeValidatorKey } = await import('../../validator-key/key-file.ts')
  const owner = flags.owner === undefined ? undefined : parseAddress(flags.owner)
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(source)) {
    if (owner === undefined) throw new QuernError('ARGUMENT_INVALID', 'whose validator is it? add --owner ADDRESS')
    const hasPassword = flags.passwordFile !== undefined || env.QUERN_PASSWORD !== undefined
    const key = { owner, blsSecretKey: fromHex(source) }
    // Refuses what is no BLS key before anything is written.
    bls.publicKey(key.blsSecretKey)
    await writeValidatorKey(paths.validatorKey, key, hasPassword ? await readPassword(flags, env) : undefined)
    return key
  }
  const stored = readValidatorKey(source)
  if (stored === undefined) {
    throw new QuernError('KEY_SOURCE_INVALID', `"${source}" is neither a BLS key in hex nor a file`)
  }
  const password = stored.isEncrypted ? await readPassword(flags, env) : undefined
  const unlocked = await stored.unlock(password)
  const key = { ...unlocked, owner: owner ?? unlocked.owner }
  await writeValidatorKey(paths.validatorKey, key, password)
  return key
}

async function exportProtection(file: string, paths: HomePaths): Promise<Place> {
  const { withStoppedValidator } = await import('../../validator-key/stopped-node.ts')
  const { lastPlace } = await import('../../validator-key/signing-record.ts')
  const { writeProtection } = await import('../../validator-key/protection-file.ts')
  return withStoppedValidator(paths, async (record, store) => {
    const last = await lastPlace(record, store)
    await writeProtection(file, record, last)
    return last
  })
}

async function importProtection(file: string, paths: HomePaths): Promise<Place> {
  const { withStoppedValidator } = await import('../../validator-key/stopped-node.ts')
  const { barUpTo } = await import('../../validator-key/signing-record.ts')
  const { readProtection } = await import('../../validator-key/protection-file.ts')
  return withStoppedValidator(paths, (record, store) => barUpTo(record, store, readProtection(file, record)))
}
