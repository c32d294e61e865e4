/**
 * From an account with money to a validator in the set, by what a node answers: every step looks at the chain first, so
 * that whoever was interrupted runs it again and goes on.
 *
 *     no validator ──STAKE──> candidate ──the end of the epoch after──> in the set
 *                       └──UPDATE_VALIDATOR──> has its name
 *
 * The set of epoch e + 2 is chosen at the end of epoch e (PROTOCOL 7).
 */
import { formatAddress } from '../../../../core/address.ts'
import { equalBytes, fromHex, toHex } from '../../../../core/bytes.ts'
import { QuernError } from '../../../../core/errors.ts'
import { GAS, STAKE_REGISTRATION_GAS } from '../../../../vm/gas.ts'
import type { Action } from '../../../../vm/transaction/types.ts'
import type { ValidatorKey } from '../../../validator/proposer.ts'
import { registrationOf } from '../../../validator-key/registration.ts'
import { cpc } from '../../output.ts'
import type { RpcClient } from '../../rpc-client.ts'
import type { Signer } from '../../signer.ts'
import { type Submitted, submitAction } from '../../tx/submit.ts'

export type CreateErrorCode =
  | 'GENESIS_DIFFERS'
  | 'STAKE_TOO_SMALL'
  | 'BALANCE_TOO_SMALL'
  | 'VALIDATOR_KEY_DIFFERS'
  | 'VALIDATOR_JAILED'
  | 'VALIDATOR_TOMBSTONED'
  | 'TX_NOT_INCLUDED'
  | 'TX_NOT_FINAL'
  | 'SET_NOT_ENTERED'

/** Of `chain_getGenesis`: what a joiner must know. */
export interface ChainFacts {
  readonly genesisHash: string
  readonly chainId: number
  readonly epochBlocks: number
  readonly blockIntervalMs: number
  readonly minStakeWei: bigint
}

/** Of `chain_getValidator`. */
export interface KnownValidator {
  readonly address: string
  readonly bls_public_key: string
  readonly name: string
  readonly website: string
  readonly description: string
  readonly status: 'active' | 'candidate' | 'jailed' | 'tombstoned' | 'inactive'
  readonly tokens: string
  readonly commission_bps: number
  readonly open_to_workers: boolean
}

export interface Registering {
  readonly client: RpcClient
  readonly signer: Signer
  readonly chain: ChainFacts
  /** Told what is being waited for. */
  readonly note: (text: string) => void
  readonly pause: (ms: number) => Promise<void>
}

const POLL_MS = 250
/** A final block follows within seconds; a network that takes so long stands still. */
const FINAL_POLLS = 240
/** As many for transactions of an earlier, interrupted run. */
const EARLIER_POLLS = 240

const refuse = (code: CreateErrorCode, message: string): QuernError<CreateErrorCode> => new QuernError(code, message)

interface GenesisAnswer {
  readonly hash: string
  readonly genesis: {
    readonly chain_id: number
    readonly params: {
      readonly epoch_blocks: number
      readonly block_interval_ms: number
      readonly min_stake_wei: string
    }
  }
}

export async function chainFacts(client: RpcClient): Promise<ChainFacts> {
  const { hash, genesis } = await client.call<GenesisAnswer>('chain_getGenesis')
  const { epoch_blocks, block_interval_ms, min_stake_wei } = genesis.params
  return {
    genesisHash: hash,
    chainId: genesis.chain_id,
    epochBlocks: epoch_blocks,
    blockIntervalMs: block_interval_ms,
    minStakeWei: BigInt(min_stake_wei),
  }
}

export const knownValidator = ({ client, signer }: Registering): Promise<KnownValidator | null> =>
  client.call('chain_getValidator', [formatAddress(signer.address)])

/** @throws QuernError `CreateErrorCode` unless the chain's validator of this account is the one with this key */
function checkKnown(known: KnownValidator, blsPublicKey: Uint8Array): void {
  if (!equalBytes(fromHex(known.bls_public_key), blsPublicKey)) {
    throw refuse(
      'VALIDATOR_KEY_DIFFERS',
      `${known.address} is a validator with the key ${known.bls_public_key} already: bring that key here with \`quern validator import-key\`, or stake from another account`,
    )
  }
  if (known.status === 'tombstoned')
    throw refuse(
      'VALIDATOR_TOMBSTONED',
      'it has signed twice and is never elected again: leave with `quern tx unstake`',
    )
  if (known.status === 'jailed')
    throw refuse('VALIDATOR_JAILED', 'it was absent and is in jail: run its node, then send `quern tx unjail`')
}

/** An earlier run may have sent what is in no block yet. @throws QuernError `TX_NOT_INCLUDED` */
async function settleEarlier({ client, signer, note, pause }: Registering): Promise<void> {
  const count = async (tag: string) =>
    Number(await client.call<string>('eth_getTransactionCount', [toHex(signer.address), tag]))
  for (let poll = 0; poll < EARLIER_POLLS; poll++) {
    if ((await count('pending')) === (await count('latest'))) return
    if (poll === 0) note('a transaction of this account is on its way: waiting for it')
    await pause(POLL_MS)
  }
  throw refuse('TX_NOT_INCLUDED', 'a transaction of this account is in no block after a minute: is its fee too low?')
}

