/** What a signature script pushes, in the shortest form alone, so that what is decoded encodes to the same bytes. */
import { concatBytes, equalBytes } from '../../core/bytes.ts'
import { pushBytes } from '../script/assembly.ts'
import { ScriptError } from '../script/errors.ts'
import { decodeNumber, encodeNumber } from '../script/numbers.ts'
import { isPush, MAX_SMALL_NUMBER, OP, SMALL_NUMBER } from '../script/opcodes.ts'
import { type Instruction, instructions } from '../script/parse.ts'
import { SettlementError } from './errors.ts'

const malformed = (message: string): SettlementError => new SettlementError('SIGNATURE_SCRIPT_MALFORMED', message)

function pushed({ opcode, data }: Instruction): Uint8Array {
  if (!isPush(opcode) || opcode === OP.OpReserved) throw malformed('a signature script holds pushes alone')
  if (opcode === OP.Op1Negate) return encodeNumber(-1n)
  const small = opcode - SMALL_NUMBER
  return small >= 1 && small <= MAX_SMALL_NUMBER ? Uint8Array.of(small) : data
}

export const pushAll = (items: readonly Uint8Array[]): Uint8Array => concatBytes(...items.map(pushBytes))

/** Bottom first. @throws SettlementError `SIGNATURE_SCRIPT_MALFORMED` */
export function pushedItems(script: Uint8Array): Uint8Array[] {
  try {
    const items = [...instructions(script)].map(pushed)
    if (equalBytes(pushAll(items), script)) return items
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    throw malformed(error.message)
  }
  throw malformed('a push is longer than it has to be')
}

/** @throws SettlementError `SIGNATURE_SCRIPT_MALFORMED`: not the shortest form of a number that is not negative */
export function readNumber(item: Uint8Array): bigint {
  const value = item.length > 8 ? -1n : decodeNumber(item)
  if (value < 0n || !equalBytes(encodeNumber(value), item)) throw malformed('a number is negative or not minimal')
  return value
}
