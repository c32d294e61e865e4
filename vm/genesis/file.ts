/**
 * genesis.json, read strictly and written canonically. PROTOCOL 11.
 *
 *     {network, chain_id, timestamp_ms, params, activations: {vprogs}, alloc: {address: wei},
 *      validators: [{owner, bls_public_key, proof_of_possession, stake, node_id}]}
 *
 * Addresses are read in both text forms and written as bech32; amounts are decimal strings; byte strings are 0x hex.
 */

import { formatAddress } from '../../core/address.ts'
import { type Address, compareBytes, hexKey, toHex, utf8 } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { VerifySignature } from '../execution/types.ts'
import type { NetworkName } from '../params.ts'
import { proofOfPossessionBytes } from '../statement.ts'
import {
  genesisError,
  MAX_WEI,
  readAddress,
  readArray,
  readBigInt,
  readBytes,
  readInteger,
  readMap,
  readObject,
  readText,
} from './fields.ts'
import { type ParamsJson, paramsJson, readParams } from './params.ts'
import type { Genesis, GenesisAlloc, GenesisErrorCode, GenesisValidator } from './types.ts'

/** A public sale has tens of thousands of buyers; larger files are better claimed than allotted. */
export const MAX_ALLOC = 100_000
/** Above every presets' chain id and below what wallets store in 53 bits with v = 35 + 2 chainId. */
const MAX_CHAIN_ID = 2 ** 32

export interface GenesisJson {
  readonly network: NetworkName
  readonly chain_id: number
  readonly timestamp_ms: number
  readonly params: ParamsJson
  readonly activations: { readonly vprogs: number }
  readonly alloc: Readonly<Record<string, string>>
  readonly validators: readonly {
    readonly owner: string
    readonly bls_public_key: string
    readonly proof_of_possession: string
    readonly stake: string
    readonly node_id: string
  }[]
}

/** The part that is not accounts and validators: what the state keeps in its params record. */
export const genesisHeadJson = (genesis: Genesis): Omit<GenesisJson, 'alloc' | 'validators'> => ({
  network: genesis.network,
  chain_id: genesis.params.chainId,
  timestamp_ms: genesis.timestampMs,
  params: paramsJson(genesis.params),
  activations: { vprogs: genesis.activations.vprogs },
})

/** Keys in a fixed order, accounts and validators by ascending address. */
export function genesisJson(genesis: Genesis): GenesisJson {
  const alloc = [...genesis.alloc].sort((a, b) => compareBytes(a.address, b.address))
  const validators = [...genesis.validators].sort((a, b) => compareBytes(a.owner, b.owner))
  return {
    ...genesisHeadJson(genesis),
    alloc: Object.fromEntries(alloc.map((entry) => [formatAddress(entry.address), entry.balanceWei.toString()])),
    validators: validators.map((validator) => ({
      owner: formatAddress(validator.owner),
      bls_public_key: toHex(validator.blsPublicKey),
      proof_of_possession: toHex(validator.proofOfPossession),
      stake: validator.stakeWei.toString(),
      node_id: validator.nodeId,
    })),
  }
}

/** Equal geneses give equal bytes, however their files were laid out. */
export const canonicalGenesis = (genesis: Genesis): Uint8Array => utf8(JSON.stringify(genesisJson(genesis)))

function readNetwork(value: unknown): NetworkName {
  if (value === 'devnet' || value === 'testnet' || value === 'mainnet') return value
  throw genesisError('GENESIS_SHAPE', 'network', 'must be "devnet", "testnet" or "mainnet"')
}

function checkUnique(keys: readonly Uint8Array[], path: string, what: string): void {
  const seen = new Set<string>()
  for (const key of keys) {
    if (seen.has(hexKey(key))) throw genesisError('GENESIS_DUPLICATE', path, `names ${what} twice: ${toHex(key)}`)
    seen.add(hexKey(key))
  }
}

function readAlloc(value: unknown): GenesisAlloc[] {
  const entries = Object.entries(readMap(value, 'alloc'))
  if (entries.length > MAX_ALLOC) throw genesisError('GENESIS_SHAPE', 'alloc', `may have at most ${MAX_ALLOC} accounts`)
  const alloc = entries.map(([address, wei]) => ({
    address: readAddress(address, `alloc["${address}"]`),
    balanceWei: readBigInt(wei, `alloc["${address}"]`, 0n, MAX_WEI),
  }))
  // Hex and bech32 of one address are two keys of the JSON object.
  checkUnique(
    alloc.map((entry) => entry.address),
    'alloc',
    'an account',
  )
  return alloc
}

