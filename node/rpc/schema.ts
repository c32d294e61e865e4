/**
 * The values that JSON-RPC parameters and results are made of, as JSON Schema, and their readers and writers.
 *
 * `description` completes "expected ..." in the error for a wrong parameter. Ethereum's names: a QUANTITY is a 0x hex
 * number without leading zeros, DATA is 0x hex of whole bytes. Our own methods have JSON numbers below 2^53, decimal
 * wei strings and 0x hex hashes (see each method).
 */
import { checksumAddress, parseAddress } from '../../core/address.ts'
import { type Address, fromHex, type Hex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { invalidParams, RPC_CODE, RpcError } from './errors.ts'
import { type Static, Type } from './method.ts'

// ------------------------------------------------------------------------------------------------- Ethereum

/** Results: canonical. */
export const Quantity = Type.String({ pattern: '^0x(0|[1-9a-f][0-9a-f]*)$', description: 'a 0x hex number' })
/** Parameters: leading zeros and either case are read too. At most 256 bits. */
export const QuantityParam = Type.String({ pattern: '^0x[0-9a-fA-F]{1,64}$', description: 'a 0x hex number' })
/** Some clients send plain numbers where Ethereum has a QUANTITY. */
export const NumberParam = Type.Union([QuantityParam, Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })], {
  description: 'a number: 0x hex, or a JSON integer below 2^53',
})
export const Data = Type.String({ pattern: '^0x([0-9a-f]{2})*$', description: '0x hex of whole bytes' })
/** Evenness is left to `readData`: a pattern for it would be slow on a megabyte. */
export const DataParam = Type.String({ pattern: '^0x[0-9a-fA-F]*$', description: '0x hex of whole bytes' })
export const Hash32 = Type.String({ pattern: '^0x[0-9a-fA-F]{64}$', description: '0x and 64 hex digits' })
export const HexAddress = Type.String({
  pattern: '^0x[0-9a-fA-F]{40}$',
  description: 'an address of 0x and 40 hex digits',
})
/** Both text forms; `readAddress` checks the checksum. */
export const AddressParam = Type.String({
  pattern: '^(0x[0-9a-fA-F]{40}|cpc1[02-9ac-hj-np-z]{38})$',
  description: 'an address: 0x and 40 hex digits, or cpc1...',
})
export const BlockTag = Type.Union(
  [
    Type.Literal('latest'),
    Type.Literal('safe'),
    Type.Literal('finalized'),
    Type.Literal('earliest'),
    Type.Literal('pending'),
  ],
  { description: 'latest, safe, finalized, earliest or pending' },
)
const BlockNumberRef = Type.Union([BlockTag, QuantityParam], { description: 'a 0x hex number or a tag' })
/** EIP-1898 besides Ethereum's number and tag. */
export const BlockRef = Type.Union(
  [
    BlockTag,
    QuantityParam,
    Type.Object(
      { blockHash: Hash32, requireCanonical: Type.Optional(Type.Boolean()) },
      { additionalProperties: false },
    ),
    Type.Object({ blockNumber: BlockNumberRef }, { additionalProperties: false }),
  ],
  { description: 'a block: 0x hex number, latest, safe, finalized, earliest, pending, {blockHash} or {blockNumber}' },
)
/** Number or tag only, where Ethereum has no EIP-1898. */
export const BlockNumberParam = Type.Union([BlockTag, QuantityParam], {
  description: 'a block: 0x hex number, latest, safe, finalized, earliest or pending',
})

// ------------------------------------------------------------------------------------------------- our own

export const Integer = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'an integer below 2^53',
})
/** A natural number below 2^256 in decimal: wei, shares, work. `description` says of what. */
export const decimalString = (description: string) => Type.String({ pattern: '^[0-9]{1,78}$', description })
export const DecimalString = decimalString('a decimal string')
/** bech32, as our own methods write addresses. */
export const Bech32Address = Type.String({ pattern: '^cpc1[02-9ac-hj-np-z]{38}$', description: 'an address: cpc1...' })
/** Heights of `chain_` and `poc_` methods: number, decimal string, 0x hex or tag. */
export const HeightRef = Type.Union(
  [
    BlockTag,
    QuantityParam,
    Type.String({ pattern: '^[0-9]{1,16}$' }),
    Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  ],
  { description: 'a height: number, decimal string, 0x hex, latest, safe, finalized, earliest or pending' },
)
export const Nullable = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) =>
  Type.Union([schema, Type.Null()])

export type BlockRefValue = Static<typeof BlockRef>
export type HeightRefValue = Static<typeof HeightRef>

// ------------------------------------------------------------------------------------------------- readers

/** @throws RpcError `INVALID_PARAMS` unless below 2^53 */
export function readNumber(value: string | number, name: string): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw invalidParams(`parameter "${name}": must be below 2^53`, { parameter: name })
}

export const readQuantity = (text: string | number): bigint => BigInt(text)

/** @throws RpcError `INVALID_PARAMS` */
export function readData(text: string, name: string): Uint8Array {
  try {
    return fromHex(text)
  } catch (error) {
    if (!(error instanceof QuernError)) throw error
    throw invalidParams(`parameter "${name}": ${error.message}`, { parameter: name })
  }
}

/** @throws RpcError `ADDRESS_INVALID` */
export function readAddress(text: string): Address {
  try {
    return parseAddress(text)
  } catch (error) {
    if (!(error instanceof QuernError)) throw error
    throw new RpcError(RPC_CODE.invalidParams, error.code, error.message)
  }
}

// ------------------------------------------------------------------------------------------------- writers

export const quantity = (value: number | bigint): Hex => `0x${value.toString(16)}`
/** Node.js writes hex ten times as fast as portable code, and blocks hold thousands of hashes. */
export const data = (bytes: Uint8Array): Hex =>
  `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`

/** 2 MB; the accounts of some full blocks. */
const MAX_KNOWN_ADDRESSES = 16_384
const knownAddresses = new Map<Hex, Hex>()

/** EIP-55, as `eth_` methods write addresses; remembered, since each costs a hash and the same few are asked for. */
export function address(bytes: Address): Hex {
  const plain = data(bytes)
  const known = knownAddresses.get(plain)
  if (known !== undefined) return known
  if (knownAddresses.size >= MAX_KNOWN_ADDRESSES) knownAddresses.clear()
  const text = checksumAddress(bytes)
  knownAddresses.set(plain, text)
  return text
}
