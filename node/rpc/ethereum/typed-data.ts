/**
 * EIP-712: the hash that `eth_signTypedData_v4` signs.
 *
 *     keccak256(0x1901 || hashStruct(EIP712Domain, domain) || hashStruct(primaryType, message))
 *
 * Every value is checked against its type; what wallets would guess at (missing fields, numbers out of range) is refused.
 */
import { bigIntToBytes, concatBytes, EMPTY_BYTES, fromHex, utf8, ZERO_HASH } from '../../../core/bytes.ts'
import { keccak256 } from '../../../core/hash.ts'
import { invalidParams } from '../errors.ts'
import { readAddress } from '../schema.ts'

export interface TypedField {
  readonly name: string
  readonly type: string
}
export type TypedFields = Readonly<Record<string, readonly TypedField[]>>

export interface TypedData {
  readonly types: TypedFields
  readonly primaryType: string
  readonly domain: Readonly<Record<string, unknown>>
  readonly message: Readonly<Record<string, unknown>>
}

/** Deeper messages than any that people sign; keeps the recursion off the end of the stack. */
const MAX_DEPTH = 64
const DOMAIN = 'EIP712Domain'

/** In the order of the standard. */
const DOMAIN_FIELDS: readonly TypedField[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
]

const refuse = (path: string, why: string) => invalidParams(`typed data: ${path} ${why}`)

/** @throws RpcError `INVALID_PARAMS` naming the place */
export function typedDataHash({ types, primaryType, domain, message }: TypedData): Uint8Array {
  const all: TypedFields = Object.hasOwn(types, DOMAIN) ? types : { ...types, [DOMAIN]: domainFields(domain) }
  const own = primaryType === DOMAIN ? EMPTY_BYTES : hashStruct(all, primaryType, message, 'message', 0)
  return keccak256(concatBytes(Uint8Array.of(0x19, 0x01), hashStruct(all, DOMAIN, domain, 'domain', 0), own))
}

const domainFields = (domain: TypedData['domain']): readonly TypedField[] =>
  DOMAIN_FIELDS.filter(({ name }) => domain[name] !== undefined)

function fieldsOf(types: TypedFields, type: string, path: string): readonly TypedField[] {
  const fields = Object.hasOwn(types, type) ? types[type] : undefined
  if (fields === undefined) throw refuse(path, `has the unknown type "${type}"`)
  return fields
}

const baseType = (type: string): string => type.replace(/\[.*$/, '')

/** `Mail(Person from,Person to)Person(string name)`: the type itself, then those it uses, sorted. */
function encodeType(types: TypedFields, type: string): string {
  const used = new Set<string>()
  const waiting = [type]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (used.has(next)) continue
    used.add(next)
    for (const field of types[next]!) if (Object.hasOwn(types, baseType(field.type))) waiting.push(baseType(field.type))
  }
  used.delete(type)
  const text = (name: string) => `${name}(${types[name]!.map((field) => `${field.type} ${field.name}`).join(',')})`
  return [type, ...[...used].sort()].map(text).join('')
}

function hashStruct(types: TypedFields, type: string, value: unknown, path: string, depth: number): Uint8Array {
  if (depth > MAX_DEPTH) throw refuse(path, `is nested deeper than ${MAX_DEPTH}`)
  const fields = fieldsOf(types, type, path)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(path, `must be a ${type} object`)
  const record = value as Readonly<Record<string, unknown>>
  const encoded = fields.map((field) =>
    encodeValue(types, field.type, record[field.name], `${path}.${field.name}`, depth + 1),
  )
  return keccak256(concatBytes(keccak256(utf8(encodeType(types, type))), ...encoded))
}

function encodeValue(types: TypedFields, type: string, value: unknown, path: string, depth: number): Uint8Array {
  const array = /^(.*)\[(\d*)\]$/.exec(type)
  if (array !== null) return encodeArray(types, array[1]!, array[2]!, value, path, depth)
  if (Object.hasOwn(types, type)) {
    // A recursive type ends in an absent value, which counts as zero.
    return value === null || value === undefined ? ZERO_HASH : hashStruct(types, type, value, path, depth)
  }
  return encodeAtom(type, value, path)
}

function encodeArray(
  types: TypedFields,
  element: string,
  length: string,
  value: unknown,
  path: string,
  depth: number,
): Uint8Array {
  if (depth > MAX_DEPTH) throw refuse(path, `is nested deeper than ${MAX_DEPTH}`)
  if (!Array.isArray(value)) throw refuse(path, 'must be an array')
  if (length !== '' && value.length !== Number(length)) throw refuse(path, `must have ${length} elements`)
  return keccak256(concatBytes(...value.map((v, i) => encodeValue(types, element, v, `${path}[${i}]`, depth + 1))))
}

function encodeAtom(type: string, value: unknown, path: string): Uint8Array {
  if (type === 'string') {
    if (typeof value !== 'string') throw refuse(path, 'must be a string')
    return keccak256(utf8(value))
  }
  if (type === 'bool') {
    if (typeof value !== 'boolean') throw refuse(path, 'must be true or false')
    return bigIntToBytes(value ? 1n : 0n, 32)
  }
  if (type === 'address') {
    if (typeof value !== 'string') throw refuse(path, 'must be an address')
    return concatBytes(new Uint8Array(12), readAddress(value))
  }
  if (type === 'bytes') return keccak256(hexBytes(value, path))
  const fixed = /^bytes([1-9]\d?)$/.exec(type)
  if (fixed !== null && Number(fixed[1]) <= 32) return encodeFixedBytes(Number(fixed[1]), value, path)
  const integer = /^(u?)int([1-9]\d{0,2})$/.exec(type)
  if (integer !== null && Number(integer[2]) <= 256 && Number(integer[2]) % 8 === 0) {
    return encodeInteger(integer[1] === 'u', BigInt(integer[2]!), value, path)
  }
  throw refuse(path, `has the unknown type "${type}"`)
}

function hexBytes(value: unknown, path: string): Uint8Array {
  if (typeof value !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(value))
    throw refuse(path, 'must be 0x hex of whole bytes')
  return fromHex(value)
}

function encodeFixedBytes(length: number, value: unknown, path: string): Uint8Array {
  const bytes = hexBytes(value, path)
  if (bytes.length !== length) throw refuse(path, `must have ${length} bytes`)
  return concatBytes(bytes, new Uint8Array(32 - length))
}

function encodeInteger(isUnsigned: boolean, bits: bigint, value: unknown, path: string): Uint8Array {
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value)
  const isText = typeof value === 'string' && /^(-?\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value)
  if (!isNumber && !isText)
    throw refuse(path, 'must be an integer: a JSON number below 2^53, or decimal or 0x hex text')
  const number = BigInt(value)
  const [min, end] = isUnsigned ? [0n, 1n << bits] : [-(1n << (bits - 1n)), 1n << (bits - 1n)]
  if (number < min || number >= end) throw refuse(path, `does not fit ${isUnsigned ? 'u' : ''}int${bits}`)
  return bigIntToBytes(BigInt.asUintN(256, number), 32)
}
