/** `quern validator create`: from an account with money to a validator that votes; run again, it goes on where it was. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { formatAddress } from '../../../../core/address.ts'
import { equalBytes, toHex, utf8 } from '../../../../core/bytes.ts'
import { QuernError } from '../../../../core/errors.ts'
import { formatCpc, parseCpc } from '../../../../core/units.ts'
import { MAX_NAME_BYTES } from '../../../../vm/transaction/bodies/staking.ts'
import { type HomePaths, homePaths } from '../../../config/home-paths.ts'
import { text } from '../../../config/kinds.ts'
import type { StoredValidatorKey } from '../../../validator-key/key-file.ts'
import { argument } from '../../argument.ts'
import { type CliContext, outputOf, withHome, withRpc } from '../../context.ts'
import { cpc, fields } from '../../output.ts'
import { readPassword } from '../../password.ts'
import { rpcClient } from '../../rpc-client.ts'
import { loadSigner, type Signer, type SignerOptions, withSigner } from '../../signer.ts'
import {
  chainFacts,
  ensureName,
  ensureStake,
  entryOf,
  knownValidator,
  waitForFinal,
  waitUntilIn,
} from './registering.ts'

interface CreateFlags extends SignerOptions {
  readonly home: string
  readonly rpc: string
  readonly stake: string
  readonly name?: string
  readonly keyPasswordFile?: string
  readonly wait?: boolean
}

const amount = argument(text('an amount of CPC such as 1000 or 12.5', /^\d+(\.\d{1,18})?$/))
const name = argument({
  expected: `a name of at most ${MAX_NAME_BYTES} bytes`,
  parse: (given) => (utf8(given).length <= MAX_NAME_BYTES ? given : undefined),
})

export function addCreateCommand(validator: Command, context: CliContext): void {
  const command = withSigner(withRpc(withHome(validator.command('create'), context), context), 'stakes and owns it')
  command
    .description('become a validator: key, proof of possession, stake and name; run it again to go on')
    .requiredOption('--stake <cpc>', 'CPC to bond, the chain’s least stake or more', amount)
    .option('--name <text>', 'name on the chain', name)
    .option(
      '--key-password-file <file>',
      'password of the validator key: a new one is encrypted with it (default: a new key in the clear)',
    )
    .option('--wait', 'until it is in the set')
    .addHelpText('after', '\nExample:\n  quern validator create --stake 1000 --name "Upper Mill" --from miller --wait')
    .action(async (flags: CreateFlags, self: Command) => {
      const output = outputOf(self, context)
      const made = await create(flags, context, output.note)
      output.print(made, () =>
        [
          fields([
            ['owner', made.owner],
            ['BLS key', made.blsPublicKey],
            ['name', made.name],
            ['stake', cpc(made.stakeWei)],
            ['staked in', made.block === null ? 'an earlier run' : `block ${made.block}`],
            ['votes', made.isActive ? `since epoch ${made.votesFromEpoch}` : `from epoch ${made.votesFromEpoch}`],
          ]),
          ...made.next.map((line) => `next: ${line}`),
        ].join('\n'),
      )
    })
}

/** The home's own, or a new one for this owner. @throws QuernError `VALIDATOR_KEY_OWNER` */
async function ensureKey(
  paths: HomePaths,
  { address }: Signer,
  password: string | undefined,
  note: (text: string) => void,
) {
  const { makeBlsSecret, readValidatorKey, writeValidatorKey } = await import('../../../validator-key/key-file.ts')
  const { readReporter, writeReporter } = await import('../../../validator-key/reporter-file.ts')
  const stored = readValidatorKey(paths.validatorKey)
  if (stored === undefined) {
    await writeValidatorKey(paths.validatorKey, { owner: address, blsSecretKey: makeBlsSecret() }, password)
    note(`made a validator key: ${paths.validatorKey}`)
    if (readReporter(paths.reporter) === undefined) writeReporter(paths.reporter, new Uint8Array(randomBytes(32)))
    return readValidatorKey(paths.validatorKey)!
  }
  if (equalBytes(stored.owner, address)) return stored
  throw new QuernError(
    'VALIDATOR_KEY_OWNER',
    `the key in ${paths.home} is ${formatAddress(stored.owner)}'s, not ${formatAddress(address)}'s: sign with that one, or use another --home`,
  )
}

