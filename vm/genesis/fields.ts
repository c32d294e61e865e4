/** Strict readers of genesis.json: every error names the place in the file. */
import { parseAddress } from '../../core/address.ts'
import { type Address, fromHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { GenesisErrorCode } from './types.ts'

/** Amounts stay far below the 256 bits that records hold, whatever they add up to. */
export const MAX_WEI = (1n << 128n) - 1n

export const genesisError = (code: GenesisErrorCode, path: string, why: string): QuernError<GenesisErrorCode> =>
  new QuernError(code, `genesis.json: ${path} ${why}`, { path })

const wrongShape = (path: string, why: string): QuernError<GenesisErrorCode> => genesisError('GENESIS_SHAPE', path, why)

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function readMap(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw wrongShape(path, 'must be an object')
  return value
}

/** An object with exactly these keys; those in `optional` may be missing. */
export function readObject(
  value: unknown,
  path: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  const object = readMap(value, path)
  for (const key of required) if (!Object.hasOwn(object, key)) throw wrongShape(path, `lacks "${key}"`)
  for (const key of Object.keys(object)) {
    if (!required.includes(key) && !optional.includes(key)) throw wrongShape(path, `has an unknown key "${key}"`)
  }
  return object
}

export function readArray(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongShape(path, 'must be an array')
  return value
}

export function readText(value: unknown, path: string, pattern: RegExp): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw wrongShape(path, `must be text that matches ${pattern}`)
  return value
}

export function readInteger(value: unknown, path: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw genesisError('GENESIS_PARAM', path, `must be an integer from ${min} to ${max}`)
  }
  return value
}

/** A decimal string: amounts exceed what JSON numbers hold exactly. */
export function readBigInt(value: unknown, path: string, min: bigint, max: bigint): bigint {
  if (typeof value !== 'string' || !/^(0|[1-9][0-9]{0,99})$/.test(value)) {
    throw wrongShape(path, 'must be a decimal string')
  }
  const amount = BigInt(value)
  if (amount < min || amount > max) throw genesisError('GENESIS_PARAM', path, `must be from ${min} to ${max}`)
  return amount
}

export function readAddress(value: unknown, path: string): Address {
  try {
    return parseAddress(typeof value === 'string' ? value : '')
  } catch {
    throw genesisError('GENESIS_ADDRESS', path, 'must be an address: cpc1... or 0x and 40 hex digits')
  }
}

export function readBytes(value: unknown, path: string, length: number): Uint8Array {
  const pattern = new RegExp(`^0x[0-9a-fA-F]{${2 * length}}$`)
  return fromHex(readText(value, path, pattern))
}
