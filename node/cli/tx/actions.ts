/** The command-line form of every action: its arguments and options, and the action they make. */

import { formatAddress } from '../../../core/address.ts'
import { equalBytes, fromHex, utf8 } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { parseCpc } from '../../../core/units.ts'
import { MAX_MEMO_BYTES } from '../../../vm/transaction/bodies/transfer.ts'
import type { Action } from '../../../vm/transaction/types.ts'
import { readValidatorKey } from '../../validator-key/key-file.ts'
import { registrationOf } from '../../validator-key/registration.ts'
import type { ReadAddress } from '../address.ts'
import { readPassword } from '../password.ts'
import type { RpcClient } from '../rpc-client.ts'
import type { Signer } from '../signer.ts'

export interface ActionContext {
  readonly signer: Signer
  readonly chainId: number
  readonly readAddress: ReadAddress
  readonly client: RpcClient
}

export interface ActionCommand {
  readonly usage: string
  readonly description: string
  readonly options: readonly (readonly [flags: string, description: string])[]
  readonly example: string
  build(
    args: readonly string[],
    options: Readonly<Record<string, unknown>>,
    context: ActionContext,
  ): Action | Promise<Action>
}

const text = (value: unknown): string => (value === undefined ? '' : String(value))

/** Digits only: `parseInt` would take "12abc". */
export function whole(value: unknown, what: string): number {
  const digits = text(value)
  const number = Number(digits)
  if (!/^\d+$/.test(digits) || !Number.isSafeInteger(number))
    throw new QuernError('ARGUMENT_INVALID', `${what} must be a whole number`)
  return number
}

/** The secret in a validator's key file, which must be the signer's own. */
async function blsKeyOf(options: Readonly<Record<string, unknown>>, { address }: Signer): Promise<Uint8Array> {
  const file = text(options.validatorKey)
  const stored = readValidatorKey(file)
  if (stored === undefined) throw new QuernError('VALIDATOR_KEY_MISSING', `there is no ${file}: see \`quern init\``)
  if (!equalBytes(stored.owner, address)) {
    const owner = formatAddress(stored.owner)
    throw new QuernError(
      'VALIDATOR_KEY_OWNER',
      `the key is ${owner}'s, not ${formatAddress(address)}'s: sign with that one`,
    )
  }
  const { passwordFile } = options
  const given = typeof passwordFile === 'string' ? { passwordFile } : {}
  return (await stored.unlock(stored.isEncrypted ? await readPassword(given, {}) : undefined)).blsSecretKey
}

function memo(words: string): Uint8Array {
  const bytes = utf8(words)
  if (bytes.length <= MAX_MEMO_BYTES) return bytes
  throw new QuernError('ARGUMENT_INVALID', `--memo is ${bytes.length} bytes long, at most ${MAX_MEMO_BYTES} fit`)
}

/** Of `chain_getValidator`. */
interface KnownValidator {
  readonly name: string
  readonly website: string
  readonly description: string
  readonly commission_bps: number
  readonly open_to_workers: boolean
}

/** VALIDATOR or VALIDATOR@EPOCH. */
function position(value: string, readAddress: ReadAddress): { validator: Uint8Array; epoch?: number } {
  const [validator, epoch] = value.split('@')
  const address = readAddress(validator!)
  return epoch === undefined ? { validator: address } : { validator: address, epoch: whole(epoch, 'the epoch after @') }
}

