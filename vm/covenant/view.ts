/**
 * One of our transactions as scripts, lanes and ids see it. After the inputs that it lists stands one for its account: what
 * it adds from there where its outputs hold more than its inputs, and zero where they hold less. Sender and nonce are the
 * account input's outpoint, so no two transactions have one id. PROTOCOL 8.
 */
import { type Address, concatBytes, EMPTY_BYTES } from '../../core/bytes.ts'
import type { KipTransaction, Outpoint, UtxoEntry } from '../kip/types.ts'
import { FINAL_SEQUENCE } from '../script/limits.ts'
import type { CovenantBody } from './types.ts'

const KIP_VERSION = 1
const NATIVE_SUBNETWORK = new Uint8Array(20)
const ACCOUNT_PREFIX = new Uint8Array(12)

/** Script numbers and outpoints have 32 bits for an index; nonces beyond repeat, 2^32 transactions later. */
const U32 = 2 ** 32

/** What the account input of a transaction spends. */
export const accountOutpoint = (sender: Address, nonce: number): Outpoint => ({
  txId: concatBytes(ACCOUNT_PREFIX, sender),
  index: nonce % U32,
})

export const kipTransaction = (body: CovenantBody, sender: Address, nonce: number): KipTransaction => ({
  version: KIP_VERSION,
  inputs: [
    ...body.inputs,
    { outpoint: accountOutpoint(sender, nonce), signatureScript: EMPTY_BYTES, sequence: FINAL_SEQUENCE },
  ],
  outputs: body.outputs,
  lockTime: body.lockTime,
  subnetworkId: body.laneId ?? NATIVE_SUBNETWORK,
  gas: 0n,
  payload: body.payload,
})

/** What the account input spends. */
export const accountUtxo = (addedGrains: bigint, height: number): UtxoEntry => ({
  amount: addedGrains,
  spk: { version: 0, script: EMPTY_BYTES },
  daaScore: BigInt(height),
  isCoinbase: false,
})
