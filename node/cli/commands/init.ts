/** `quern init`: a home folder for a node. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { formatAddress } from '../../../core/address.ts'
import { bls } from '../../../core/bls.ts'
import { type Address, toHex } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { privateKeyToAddress } from '../../../core/secp256k1.ts'
import type { Genesis } from '../../../vm/genesis.ts'
import { defaultHome, type HomePaths, homePaths } from '../../config/home-paths.ts'
import { KeyDirectory } from '../../keystore/directory.ts'
import { encryptKey } from '../../keystore/keystore.ts'
import type { ValidatorKey } from '../../validator/proposer.ts'
import { addressReader } from '../address.ts'
import { type CliContext, outputOf, withHome } from '../context.ts'
import { fields } from '../output.ts'
import { readPassword } from '../password.ts'

interface InitFlags {
  readonly home: string
  readonly network?: string
  readonly genesis?: string
  readonly validator?: boolean
  readonly owner?: string
  readonly passwordFile?: string
  readonly force?: boolean
}

/** Name of the account, in keys/, that owns the validator of a chain made here. */
const OWNER_KEY = 'owner'

export function addInitCommand(program: Command, context: CliContext): void {
  withHome(program.command('init'), context)
    .description('make the home folder of a node: configuration, genesis and keys')
    .option('--network <name>', 'devnet, testnet or mainnet; devnet without --genesis begins a chain of one validator')
    .option('--genesis <file>', 'genesis.json of the network to join')
    .option('--validator', 'make a validator key as well')
    .option('--owner <address>', 'account that owns the validator: an address, or one of your keys')
    .option(
      '--password-file <file>',
      'encrypt the new keys with this password (else QUERN_PASSWORD, else in the clear)',
    )
    .option('--force', 'write config.toml and genesis.json anew; keys always stay')
    .addHelpText(
      'after',
      '\nExamples:\n  quern init --network devnet && quern start\n  quern init --genesis genesis.json --validator --owner miller',
    )
    .action(async (flags: InitFlags, command: Command) => {
      const made = await init(flags, context)
      outputOf(command, context).print(made, () =>
        [
          fields([
            ['home', made.home],
            ['node id', made.nodeId],
            ['network', made.network],
            ['genesis', made.genesisHash],
            ['validator', made.validator?.owner],
            ['BLS key', made.validator?.blsPublicKey],
            ['reporter', made.reporter ?? undefined],
          ]),
          ...made.next.map((line) => `next: ${line}`),
        ].join('\n'),
      )
    })
}

interface Made {
  readonly home: string
  readonly nodeId: string
  readonly network: string
  readonly genesisHash: string
  readonly validator: { readonly owner: string; readonly blsPublicKey: string } | null
  /** Account that pays for reports of equivocation. */
  readonly reporter: string | null
  readonly next: readonly string[]
}

async function init(flags: InitFlags, context: CliContext): Promise<Made> {
  checkFlags(flags)
  // Loaded here, not above: the network's libraries take a while, and most commands need none of them.
  const { writeHome } = await import('../../config/home.ts')
  const { readGenesis } = await import('../../config/genesis-file.ts')
  const { soloGenesis } = await import('../../config/new-genesis.ts')
  const { loadOrMakeIdentity, peerIdOf } = await import('../../../p2p/identity.ts')
  const { genesisEntry } = await import('../../genesis-entry.ts')
  const paths = homePaths(flags.home)
  const home = flags.home === defaultHome(context.env) ? '' : ` --home ${flags.home}`
  checkFresh(paths, flags.force === true, home)

  const given = flags.genesis === undefined ? undefined : readGenesis(flags.genesis)
  if (given !== undefined) checkNetwork(given, flags.network)
  const owner = flags.owner === undefined ? undefined : addressReader(context.env)(flags.owner)
  const password = await givenPassword(flags, context)
  makeHome(flags.home)
  const keys = flags.validator === true || given === undefined ? await validatorKeys(owner, paths, password) : undefined
  const identity = await loadOrMakeIdentity(paths.nodeKey)
  const genesis = given ?? soloGenesis(keys!.validator, peerIdOf(identity), Date.now())
  const nodeId = await writeHome({
    home: flags.home,
    genesis,
    identity,
    ...(keys === undefined
      ? {}
      : {
          validator: { ...keys.validator, ...(password === undefined ? {} : { password }) },
          ...(keys.reporter === undefined ? {} : { reporter: keys.reporter }),
        }),
  })
  return {
    home: flags.home,
    nodeId,
    network: genesis.network,
    genesisHash: toHex(genesisEntry(genesis).block.hash),
    validator: keys === undefined ? null : shown(keys.validator),
    reporter: keys?.reporter === undefined ? null : formatAddress(privateKeyToAddress(keys.reporter)),
    next: nextSteps(given, keys, paths, home),
  }
}

