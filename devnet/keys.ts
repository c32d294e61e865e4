/**
 * Every key of a devnet, from nothing but a seed and a mnemonic: the same inputs give the same network. They are
 * public by design; nothing of value may ever be sent to them.
 */
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { blsSecretFrom } from '../core/bls.ts'
import { type Address, u64be, utf8 } from '../core/bytes.ts'
import { assert, QuernError } from '../core/errors.ts'
import { domainHash } from '../core/hash.ts'
import { privateKeyToAddress } from '../core/secp256k1.ts'
import type { ValidatorKey } from '../node/validator/proposer.ts'

/** The phrase of Hardhat and anvil, so that their users find the accounts they know. */
export const DEFAULT_MNEMONIC = 'test test test test test test test test test test test junk'

/** Ethereum's path (BIP-44, coin type 60): wallets derive the same accounts. */
const DERIVATION_PATH = "m/44'/60'/0'/0"

export interface AccountKey {
  readonly address: Address
  readonly privateKey: Uint8Array
}

export interface DevnetValidator extends ValidatorKey {
  /** The owner, who also pays for what the validator reports. */
  readonly account: AccountKey
  /** Ed25519 secret key of its node. */
  readonly identity: Uint8Array
}

/** @throws QuernError `MNEMONIC_INVALID` */
export function mnemonicAccounts(mnemonic: string, count: number): AccountKey[] {
  if (!validateMnemonic(mnemonic, wordlist)) {
    throw new QuernError('MNEMONIC_INVALID', 'not a BIP-39 mnemonic: check the words, their number and their order')
  }
  const parent = HDKey.fromMasterSeed(mnemonicToSeedSync(mnemonic)).derive(DERIVATION_PATH)
  return Array.from({ length: count }, (_, index) => {
    const { privateKey } = parent.deriveChild(index)
    assert(privateKey !== null, 'derived node has no private key', { index })
    return { privateKey, address: privateKeyToAddress(privateKey) }
  })
}

const derive = (seed: string, role: string, index: number): Uint8Array =>
  domainHash('derive', utf8(seed), Uint8Array.of(0), utf8(role), Uint8Array.of(0), u64be(index))

/** An account for a part of the network: `worker`, `validator`, `authority`. */
export function roleAccount(seed: string, role: string, index = 0): AccountKey {
  // A hash is a valid secp256k1 key but for one chance in 2^128; privateKeyToAddress would refuse that one.
  const privateKey = derive(seed, role, index)
  return { privateKey, address: privateKeyToAddress(privateKey) }
}

/** Ed25519 secret key of a node on the network; any 32 bytes are one. */
export const nodeIdentity = (seed: string, role: 'node' | 'validator', index = 0): Uint8Array =>
  derive(seed, `${role}-identity`, index)

export function devnetValidator(seed: string, index: number): DevnetValidator {
  const account = roleAccount(seed, 'validator', index)
  return {
    owner: account.address,
    blsSecretKey: blsSecretFrom(derive(seed, 'validator-bls', index)),
    account,
    identity: nodeIdentity(seed, 'validator', index),
  }
}
