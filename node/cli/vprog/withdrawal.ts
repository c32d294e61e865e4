/** Outputs that pay a key of ours, taken into our account: a transaction that spends them, and makes none. */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { concatBytes, EMPTY_BYTES, equalBytes } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import type { CovenantBody } from '../../../vm/covenant/types.ts'
import { kipTransaction } from '../../../vm/covenant/view.ts'
import { ecdsaSigHash, SIG_HASH, schnorrSigHash } from '../../../vm/kip/sighash.ts'
import type { Outpoint } from '../../../vm/kip/types.ts'
import { pushBytes } from '../../../vm/script/assembly.ts'
import { FINAL_SEQUENCE } from '../../../vm/script/limits.ts'
import { EXIT_TAG, holderOf } from '../../../vm/settlement/exits.ts'
import type { Signer } from '../signer.ts'
import { describeScript } from './arguments.ts'
import { type HeldOutput, utxosOf } from './dry-run.ts'

/** The key that exits name, an x coordinate. */
export const exitKeyOf = (privateKey: Uint8Array): Uint8Array => schnorr.getPublicKey(privateKey)

/** Which of the key's two forms the output pays. */
function formOf({ spk }: Pick<HeldOutput, 'spk'>, privateKey: Uint8Array): 'schnorr' | 'ecdsa' | undefined {
  const to = spk.version === 0 ? holderOf(spk.script) : undefined
  const pays = (tag: number, key: Uint8Array): boolean => to?.tag === tag && equalBytes(to.holder, key)
  if (pays(EXIT_TAG.schnorrKey, exitKeyOf(privateKey))) return 'schnorr'
  if (pays(EXIT_TAG.ecdsaKey, secp256k1.getPublicKey(privateKey, true))) return 'ecdsa'
  return undefined
}

export const isOurs = (output: Pick<HeldOutput, 'spk'>, { privateKey }: Signer): boolean =>
  formOf(output, privateKey) !== undefined

function ownForm(output: HeldOutput, privateKey: Uint8Array): 'schnorr' | 'ecdsa' {
  const form = formOf(output, privateKey)
  if (form !== undefined) return form
  throw new QuernError('OUTPUT_NOT_YOURS', `it pays ${describeScript(output.spk.script)}: sign with that key`)
}

/** An output of ours. */
export interface Withdrawn extends HeldOutput {
  readonly outpoint: Outpoint
}

/** @throws QuernError `OUTPUT_NOT_YOURS` */
export function withdrawal(
  outputs: readonly Withdrawn[],
  { address, privateKey }: Signer,
  nonce: number,
): CovenantBody {
  const inputOf = ({ outpoint }: Withdrawn) => ({ outpoint, signatureScript: EMPTY_BYTES, sequence: FINAL_SEQUENCE })
  const unsigned: CovenantBody = {
    ...{ laneId: undefined, payload: EMPTY_BYTES, lockTime: 0n, outputs: [] },
    inputs: outputs.map(inputOf),
  }
  const transaction = kipTransaction(unsigned, address, nonce)
  // The height is the account input's, which signatures do not cover.
  const utxos = utxosOf({ body: unsigned, spent: outputs, height: 0 })
  const signed = (output: Withdrawn, index: number) => {
    const digest = schnorrSigHash(transaction, utxos[index]!, index, SIG_HASH.all)
    const signature =
      ownForm(output, privateKey) === 'schnorr'
        ? schnorr.sign(digest, privateKey)
        : secp256k1.sign(ecdsaSigHash(digest), privateKey, { prehash: false, lowS: true })
    return { ...inputOf(output), signatureScript: pushBytes(concatBytes(signature, Uint8Array.of(SIG_HASH.all))) }
  }
  return { ...unsigned, inputs: outputs.map(signed) }
}
