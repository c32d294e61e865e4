/** Reading a node's answers: whatever is not as the OpenRPC document says is refused, with the name of what was asked. */
import { fromHex } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { isJsonObject, type JsonObject } from './json-rpc.ts'

export const invalid = (what: string): QuernError =>
  new QuernError('RPC_ANSWER_INVALID', `the node's ${what} is malformed: is this a Quern node of this version?`)

export function readObject(value: unknown, what: string): JsonObject {
  if (!isJsonObject(value)) throw invalid(what)
  return value
}

export function readNumber(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw invalid(what)
  return value
}

/** A 0x quantity. */
export function readQuantity(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/.test(value)) throw invalid(what)
  return BigInt(value)
}

export function readHash(value: unknown, what: string): Uint8Array {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/.test(value)) throw invalid(what)
  return fromHex(value)
}

/** An amount or a count in decimal, as strings carry what a double cannot. */
export function readDecimal(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^(0|[1-9][0-9]{0,77})$/.test(value)) throw invalid(what)
  return BigInt(value)
}
