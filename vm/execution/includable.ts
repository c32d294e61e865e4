/**
 * Whether a transaction may stand in a block at all, and what it then pays. PROTOCOL 2.
 *
 * A block that holds a transaction refused here is invalid. Everything else that can go wrong is decided later, by the
 * kind's handler, and charged for.
 */
import type { Address } from '../../core/bytes.ts'
import type { Failure } from '../../core/errors.ts'
import { effectiveGasPrice } from '../fees.ts'
import { intrinsicGas } from '../gas.ts'
import type { ChainParams } from '../params.ts'
import { accountOf, setAccount } from '../state/account.ts'
import type { StateView } from '../state/view.ts'
import { type Transaction, valueWei } from '../transaction/types.ts'
import type { GramMeter, RefusalCode } from './types.ts'

export interface Inclusion {
  readonly params: ChainParams
  readonly baseFeePerGas: bigint
  /** Whether kinds 16 and 17 are in force. */
  readonly hasVprogs: boolean
  /** The mempool holds transactions whose nonce is ahead of the account's. */
  readonly allowNonceGap: boolean
}

const refusal = (code: RefusalCode, message: string): Failure<RefusalCode> => ({ code, message })

/** Up-front balance needed: everything the envelope allows to be taken. */
export const upFrontCostWei = (tx: Transaction): bigint => valueWei(tx.action) + BigInt(tx.gasLimit) * tx.maxFeePerGas

/** What needs no account: chain, gas and fees. */
function refusalByEnvelope(tx: Transaction, inclusion: Inclusion): Failure<RefusalCode> | undefined {
  const { params, baseFeePerGas } = inclusion
  const needed = intrinsicGas(tx.action)
  const { kind } = tx.action
  if ((kind === 'LANE' || kind === 'COVENANT') && !inclusion.hasVprogs) {
    return refusal('TX_KIND_INACTIVE', `${kind} transactions are not active on this chain yet`)
  }
  if (tx.chainId !== params.chainId) return refusal('TX_CHAIN_ID', `sign the transaction for chain ${params.chainId}`)
  if (tx.gasLimit < needed) return refusal('TX_GAS_TOO_LOW', `gasLimit ${tx.gasLimit} is too low: this needs ${needed}`)
  if (tx.gasLimit > params.gasLimit) {
    return refusal('TX_GAS_OVER_BLOCK', `gasLimit ${tx.gasLimit} exceeds a whole block's: this needs ${needed}`)
  }
  if (tx.maxPriorityFeePerGas > tx.maxFeePerGas) {
    return refusal('TX_FEE_ORDER', 'maxPriorityFeePerGas is above maxFeePerGas: raise the latter')
  }
  if (tx.maxFeePerGas < baseFeePerGas) {
    return refusal('TX_FEE_BELOW_BASE', `maxFeePerGas is too low: offer at least ${baseFeePerGas} wei`)
  }
  return undefined
}

/** Reads the state, changes nothing. */
export function refusalOf(state: StateView, tx: Transaction, inclusion: Inclusion): Failure<RefusalCode> | undefined {
  const byEnvelope = refusalByEnvelope(tx, inclusion)
  if (byEnvelope !== undefined) return byEnvelope
  const { nonce, balance } = accountOf(state, tx.from)
  if (tx.nonce < nonce) return refusal('TX_NONCE_TOO_LOW', `nonce ${tx.nonce} is used: the next one is ${nonce}`)
  if (tx.nonce > nonce && !inclusion.allowNonceGap) {
    return refusal('TX_NONCE_TOO_HIGH', `nonce ${tx.nonce} is ahead: the next one is ${nonce}`)
  }
  const cost = upFrontCostWei(tx)
  if (balance < cost) {
    return refusal('TX_INSUFFICIENT_FUNDS', `balance ${balance} is below value + gasLimit * maxFeePerGas = ${cost} wei`)
  }
  return undefined
}

export interface Charge {
  readonly gasUsed: number
  /** Wei per gas. */
  readonly effectiveGasPrice: bigint
  /** Taken from the sender and not burned: owed to the proposer. */
  readonly priorityFeeWei: bigint
}

/** Takes the gas, burns the base fee and counts the nonce. Only after `refusalOf` found nothing. */
export function charge(state: StateView, tx: Transaction, baseFeePerGas: bigint): Charge {
  const gasUsed = intrinsicGas(tx.action)
  const price = effectiveGasPrice(tx, baseFeePerGas)
  const feeWei = BigInt(gasUsed) * price
  const burnedWei = BigInt(gasUsed) * baseFeePerGas
  const account = accountOf(state, tx.from)
  setAccount(state, tx.from, { nonce: account.nonce + 1, balance: account.balance - feeWei })
  state.burn(burnedWei)
  return { gasUsed, effectiveGasPrice: price, priorityFeeWei: feeWei - burnedWei }
}

/** Takes the gram that scripts used, as gas is taken. @returns wei owed to the proposer */
export function chargeGram(state: StateView, sender: Address, gram: GramMeter, baseFeePerGas: bigint): bigint {
  const used = BigInt(gram.used)
  const { nonce, balance } = accountOf(state, sender)
  setAccount(state, sender, { nonce, balance: balance - used * gram.price })
  state.burn(used * baseFeePerGas)
  return used * (gram.price - baseFeePerGas)
}