/** Whether a process on this machine signs with the key. */
async function isSigning({ blsPublicKey }: StoredValidatorKey): Promise<boolean> {
  const { lockKey } = await import('../../../validator-key/key-lock.ts')
  try {
    await (await lockKey(blsPublicKey)).release()
    return false
  } catch (error) {
    if (error instanceof QuernError && error.code === 'KEY_IN_USE') return true
    throw error
  }
}

/** A stake on another chain than the node's would be lost on it. @throws QuernError `GENESIS_DIFFERS` */
async function checkGenesis(paths: HomePaths, genesisHash: string, rpc: string): Promise<boolean> {
  if (!fs.existsSync(paths.genesis)) return false
  const { readGenesis } = await import('../../../config/genesis-file.ts')
  const { genesisEntry } = await import('../../../genesis-entry.ts')
  if (toHex(genesisEntry(readGenesis(paths.genesis)).block.hash) === genesisHash) return true
  throw new QuernError('GENESIS_DIFFERS', `${rpc} is on another chain than ${paths.genesis}: check --rpc and --home`)
}

async function create(flags: CreateFlags, context: CliContext, note: (text: string) => void) {
  const paths = homePaths(flags.home)
  const client = rpcClient(flags.rpc)
  const chain = await chainFacts(client)
  const hasGenesis = await checkGenesis(paths, chain.genesisHash, flags.rpc)
  const signer = await loadSigner(flags, context.env)
  const { keyPasswordFile } = flags
  const keyPassword = keyPasswordFile === undefined ? {} : { passwordFile: keyPasswordFile }
  const key = await ensureKey(
    paths,
    signer,
    keyPasswordFile === undefined ? undefined : await readPassword(keyPassword, context.env),
    note,
  )
  const registering = { client, signer, chain, note, pause: (ms: number) => pause(ms) }
  const unlock = async () => key.unlock(key.isEncrypted ? await readPassword(keyPassword, context.env) : undefined)
  const staked = await ensureStake(registering, parseCpc(flags.stake), key.blsPublicKey, unlock)
  const named = flags.name === undefined ? undefined : await ensureName(registering, flags.name)
  const last = named?.height ?? staked?.height
  if (last !== undefined) {
    note(`in block ${last}: waiting until it is final`)
    await waitForFinal(registering, last)
  }
  let entry = await entryOf(registering)
  const home = ` --home ${flags.home}`
  const startIt = `no process here signs with this key: (re)start its node with quern start${home}`
  if (!entry.isActive) {
    const seconds = Math.ceil((entry.blocksLeft * chain.blockIntervalMs) / 1_000)
    note(`votes from epoch ${entry.epoch}, which begins with block ${entry.firstBlock}: in ${seconds} s or more`)
    if (flags.wait === true) {
      if (!(await isSigning(key))) note(startIt)
      entry = await waitUntilIn(registering, key.blsPublicKey)
    }
  }
  const known = await knownValidator(registering)
  const signs = await isSigning(key)
  return {
    owner: formatAddress(signer.address),
    blsPublicKey: toHex(key.blsPublicKey),
    name: known?.name ?? '',
    stakeWei: known?.tokens ?? '0',
    stakeCpc: formatCpc(BigInt(known?.tokens ?? '0')),
    transaction: staked?.hash ?? null,
    block: staked?.height ?? null,
    votesFromEpoch: entry.epoch,
    firstBlock: entry.firstBlock,
    isActive: entry.isActive,
    isSigning: signs,
    next: [
      ...(hasGenesis ? [] : [`quern query genesis > genesis.json, then quern init --genesis genesis.json${home}`]),
      ...(signs ? [] : [startIt]),
    ],
  }
}