/** @param amountWei what leaves the account besides fees @throws QuernError `BALANCE_TOO_SMALL` */
async function checkBalance({ client, signer }: Registering, amountWei: bigint, gas: number): Promise<void> {
  const [balance, price] = await Promise.all([
    client.call<string>('eth_getBalance', [toHex(signer.address), 'latest']),
    client.call<string>('eth_gasPrice'),
  ])
  // As `submitAction` offers it, with room for a rise between the two transactions.
  const needWei = amountWei + 3n * BigInt(gas) * BigInt(price)
  const missingWei = needWei - BigInt(balance)
  if (missingWei <= 0n) return
  const owner = formatAddress(signer.address)
  throw refuse(
    'BALANCE_TOO_SMALL',
    `${owner} has ${cpc(BigInt(balance))} and needs ${cpc(needWei)} for stake and fees: send it ${cpc(missingWei)} (on a devnet: \`quern faucet ${owner} AMOUNT\`)`,
  )
}

async function send(registering: Registering, action: Action): Promise<Submitted> {
  const { client, signer } = registering
  const sent = await submitAction(client, signer, action, { wait: true })
  if (sent.status !== 'failed') return sent
  throw new QuernError(sent.error ?? 'UNKNOWN', `included in block ${sent.height} and failed (${sent.hash})`)
}

/**
 * Stakes, unless the chain shows that this was done.
 * @returns the transaction, or undefined where none was needed
 * @throws QuernError `CreateErrorCode`, and those of the transaction
 */
export async function ensureStake(
  registering: Registering,
  stakeWei: bigint,
  blsPublicKey: Uint8Array,
  unlock: () => Promise<ValidatorKey>,
): Promise<Submitted | undefined> {
  const { chain, note } = registering
  await settleEarlier(registering)
  const known = await knownValidator(registering)
  if (known !== null) checkKnown(known, blsPublicKey)
  const bondedWei = known === null ? 0n : BigInt(known.tokens)
  if (known !== null && bondedWei >= chain.minStakeWei) {
    note(`${known.address} has staked already: ${cpc(bondedWei)}`)
    return undefined
  }
  if (bondedWei + stakeWei < chain.minStakeWei) {
    throw refuse('STAKE_TOO_SMALL', `the least stake of this chain is ${cpc(chain.minStakeWei)}: raise --stake`)
  }
  const gas = GAS.STAKE + GAS.UPDATE_VALIDATOR + (known === null ? STAKE_REGISTRATION_GAS : 0)
  await checkBalance(registering, stakeWei, gas)
  const stake = { kind: 'STAKE', amount: stakeWei } as const
  note(`staking ${cpc(stakeWei)} from ${formatAddress(registering.signer.address)}`)
  if (known !== null) return send(registering, stake)
  return send(registering, { ...stake, registration: registrationOf(await unlock(), chain.chainId) })
}

/** Gives the validator its name on the chain. @returns undefined where it has it */
export async function ensureName(registering: Registering, name: string): Promise<Submitted | undefined> {
  const known = await knownValidator(registering)
  if (known === null || known.name === name) return undefined
  await checkBalance(registering, 0n, GAS.UPDATE_VALIDATOR)
  const { website, description, commission_bps: commissionBps, open_to_workers: openToWorkers } = known
  return send(registering, { kind: 'UPDATE_VALIDATOR', name, website, description, commissionBps, openToWorkers })
}

interface Standing {
  readonly height: number
  readonly finalized_height: number
  readonly epoch: number
}

const standing = ({ client }: Registering): Promise<Standing> => client.call('chain_getStatus')

/** @throws QuernError `TX_NOT_FINAL` */
export async function waitForFinal(registering: Registering, height: number): Promise<void> {
  for (let poll = 0; poll < FINAL_POLLS; poll++) {
    if ((await standing(registering)).finalized_height >= height) return
    await registering.pause(POLL_MS)
  }
  throw refuse('TX_NOT_FINAL', `block ${height} is not final after a minute: does the network stand still?`)
}

async function isIn(registering: Registering, epoch: number): Promise<boolean> {
  const members = await registering.client.call<readonly KnownValidator[]>('chain_getValidators', [epoch])
  const own = formatAddress(registering.signer.address)
  return members.some(({ address }) => address === own)
}

export interface Entry {
  /** From which it votes: the first set that it is in, or the first that it may be in. */
  readonly epoch: number
  readonly firstBlock: number
  /** In the set of the present epoch. */
  readonly isActive: boolean
  readonly blocksLeft: number
}

export async function entryOf(registering: Registering): Promise<Entry> {
  const { epochBlocks } = registering.chain
  const { height, epoch: present } = await standing(registering)
  const isActive = await isIn(registering, present)
  const epoch = isActive ? present : (await isIn(registering, present + 1)) ? present + 1 : present + 2
  const firstBlock = epoch * epochBlocks + 1
  return { epoch, firstBlock, isActive, blocksLeft: Math.max(0, firstBlock - height) }
}

/** Resolves when the validator is in the set. @throws QuernError `SET_NOT_ENTERED`, and those of a jailed one */
export async function waitUntilIn(registering: Registering, blsPublicKey: Uint8Array): Promise<Entry> {
  const promised = (await entryOf(registering)).epoch
  for (;;) {
    const entry = await entryOf(registering)
    if (entry.isActive) return entry
    if (entry.epoch > promised) {
      const known = await knownValidator(registering)
      if (known !== null) checkKnown(known, blsPublicKey)
      throw refuse(
        'SET_NOT_ENTERED',
        'the set has no room for so little stake: see `quern query validators`, and add with `quern tx stake`',
      )
    }
    await registering.pause(Math.max(POLL_MS, Math.min(2_000, registering.chain.blockIntervalMs)))
  }
}
