import { formatAddress } from '../../../core/address.ts'
import { type Address, toHex } from '../../../core/bytes.ts'
import { kipTransaction } from '../../../vm/covenant/view.ts'
import { transactionId } from '../../../vm/kip/hashing.ts'
import { type Action, type Transaction, valueWei } from '../../../vm/transaction/types.ts'
import { amount, defineDataset, integer, text } from '../column.ts'
import type { DatasetSource } from '../source.ts'
import { feeWei } from './fees.ts'

/** Whom money or a balance goes to. */
const recipientOf = (action: Action): Address | undefined =>
  action.kind === 'TRANSFER' ? action.to : action.kind === 'DEV_SET_BALANCE' ? action.account : undefined

const validatorOf = (action: Action): Address | undefined => ('validator' in action ? action.validator : undefined)

/** Of UNSTAKE, which takes out what was a stake, no value is sent; its amount is shown all the same. */
const amountOf = (action: Action): bigint => (action.kind === 'UNSTAKE' ? action.amount : valueWei(action))

const addressOrNull = (address: Address | undefined): string | null =>
  address === undefined ? null : formatAddress(address)

const NO_VPROG = { lane_id: null, kip_id: null, inputs: 0, outputs: 0, payload_bytes: 0 }

function vprogOf({ action, from, nonce }: Transaction) {
  if (action.kind !== 'LANE' && action.kind !== 'COVENANT') return NO_VPROG
  return {
    lane_id: action.laneId === undefined ? null : toHex(action.laneId),
    kip_id: toHex(transactionId(kipTransaction(action, from, nonce))),
    inputs: action.inputs.length,
    outputs: action.outputs.length,
    payload_bytes: action.payload.length,
  }
}

export const transactions = defineDataset({
  name: 'transactions',
  version: 2,
  about: 'one row for each transaction in a block',
  columns: {
    height: integer('of its block'),
    index: integer('in its block'),
    timestamp_ms: integer('of its block, Unix milliseconds'),
    hash: text('keccak256 of the envelope'),
    type: text('legacy, eip2930, eip1559 or native'),
    kind: text('TRANSFER, STAKE, ... as in PROTOCOL 2'),
    sender: text('who signed and paid'),
    recipient: text.orNull('of a transfer'),
    validator: text.orNull('named by DELEGATE, UNDELEGATE, REGISTER_WORKER, SUBMIT_EVIDENCE'),
    amount_wei: amount('sent, staked, unstaked or delegated; 0 for other kinds'),
    lane_id: text.orNull('of a transaction in a lane: LANE, and COVENANT where it names one'),
    kip_id: text.orNull('of LANE and COVENANT: what outputs and lanes know it by'),
    inputs: integer('outputs that it spends, if it is done'),
    outputs: integer('outputs that it makes, if it is done'),
    payload_bytes: integer('of LANE and COVENANT'),
    nonce: integer('of the sender'),
    gas_limit: integer('offered'),
    gas_used: integer('charged'),
    gram_used: integer('charged for scripts and proofs'),
    max_fee_wei: amount('per gas, at most'),
    max_priority_fee_wei: amount('per gas, at most'),
    gas_price_wei: amount('per gas, paid'),
    fee_wei: amount('(gas + gram) * price'),
    status: integer('1: done; 0: failed, charged without effect'),
    error: text.orNull('stable code of why it failed'),
    size_bytes: integer('of the envelope'),
  },
  *rows(source: DatasetSource, { from, to }) {
    for (let height = from; height <= to; height++) {
      const { block, transactions: list, receipts } = source.block(height)
      for (const [index, transaction] of list.entries()) {
        const { action } = transaction
        const receipt = receipts[index]!
        yield {
          height,
          index,
          timestamp_ms: block.header.timestampMs,
          hash: toHex(transaction.hash),
          type: transaction.type,
          kind: action.kind,
          sender: formatAddress(transaction.from),
          recipient: addressOrNull(recipientOf(action)),
          validator: addressOrNull(validatorOf(action)),
          amount_wei: amountOf(action),
          ...vprogOf(transaction),
          nonce: transaction.nonce,
          gas_limit: transaction.gasLimit,
          gas_used: receipt.gasUsed,
          gram_used: receipt.gramUsed,
          max_fee_wei: transaction.maxFeePerGas,
          max_priority_fee_wei: transaction.maxPriorityFeePerGas,
          gas_price_wei: receipt.effectiveGasPrice,
          fee_wei: feeWei(receipt),
          status: receipt.status,
          error: receipt.error ?? null,
          size_bytes: transaction.raw.length,
        }
      }
    }
  },
})
