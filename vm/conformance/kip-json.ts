/** Transactions, and what they spend, as Kaspa's RPC and its vectors write them in JSON. */
import { hexKey } from '../../core/bytes.ts'
import type { KipInput, KipOutput, KipTransaction, ScriptPublicKey, UtxoEntry } from '../kip/types.ts'
import { covenantContext } from '../script/covenants.ts'
import type { ScriptContext } from '../script/machine.ts'
import type { JsonValue } from './json-value.ts'

const MAX_U8 = 2 ** 8 - 1
const MAX_U16 = 2 ** 16 - 1
const MAX_U32 = 2 ** 32 - 1
const MAX_U64 = 2n ** 64n - 1n
/** An amount is a signed number to scripts. */
const MAX_AMOUNT = 2n ** 63n - 1n

/** Two bytes of version, big endian, and the script. */
export function readSpk(json: JsonValue): ScriptPublicKey {
  const bytes = json.bytes()
  if (bytes.length < 2) throw json.malformed('hex of a version (2 bytes, big endian) and a script')
  return { version: bytes[0]! * 256 + bytes[1]!, script: bytes.subarray(2) }
}

function readInput(json: JsonValue): KipInput {
  const outpoint = json.field('previousOutpoint')
  return {
    outpoint: { txId: outpoint.field('transactionId').bytes(32), index: outpoint.field('index').number(MAX_U32) },
    signatureScript: json.field('signatureScript').bytes(),
    sequence: json.field('sequence').integer(MAX_U64),
    sigOpCount: json.optional('sigOpCount')?.number(MAX_U8) ?? 0,
    computeBudget: json.optional('computeBudget')?.number(MAX_U16) ?? 0,
  }
}

function readOutput(json: JsonValue): KipOutput {
  const covenant = json.optional('covenant')
  return {
    value: json.field('value').integer(MAX_AMOUNT),
    spk: readSpk(json.field('scriptPublicKey')),
    ...(covenant === undefined
      ? {}
      : {
          binding: {
            authorizingInput: covenant.field('authorizingInput').number(MAX_U16),
            covenantId: covenant.field('covenantId').bytes(32),
          },
        }),
  }
}

/** @throws QuernError `VECTOR_MALFORMED` */
export const readTransaction = (json: JsonValue): KipTransaction => ({
  version: json.field('version').number(MAX_U16),
  inputs: json.field('inputs').list().map(readInput),
  outputs: json.field('outputs').list().map(readOutput),
  lockTime: json.field('lockTime').integer(MAX_U64),
  subnetworkId: json.field('subnetworkId').bytes(20),
  gas: json.field('gas').integer(MAX_U64),
  payload: json.field('payload').bytes(),
  storageMass: json.optional('storageMass')?.integer(MAX_U64) ?? 0n,
})

/** @throws QuernError `VECTOR_MALFORMED` */
export function readUtxo(json: JsonValue): UtxoEntry {
  const covenantId = json.optional('covenantId')?.bytes(32)
  return {
    amount: json.field('amount').integer(MAX_AMOUNT),
    spk: readSpk(json.field('scriptPublicKey')),
    daaScore: json.optional('daaScore')?.integer(MAX_U64) ?? 0n,
    isCoinbase: json.optional('isCoinbase')?.flag() ?? false,
    ...(covenantId === undefined ? {} : { covenantId }),
  }
}

export type Spend = Pick<ScriptContext, 'transaction' | 'utxos' | 'inputIndex' | 'covenants' | 'seqCommitOf'>

/**
 * `transaction`, `utxos` in the order of its inputs, `inputIndex` (default 0), and `seqCommits`, an object of the commitments
 * that OpChainblockSeqCommit finds, by block hash.
 * @throws QuernError `VECTOR_MALFORMED`
 */
export function readSpend(json: JsonValue): Spend {
  const transaction = readTransaction(json.field('transaction'))
  const utxos = json.field('utxos').list().map(readUtxo)
  if (utxos.length !== transaction.inputs.length) {
    throw json.field('utxos').malformed(`a list of ${transaction.inputs.length}, one for each input`)
  }
  const inputIndex = json.optional('inputIndex')?.number(MAX_U32) ?? 0
  const covenants = covenantContext(transaction, utxos)
  if (!covenants.ok) {
    throw json.field('transaction').malformed(`of true covenants; ${covenants.error.code}: ${covenants.error.message}`)
  }
  const byHash = new Map<string, Uint8Array>()
  for (const [hash, commitment] of json.optional('seqCommits')?.entries() ?? []) {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw commitment.malformed('named by a block hash: 64 small digits of hex')
    byHash.set(hash, commitment.bytes(32))
  }
  return {
    transaction,
    utxos,
    inputIndex,
    covenants: covenants.value,
    seqCommitOf: (hash) => byHash.get(hexKey(hash)),
  }
}
