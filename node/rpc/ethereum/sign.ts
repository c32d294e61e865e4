/** Signatures that wallets make: EIP-191 messages, and the 65-byte form r || s || v. */
import { bigIntToBytes, concatBytes, hexKey, utf8 } from '../../../core/bytes.ts'
import { keccak256 } from '../../../core/hash.ts'
import { signHash } from '../../../core/secp256k1.ts'
import type { DevControls } from '../../api.ts'
import { RPC_CODE, RpcError } from '../errors.ts'
import { readAddress } from '../schema.ts'

/** keccak256("\x19Ethereum Signed Message:\n" || decimal length || message). EIP-191, version 0x45. */
export const messageHash = (message: Uint8Array): Uint8Array =>
  keccak256(concatBytes(utf8(`\x19Ethereum Signed Message:\n${message.length}`), message))

/** v is 27 or 28, as wallets have it. */
export function signatureBytes(hash: Uint8Array, privateKey: Uint8Array): Uint8Array {
  const { r, s, yParity } = signHash(hash, privateKey)
  return concatBytes(bigIntToBytes(r, 32), bigIntToBytes(s, 32), Uint8Array.of(27 + yParity))
}

/** @throws RpcError `ACCOUNT_UNKNOWN` unless it is one of the printed accounts */
export function devKey(dev: DevControls, addressText: string): Uint8Array {
  const id = hexKey(readAddress(addressText))
  const account = dev.accounts.find(({ address }) => hexKey(address) === id)
  if (account !== undefined) return account.privateKey
  const hint = 'use an account of eth_accounts, or sign in your wallet'
  throw new RpcError(RPC_CODE.invalidInput, 'ACCOUNT_UNKNOWN', `unknown account: this node has no key of it; ${hint}`)
}
