import { MAX_DEV_BALANCE_BITS } from '../../../vm/transaction/bodies/transfer.ts'
import { invalidParams } from '../errors.ts'
import { readQuantity } from '../schema.ts'

/** Wei as a DEV_SET_BALANCE can carry it. @throws RpcError `INVALID_PARAMS` */
export function readAmount(value: string | number, name: string): bigint {
  const amountWei = readQuantity(value)
  if (amountWei >> BigInt(MAX_DEV_BALANCE_BITS) === 0n) return amountWei
  throw invalidParams(`parameter "${name}": must be below 2^${MAX_DEV_BALANCE_BITS} wei`, { parameter: name })
}
