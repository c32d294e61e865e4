/** Two scripts without a transaction of their own, in the one that Kaspa's `script_tests.json` gives its entries. */
import { fromHex, ZERO_HASH } from '../../core/bytes.ts'
import { transactionId } from '../kip/hashing.ts'
import type { KipTransaction, ScriptPublicKey } from '../kip/types.ts'
import { CovenantContext } from '../script/covenants.ts'
import { FINAL_SEQUENCE } from '../script/limits.ts'
import type { Spend } from './kip-json.ts'

const transaction = (
  previous: KipTransaction['inputs'][number]['outpoint'],
  signatureScript: Uint8Array,
  spk: ScriptPublicKey,
): KipTransaction => ({
  version: 1,
  inputs: [{ outpoint: previous, signatureScript, sequence: FINAL_SEQUENCE }],
  outputs: [{ value: 0n, spk }],
  lockTime: 0n,
  subnetworkId: new Uint8Array(20),
  gas: 0n,
  payload: new Uint8Array(0),
})

/** One input spends an output of this script; the signature script is its own. */
export function bareSpend(signatureScript: Uint8Array, script: Uint8Array): Omit<Spend, 'seqCommitOf'> {
  const spk = { version: 0, script }
  const funding = transaction({ txId: ZERO_HASH, index: 0xffff_ffff }, fromHex('0000'), spk)
  const empty = { version: 0, script: new Uint8Array(0) }
  return {
    transaction: transaction({ txId: transactionId(funding), index: 0 }, signatureScript, empty),
    utxos: [{ amount: 0n, spk, daaScore: 0n, isCoinbase: true }],
    inputIndex: 0,
    covenants: new CovenantContext(),
  }
}
