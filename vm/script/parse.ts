/** A script as instructions, one after another. */
import { EMPTY_BYTES } from '../../core/bytes.ts'
import { ScriptError } from './errors.ts'
import { MAX_DIRECT_PUSH, OP, opcodeName } from './opcodes.ts'

export interface Instruction {
  readonly opcode: number
  /** Pushed bytes; empty for what pushes none. */
  readonly data: Uint8Array
  /** Of the opcode, in bytes from the script's start. */
  readonly offset: number
}

/** Bytes of the length that stands behind these opcodes. */
export const LENGTH_BYTES: ReadonlyMap<number, number> = new Map([
  [OP.OpPushData1, 1],
  [OP.OpPushData2, 2],
  [OP.OpPushData4, 4],
])

/** Stops at the first malformed push; what stands before it is executed. @throws ScriptError `MALFORMED_PUSH` */
export function* instructions(script: Uint8Array): Generator<Instruction> {
  let at = 0
  const read = (opcode: number, count: number): Uint8Array => {
    if (count > script.length - at) {
      throw new ScriptError(
        'MALFORMED_PUSH',
        `${opcodeName(opcode)} takes ${count} bytes, and ${script.length - at} are left`,
      )
    }
    at += count
    return script.subarray(at - count, at)
  }
  while (at < script.length) {
    const offset = at
    const opcode = script[at++]!
    const lengthBytes = LENGTH_BYTES.get(opcode)
    if (lengthBytes !== undefined) {
      const length = read(opcode, lengthBytes).reduceRight((sum, byte) => sum * 256 + byte, 0)
      yield { opcode, data: read(opcode, length), offset }
    } else if (opcode > 0 && opcode <= MAX_DIRECT_PUSH) yield { opcode, data: read(opcode, opcode), offset }
    else yield { opcode, data: EMPTY_BYTES, offset }
  }
}
