/** The cheap reasons to turn a transaction away: everything that needs neither the state nor the rest of the pool. */
import type { ErrorMeta, Failure } from '../core/errors.ts'
import type { FeeCaps } from '../vm/fees.ts'
import type { Entry } from './entry.ts'
import type { AddErrorCode } from './errors.ts'
import { type MempoolLimits, REPLACEMENT_RAISE_PERCENT } from './limits.ts'
import type { Account, SenderQueue } from './sender-queue.ts'

export const refuse = (code: AddErrorCode, message: string, meta: ErrorMeta = {}): Failure<AddErrorCode> => ({
  code,
  message,
  meta,
})

/** `queue`: what waits of the same sender, if anything does. */
export function admissionRefusal(
  entry: Entry,
  account: Account,
  queue: SenderQueue | undefined,
  limits: MempoolLimits,
): Failure<AddErrorCode> | undefined {
  return (
    nonceRefusal(entry, account, limits) ??
    feeRefusal(entry, limits) ??
    rivalRefusal(entry, queue, limits) ??
    fundsRefusal(entry, account, queue)
  )
}

function nonceRefusal({ transaction }: Entry, account: Account, limits: MempoolLimits) {
  const { nonce } = transaction
  const meta = { nonce, accountNonce: account.nonce, limit: limits.maxNonceGap }
  if (nonce < account.nonce) {
    return refuse('TX_NONCE_TOO_LOW', `nonce ${nonce} is used: sign with nonce ${account.nonce} or higher`, meta)
  }
  if (nonce - account.nonce > limits.maxNonceGap) {
    return refuse('NONCE_GAP_TOO_LARGE', `nonce ${nonce} is too far ahead: send nonce ${account.nonce} first`, meta)
  }
  return undefined
}

function feeRefusal({ transaction }: Entry, { feeFloorWei }: MempoolLimits) {
  const { maxFeePerGas } = transaction
  if (maxFeePerGas >= feeFloorWei) return undefined
  const message = `maxFeePerGas is below the network's floor: offer at least ${feeFloorWei} wei`
  return refuse('TX_FEE_BELOW_BASE', message, { maxFeePerGas, floor: feeFloorWei })
}

function rivalRefusal({ transaction }: Entry, queue: SenderQueue | undefined, limits: MempoolLimits) {
  if (queue === undefined) return undefined
  const rival = queue.at(transaction.nonce)
  if (rival === undefined) {
    if (queue.size < limits.maxPerSender) return undefined
    const message = `${queue.size} transactions of this sender wait already: let some be included first`
    return refuse('SENDER_LIMIT', message, { limit: limits.maxPerSender })
  }
  const wanted = raised(rival.transaction)
  const isRaised =
    transaction.maxFeePerGas >= wanted.maxFeePerGas && transaction.maxPriorityFeePerGas >= wanted.maxPriorityFeePerGas
  if (isRaised) return undefined
  const message = `nonce ${transaction.nonce} waits already: to replace it raise both fees by ${REPLACEMENT_RAISE_PERCENT} %`
  return refuse('REPLACEMENT_UNDERPRICED', message, { ...wanted })
}

/** The least that replaces these fees, rounded up. */
function raised({ maxFeePerGas, maxPriorityFeePerGas }: FeeCaps): FeeCaps {
  const raise = (fee: bigint) => (fee * (100n + REPLACEMENT_RAISE_PERCENT) + 99n) / 100n
  return { maxFeePerGas: raise(maxFeePerGas), maxPriorityFeePerGas: raise(maxPriorityFeePerGas) }
}

function fundsRefusal({ transaction, costWei }: Entry, { balance }: Account, queue: SenderQueue | undefined) {
  if (costWei > balance) {
    const message = 'balance is below value + gasLimit * maxFeePerGas: fund the account or send less'
    return refuse('TX_INSUFFICIENT_FUNDS', message, { balance, cost: costWei })
  }
  const owedWei = (queue?.costWei ?? 0n) - (queue?.at(transaction.nonce)?.costWei ?? 0n) + costWei
  if (owedWei <= balance) return undefined
  const message = 'balance does not cover this on top of what already waits: let some be included or fund the account'
  return refuse('OVERDRAFT', message, { balance, cost: owedWei })
}