export const ACTION_COMMANDS: readonly ActionCommand[] = [
  {
    usage: 'send <to> <cpc>',
    description: 'transfer CPC',
    options: [['--memo <text>', 'up to 256 bytes, 16 gas each']],
    example: 'quern tx send cpc1... 1.5 --memo "two sacks of flour"',
    build: ([to, amount], options, { readAddress }) => ({
      kind: 'TRANSFER',
      to: readAddress(to!),
      value: parseCpc(amount!),
      memo: memo(text(options.memo)),
    }),
  },
  {
    usage: 'stake <cpc>',
    description: 'bond CPC to your own validator; the first time with its BLS key',
    options: [
      ['--bls-key <hex>', '32-byte BLS secret key to register (first use only)'],
      ['--validator-key <file>', 'register the key in this validator/key.json (first use only)'],
    ],
    example: 'quern tx stake 1000 --validator-key ~/.quern/validator/key.json',
    build: async ([amount], options, { signer, chainId }) => {
      const stake = { kind: 'STAKE', amount: parseCpc(amount!) } as const
      if (options.blsKey === undefined && options.validatorKey === undefined) return stake
      const secretKey =
        options.validatorKey === undefined ? fromHex(text(options.blsKey)) : await blsKeyOf(options, signer)
      const key = { owner: signer.address, blsSecretKey: secretKey }
      return { ...stake, registration: registrationOf(key, chainId) }
    },
  },
  {
    usage: 'unstake <cpc>',
    description: 'take CPC out of your own validator; claimable after the unbonding time',
    options: [],
    example: 'quern tx unstake 250',
    build: ([amount]) => ({ kind: 'UNSTAKE', amount: parseCpc(amount!) }),
  },
  {
    usage: 'delegate <validator> <cpc>',
    description: 'bond CPC to a validator',
    options: [],
    example: 'quern tx delegate cpc1... 50',
    build: ([validator, amount], _options, { readAddress }) => ({
      kind: 'DELEGATE',
      validator: readAddress(validator!),
      amount: parseCpc(amount!),
    }),
  },
  {
    usage: 'undelegate <validator> <shares>',
    description: 'take shares back from a validator; claimable after the unbonding time',
    options: [],
    example: 'quern tx undelegate cpc1... 50',
    build: ([validator, shares], _options, { readAddress }) => ({
      kind: 'UNDELEGATE',
      validator: readAddress(validator!),
      shares: parseCpc(shares!),
    }),
  },
  {
    usage: 'claim <position...>',
    description: 'collect staking rewards (VALIDATOR) and matured unbonding (VALIDATOR@EPOCH), up to 16',
    options: [],
    example: 'quern tx claim cpc1... cpc1...@12',
    build: (positions, _options, { readAddress }) => ({
      kind: 'CLAIM',
      positions: positions.map((entry) => position(entry, readAddress)),
    }),
  },
  {
    usage: 'unjail',
    description: 'return your validator to the candidates after its jail time',
    options: [],
    example: 'quern tx unjail',
    build: () => ({ kind: 'UNJAIL' }),
  },
  {
    usage: 'update-validator',
    description: 'change what is known of your validator; what you leave out stays as it is',
    options: [
      ['--name <text>', 'up to 64 bytes'],
      ['--website <text>', 'up to 128 bytes'],
      ['--description <text>', 'up to 256 bytes'],
      ['--commission-bps <n>', 'commission in basis points (100 = 1 %)'],
      ['--open-to-workers', 'let workers register with this validator'],
      ['--closed-to-workers', 'take no more workers'],
    ],
    example: 'quern tx update-validator --name "Upper Mill" --commission-bps 300 --open-to-workers',
    build: async (_args, options, { signer, client }) => {
      // The transaction replaces all five, so those not given are sent as they are.
      const known = await client.call<KnownValidator | null>('chain_getValidator', [formatAddress(signer.address)])
      if (known === null)
        throw new QuernError('VALIDATOR_UNKNOWN', 'you have no validator yet: stake with --bls-key first')
      const isOpen = options.closedToWorkers === true ? false : options.openToWorkers === true || known.open_to_workers
      return {
        kind: 'UPDATE_VALIDATOR',
        name: text(options.name ?? known.name),
        website: text(options.website ?? known.website),
        description: text(options.description ?? known.description),
        commissionBps: whole(options.commissionBps ?? known.commission_bps, '--commission-bps'),
        openToWorkers: isOpen,
      }
    },
  },
  {
    usage: 'register-worker [validator]',
    description: 'count your verified work for a validator (or for none)',
    options: [['--profile <text>', 'up to 256 bytes about your hardware']],
    example: 'quern tx register-worker cpc1... --profile "2x H200"',
    build: ([validator], options, { readAddress }) => ({
      kind: 'REGISTER_WORKER',
      validator: validator === undefined ? undefined : readAddress(validator),
      profile: text(options.profile),
    }),
  },
]
