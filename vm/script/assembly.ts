/**
 * Scripts as text, and scripts from parts. In text: numbers are pushed in their shortest form, 'text' is pushed, 0x and hex
 * is taken as it stands, names are opcodes with or without Op, and # begins a comment.
 */
import { concatBytes, fromHex, toHex, utf8 } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { encodeNumber } from './numbers.ts'
import { LAST_PUSH, MAX_DIRECT_PUSH, MAX_SMALL_NUMBER, OP, opcodeName, SMALL_NUMBER } from './opcodes.ts'
import { LENGTH_BYTES } from './parse.ts'

const NEGATIVE_ONE = 0x81

/** Little endian length behind a push opcode. */
const lengthOf = (length: number, bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, i) => (length >> (8 * i)) & 0xff)

/** The shortest push of these bytes. */
export function pushBytes(data: Uint8Array): Uint8Array {
  const { length } = data
  if (length === 0) return Uint8Array.of(OP.OpFalse)
  if (length === 1 && data[0]! > 0 && data[0]! <= MAX_SMALL_NUMBER) return Uint8Array.of(SMALL_NUMBER + data[0]!)
  if (length === 1 && data[0] === NEGATIVE_ONE) return Uint8Array.of(OP.Op1Negate)
  if (length <= MAX_DIRECT_PUSH) return concatBytes(Uint8Array.of(length), data)
  if (length < 2 ** 8) return concatBytes(Uint8Array.of(OP.OpPushData1), lengthOf(length, 1), data)
  if (length < 2 ** 16) return concatBytes(Uint8Array.of(OP.OpPushData2), lengthOf(length, 2), data)
  return concatBytes(Uint8Array.of(OP.OpPushData4), lengthOf(length, 4), data)
}

/** The shortest push of this number. */
export const pushNumber = (value: bigint): Uint8Array => pushBytes(encodeNumber(value))

/** Opcodes as numbers of JavaScript, numbers to push as bigints. */
export const scriptOf = (...parts: readonly (number | bigint | Uint8Array)[]): Uint8Array =>
  concatBytes(
    ...parts.map((part) => {
      if (typeof part === 'number') return Uint8Array.of(part)
      return typeof part === 'bigint' ? pushNumber(part) : pushBytes(part)
    }),
  )

const plain = (name: string): string => name.replaceAll('_', '').toUpperCase()

const BY_NAME: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 256 }, (_, code): readonly [string, number][] => {
    const name = plain(code === OP.OpFalse ? 'OpFalse' : opcodeName(code))
    // `5` is a number to push, so small numbers are named in full alone.
    const isNumber = code > OP.OpTrue && code <= LAST_PUSH
    return isNumber
      ? [[name, code]]
      : [
          [name, code],
          [name.slice(2), code],
        ]
  }).flat(),
)

const ALIASES: ReadonlyMap<string, number> = new Map([
  ['OP0', OP.OpFalse],
  ['OP1', OP.OpTrue],
])

function assembleToken(token: string): Uint8Array {
  if (/^[+-]?\d+$/.test(token)) {
    const value = BigInt(token)
    if (BigInt.asIntN(64, value) === value) return pushNumber(value)
  } else if (/^0x(?:[0-9a-fA-F]{2})*$/.test(token)) return fromHex(token)
  else if (token.length >= 2 && token.startsWith("'") && token.endsWith("'")) return pushBytes(utf8(token.slice(1, -1)))
  const code = BY_NAME.get(plain(token)) ?? ALIASES.get(plain(token))
  if (code === undefined) {
    throw new QuernError('SCRIPT_TOKEN', `"${token}" is no opcode, number, 0x and hex, or 'text'`, { token })
  }
  return Uint8Array.of(code)
}

/** @throws QuernError `SCRIPT_TOKEN` */
export const assemble = (text: string): Uint8Array =>
  concatBytes(
    ...text
      .split('\n')
      .flatMap((line) => line.split('#', 1)[0]!.split(/\s+/))
      .filter((token) => token !== '')
      .map(assembleToken),
  )

/** One instruction as listings show it: all of its bytes, so that `assemble` gives them back. */
export function describeInstruction(opcode: number, data: Uint8Array): string {
  const lengthBytes = LENGTH_BYTES.get(opcode)
  const length = lengthBytes === undefined ? [] : [toHex(lengthOf(data.length, lengthBytes))]
  return [opcodeName(opcode), ...length, ...(data.length === 0 ? [] : [toHex(data)])].join(' ')
}