function checkFlags({ network, genesis, validator, owner }: InitFlags): void {
  const wrong = (message: string): QuernError => new QuernError('ARGUMENT_INVALID', message)
  if (network !== undefined && !['devnet', 'testnet', 'mainnet'].includes(network))
    throw wrong(`--network must be devnet, testnet or mainnet, not "${network}"`)
  if (genesis === undefined && network === undefined)
    throw wrong('which chain? --genesis FILE joins one, --network devnet begins one of a single validator here')
  if (genesis === undefined && network !== 'devnet')
    throw wrong(`there is no built-in genesis of ${network}: give --genesis FILE`)
  if (genesis !== undefined && validator === true && owner === undefined)
    throw wrong('whose validator is it? add --owner ADDRESS, the account that stakes')
  if (owner !== undefined && genesis !== undefined && validator !== true) throw wrong('--owner goes with --validator')
}

/** @throws QuernError `HOME_UNWRITABLE` */
function makeHome(home: string): void {
  try {
    fs.mkdirSync(home, { recursive: true, mode: 0o700 })
    fs.accessSync(home, fs.constants.W_OK)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new QuernError('HOME_UNWRITABLE', `cannot write to ${home} (${code}): use another --home`, {}, { cause })
  }
}

/** @param homeFlag as the next command needs it */
function checkFresh({ home, genesis, data }: HomePaths, isForced: boolean, homeFlag: string): void {
  if (!fs.existsSync(genesis)) return
  if (!isForced)
    throw new QuernError(
      'HOME_EXISTS',
      `${home} holds a node already: start it with \`quern start${homeFlag}\`, or use another --home`,
    )
  if (fs.existsSync(data))
    throw new QuernError(
      'HOME_HAS_DATA',
      `${data} belongs to the present genesis: remove it with \`quern reset${homeFlag}\` first`,
    )
}

function checkNetwork({ network }: Genesis, wanted: string | undefined): void {
  if (wanted === undefined || network === wanted) return
  throw new QuernError('GENESIS_NETWORK', `the genesis is ${network}'s, not ${wanted}'s: check --genesis and --network`)
}

/** No prompt: without a password keys are in the clear, and those of a chain made here have an empty one. */
const givenPassword = async (flags: InitFlags, { env }: CliContext): Promise<string | undefined> =>
  flags.passwordFile === undefined && env.QUERN_PASSWORD === undefined ? undefined : readPassword(flags, env)

interface NewKeys {
  readonly validator: ValidatorKey
  readonly reporter: Uint8Array | undefined
}

/** Those that are there, from an earlier init, or new ones. */
async function validatorKeys(
  named: Address | undefined,
  paths: HomePaths,
  password: string | undefined,
): Promise<NewKeys> {
  const { makeBlsSecret, readValidatorKey } = await import('../../validator-key/key-file.ts')
  const { readReporter } = await import('../../validator-key/reporter-file.ts')
  const stored = readValidatorKey(paths.validatorKey)
  if (stored !== undefined) {
    return { validator: await stored.unlock(password), reporter: readReporter(paths.reporter)?.privateKey }
  }
  const blsSecretKey = makeBlsSecret()
  const account = new Uint8Array(randomBytes(32))
  if (named !== undefined) return { validator: { owner: named, blsSecretKey }, reporter: account }
  const owner: Address = privateKeyToAddress(account)
  new KeyDirectory(paths.keys).save(OWNER_KEY, await encryptKey(account, password ?? ''))
  return { validator: { owner, blsSecretKey }, reporter: account }
}

const shown = ({ owner, blsSecretKey }: ValidatorKey): Made['validator'] => ({
  owner: formatAddress(owner),
  blsPublicKey: toHex(bls.publicKey(blsSecretKey)),
})

function nextSteps(given: Genesis | undefined, keys: NewKeys | undefined, paths: HomePaths, home: string): string[] {
  if (given === undefined) {
    const owner = path.join(paths.keys, `${OWNER_KEY}.json`)
    const password = 'with an empty password, unless you gave one'
    return [
      `quern start${home}`,
      ...(fs.existsSync(owner) ? [`all the money is the owner's: ${owner}, ${password}`] : []),
    ]
  }
  const steps = [
    `name a peer in ${paths.config} (p2p.persistent_peers; \`quern query node\` shows a node's address), then quern start${home}`,
  ]
  if (keys !== undefined) {
    steps.push(`stake with the owner's account: quern validator create --stake AMOUNT${home}`)
    steps.push('send the reporter a little CPC, so that this validator can report equivocation')
  }
  return steps
}
