/** Bytes: joining, cutting, bitwise logic, equality, and between numbers and bytes (KIP-17). */
import { concatBytes, equalBytes } from '../../../core/bytes.ts'
import { ScriptError } from '../errors.ts'
import { MAX_ELEMENT_BYTES } from '../limits.ts'
import type { Operation, Operations } from '../machine.ts'
import { encodeNumber, MAX_NUMBER_BYTES } from '../numbers.ts'
import { OP } from '../opcodes.ts'
import { verify } from './flow.ts'

function checkLength(length: number): void {
  if (length <= MAX_ELEMENT_BYTES) return
  throw new ScriptError('ELEMENT_TOO_BIG', `${length} bytes: an element has at most ${MAX_ELEMENT_BYTES}`)
}

/** @throws ScriptError `INVALID_RANGE`, `ELEMENT_TOO_BIG`, `OUT_OF_BOUNDS_SUBSTRING` */
export function substring(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end < start) throw new ScriptError('INVALID_RANGE', `${start}..${end} is no range`)
  checkLength(end - start)
  if (end > bytes.length) {
    throw new ScriptError('OUT_OF_BOUNDS_SUBSTRING', `${start}..${end} is not within ${bytes.length} bytes`)
  }
  return bytes.subarray(start, end)
}

const bitwise =
  (combine: (a: number, b: number) => number): Operation =>
  ({ stack }) => {
    const [a, b] = stack.take(2) as [Uint8Array, Uint8Array]
    if (a.length !== b.length) throw new ScriptError('INVALID_STATE', 'bitwise logic takes operands of equal length')
    stack.push(a.map((byte, i) => combine(byte, b[i]!)))
  }

function areEqual(items: readonly Uint8Array[]): boolean {
  const [a, b] = items as [Uint8Array, Uint8Array]
  return equalBytes(a, b)
}

export const SPLICE: Operations = [
  [
    OP.OpCat,
    ({ stack }) => {
      const [a, b] = stack.take(2) as [Uint8Array, Uint8Array]
      // Before anything of that size is made.
      checkLength(a.length + b.length)
      stack.push(concatBytes(a, b))
    },
  ],
  [
    OP.OpSubstr,
    ({ stack }) => {
      stack.need(3)
      const [start, end] = stack.takeIndexes(2) as [number, number]
      stack.push(substring(stack.pop(), start, end))
    },
  ],
  [OP.OpSize, ({ stack }) => stack.pushNumber(stack.peek(0).length)],
  [OP.OpInvert, ({ stack }) => stack.push(stack.pop().map((byte) => ~byte))],
  [OP.OpAnd, bitwise((a, b) => a & b)],
  [OP.OpOr, bitwise((a, b) => a | b)],
  [OP.OpXor, bitwise((a, b) => a ^ b)],
  [OP.OpEqual, ({ stack }) => stack.pushBool(areEqual(stack.take(2)))],
  [OP.OpEqualVerify, ({ stack }) => verify(areEqual(stack.take(2)))],
  [
    OP.OpNum2Bin,
    ({ stack }) => {
      const [size] = stack.takeIndexes(1) as [number]
      if (size > MAX_NUMBER_BYTES) throw new ScriptError('NUMBER_TOO_LONG', `a number has at most 8 bytes, not ${size}`)
      stack.push(encodeNumber(stack.popNumber(), size))
    },
  ],
  [OP.OpBin2Num, ({ stack }) => stack.pushNumber(stack.popNumber())],
]
