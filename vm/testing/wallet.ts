/** Accounts for tests, the same in every run. */
import { type Address, u64be } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'

export interface Wallet {
  readonly privateKey: Uint8Array
  readonly address: Address
}

export function testWallet(label: number): Wallet {
  const privateKey = sha256(u64be(label))
  return { privateKey, address: privateKeyToAddress(privateKey) }
}
