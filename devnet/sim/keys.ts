/** Keys of simulated machines and accounts: the same in every run, so each is derived once in a process. Worth nothing. */
import { type Address, u64be, utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'

export interface SimKey {
  readonly address: Address
  readonly privateKey: Uint8Array
  readonly blsSecretKey: Uint8Array
}

/** Of the chain's development key: what it signs stands for a proof. */
export const PROOF_SECRET = sha256(utf8('sim prover'))

const derived = new Map<number, SimKey>()

/** Key number `index`: of validators first, then of users. */
export function simKey(index: number): SimKey {
  let key = derived.get(index)
  if (key === undefined) {
    const privateKey = sha256(utf8('sim account'), u64be(index))
    const blsSecretKey = sha256(utf8('sim validator'), u64be(index))
    key = { address: privateKeyToAddress(privateKey), privateKey, blsSecretKey }
    derived.set(index, key)
  }
  return key
}
