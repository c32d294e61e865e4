/**
 * Staking: who owns which part of a validator's bond, and what can be taken from it.
 *
 *   DELEGATE, STAKE ──tokens──> bond (Validator.tokens, split by shares) ──UNDELEGATE, UNSTAKE──> unbonding pool of
 *                                  │                                      (validator, epoch)      │
 *   rewards ──> reward pot         └── slashing burns the same part of the bond and of every ─────┘
 *     └──CLAIM──> balance               pool that has not matured            └──CLAIM, when matured──> balance
 *
 * A bond is a pool of tokens (wei) owned by shares. The owner's own stake is the delegation of the owner to itself, so
 * there is one rule for everybody. Slashing lowers `tokens` and touches no share: it reaches every delegation at once,
 * in proportion, at the cost of one record. Unbonding pools work the same way. Rewards never enter `tokens`; they go to
 * the reward pot (accrual.ts). Source: PROTOCOL 2, 5, 7; the model is that of Cosmos SDK's `x/staking`.
 *
 * Promises
 * - tokens <= shares, always: a pool starts at one share a wei, divisions round in the pool's favour, slashing only
 *   lowers tokens. So a share is never worth more than a wei, nobody can inflate its price to round away another's
 *   deposit, and every deposit of a >= 1 wei buys at least a shares.
 * - Whoever leaves last takes all tokens that remain: no wei is stranded in an empty pool.
 * - All together never take out more than was put in and not slashed. Each movement after a slash leaves less than one
 *   wei behind in the pool, which falls to those who stay: far below the gas of any movement.
 */
import { assert } from '../../core/errors.ts'

/** Wei owned by shares: a validator's bond, or one unbonding pool. */
export interface SharePool {
  readonly tokens: bigint
  readonly shares: bigint
}

/** Slashed to nothing: the shares that are left are worth nothing and no deposit can be priced. */
export const isWipedOut = (pool: SharePool): boolean => pool.tokens === 0n && pool.shares > 0n

/** Shares that a deposit of `amountWei` buys. The pool must not be wiped out. */
export function sharesForDeposit(pool: SharePool, amountWei: bigint): bigint {
  assert(!isWipedOut(pool), 'a pool without tokens cannot price a deposit')
  return pool.shares === 0n ? amountWei : (amountWei * pool.shares) / pool.tokens
}

/** Wei that `shares` are worth, rounded down. */
export const weiOfShares = (pool: SharePool, shares: bigint): bigint =>
  pool.shares === 0n ? 0n : (shares * pool.tokens) / pool.shares

/**
 * The fewest shares worth `amountWei`. Because a share is worth at most a wei, taking them out again yields exactly
 * `amountWei`. The pool must hold tokens.
 */
export function sharesForWithdrawal(pool: SharePool, amountWei: bigint): bigint {
  assert(pool.tokens > 0n, 'a pool without tokens cannot price a withdrawal')
  return (amountWei * pool.shares + pool.tokens - 1n) / pool.tokens
}

export function deposit(pool: SharePool, amountWei: bigint): { readonly pool: SharePool; readonly shares: bigint } {
  const shares = sharesForDeposit(pool, amountWei)
  const after = { tokens: pool.tokens + amountWei, shares: pool.shares + shares }
  assert(after.tokens <= after.shares, 'a share is worth more than a wei')
  return { pool: after, shares }
}

export function withdraw(pool: SharePool, shares: bigint): { readonly pool: SharePool; readonly amountWei: bigint } {
  assert(shares > 0n && shares <= pool.shares, 'more shares withdrawn than the pool has')
  const amountWei = weiOfShares(pool, shares)
  const after = { tokens: pool.tokens - amountWei, shares: pool.shares - shares }
  assert(after.tokens <= after.shares, 'a share is worth more than a wei')
  return { pool: after, amountWei }
}
