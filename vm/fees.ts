/** Base fee and price of gas, as EIP-1559 has them, over a floor. PROTOCOL 2. Amounts are wei per gas. */

/** A block is full at this many times its target. */
export const ELASTICITY = 2
/** The base fee moves by at most one part in this many a block. */
export const BASE_FEE_CHANGE_DENOMINATOR = 8n

export interface FeeParent {
  readonly baseFeePerGas: bigint
  readonly gasUsed: number
  readonly gasLimit: number
}

/** Base fee of the block after `parent`. */
export function nextBaseFee(parent: FeeParent, floorWei: bigint): bigint {
  const target = BigInt(Math.floor(parent.gasLimit / ELASTICITY))
  const used = BigInt(parent.gasUsed)
  const base = parent.baseFeePerGas
  let next = base
  if (used > target) {
    const rise = (base * (used - target)) / target / BASE_FEE_CHANGE_DENOMINATOR
    next = base + (rise > 0n ? rise : 1n)
  } else if (used < target) {
    next = base - (base * (target - used)) / target / BASE_FEE_CHANGE_DENOMINATOR
  }
  return next > floorWei ? next : floorWei
}

export interface FeeCaps {
  readonly maxPriorityFeePerGas: bigint
  readonly maxFeePerGas: bigint
}

/** Wei per gas that reaches the proposer. Only meaningful where maxFeePerGas >= baseFee. */
export function priorityFee(caps: FeeCaps, baseFeePerGas: bigint): bigint {
  const room = caps.maxFeePerGas - baseFeePerGas
  if (room < caps.maxPriorityFeePerGas) return room
  return caps.maxPriorityFeePerGas
}

/** Wei per gas that the sender pays: base fee, which is burned, and priority fee. */
export const effectiveGasPrice = (caps: FeeCaps, baseFeePerGas: bigint): bigint =>
  baseFeePerGas + priorityFee(caps, baseFeePerGas)