function readValidator(value: unknown, path: string): GenesisValidator {
  const keys = ['owner', 'bls_public_key', 'proof_of_possession', 'stake', 'node_id']
  const json = readObject(value, path, keys)
  return {
    owner: readAddress(json.owner, `${path}.owner`),
    blsPublicKey: readBytes(json.bls_public_key, `${path}.bls_public_key`, 48),
    proofOfPossession: readBytes(json.proof_of_possession, `${path}.proof_of_possession`, 96),
    stakeWei: readBigInt(json.stake, `${path}.stake`, 1n, MAX_WEI),
    nodeId: readText(json.node_id, `${path}.node_id`, /^[A-Za-z0-9]{0,128}$/),
  }
}

/** What a genesis must hold beyond its shape; also for one that was made in code. @throws QuernError GenesisErrorCode */
export function checkGenesis(genesis: Genesis, bls: VerifySignature): void {
  const { params, validators } = genesis
  checkUnique(
    genesis.alloc.map((entry): Address => entry.address),
    'alloc',
    'an account',
  )
  checkUnique(
    validators.map((v) => v.owner),
    'validators',
    'an owner',
  )
  checkUnique(
    validators.map((v) => v.blsPublicKey),
    'validators',
    'a BLS key',
  )
  if (validators.length === 0 || validators.length > params.maxValidators) {
    throw genesisError(
      'GENESIS_VALIDATOR',
      'validators',
      `must be 1 to ${params.maxValidators}, got ${validators.length}`,
    )
  }
  for (const { owner, blsPublicKey, proofOfPossession, stakeWei } of validators) {
    const path = `validator ${formatAddress(owner)}`
    if (stakeWei < params.minStakeWei)
      throw genesisError('GENESIS_VALIDATOR', path, `must stake ${params.minStakeWei} wei`)
    const message = proofOfPossessionBytes(params.chainId, owner, blsPublicKey)
    if (!bls.verify(blsPublicKey, message, proofOfPossession)) {
      throw genesisError('GENESIS_PROOF_OF_POSSESSION', path, 'has a proof of possession that does not verify')
    }
  }
}

/**
 * Rules that this version does not know, and from which height on: with them it would leave the network there.
 * @throws QuernError `UPGRADE_NEEDED`
 */
function checkKnown(activations: unknown): void {
  if (typeof activations !== 'object' || activations === null) return
  for (const [name, height] of Object.entries(activations)) {
    if (name === 'vprogs') continue
    const message = `the network activates ${name.slice(0, 64)} at block ${height}, which this version does not know: install a newer quern`
    throw new QuernError<GenesisErrorCode>('UPGRADE_NEEDED', message, { height: Number(height) })
  }
}

/**
 * @param value the file as `JSON.parse` gives it
 * @throws QuernError GenesisErrorCode
 */
export function parseGenesis(value: unknown, bls: VerifySignature): Genesis {
  const keys = ['network', 'chain_id', 'timestamp_ms', 'params', 'activations', 'alloc', 'validators']
  const json = readObject(value, 'file', keys)
  const network = readNetwork(json.network)
  const chainId = readInteger(json.chain_id, 'chain_id', 1, MAX_CHAIN_ID)
  checkKnown(json.activations)
  const activations = readObject(json.activations, 'activations', ['vprogs'])
  const genesis: Genesis = {
    network,
    timestampMs: readInteger(json.timestamp_ms, 'timestamp_ms', 0, Number.MAX_SAFE_INTEGER),
    params: readParams(json.params, chainId, network),
    activations: { vprogs: readInteger(activations.vprogs, 'activations.vprogs', 0, Number.MAX_SAFE_INTEGER) },
    alloc: readAlloc(json.alloc),
    validators: readArray(json.validators, 'validators').map((entry, i) => readValidator(entry, `validators[${i}]`)),
  }
  checkGenesis(genesis, bls)
  return genesis
}
