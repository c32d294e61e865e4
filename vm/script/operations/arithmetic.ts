/** Numbers of 64 bits. Division and remainder round towards zero. */
import { ScriptError } from '../errors.ts'
import type { Operation, Operations } from '../machine.ts'
import { inRange } from '../numbers.ts'
import { OP } from '../opcodes.ts'
import { verify } from './flow.ts'

const unary =
  (apply: (a: bigint) => bigint): Operation =>
  ({ stack }) =>
    stack.pushNumber(inRange(apply(stack.popNumber())))

const binary =
  (apply: (a: bigint, b: bigint) => bigint | boolean): Operation =>
  ({ stack }) => {
    const [a, b] = stack.takeNumbers(2) as [bigint, bigint]
    const result = apply(a, b)
    if (typeof result === 'boolean') stack.pushBool(result)
    else stack.pushNumber(inRange(result))
  }

/** `Math.min` does not take bigints. */
function least(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

function divisor(b: bigint): bigint {
  if (b === 0n) throw new ScriptError('INVALID_STATE', 'division by zero')
  return b
}

export const ARITHMETIC: Operations = [
  [OP.Op1Add, unary((a) => a + 1n)],
  [OP.Op1Sub, unary((a) => a - 1n)],
  [OP.OpNegate, unary((a) => -a)],
  [OP.OpAbs, unary((a) => (a < 0n ? -a : a))],
  [OP.OpNot, unary((a) => (a === 0n ? 1n : 0n))],
  [OP.Op0NotEqual, unary((a) => (a === 0n ? 0n : 1n))],
  [OP.OpAdd, binary((a, b) => a + b)],
  [OP.OpSub, binary((a, b) => a - b)],
  [OP.OpMul, binary((a, b) => a * b)],
  [OP.OpDiv, binary((a, b) => a / divisor(b))],
  [OP.OpMod, binary((a, b) => a % divisor(b))],
  [OP.OpBoolAnd, binary((a, b) => a !== 0n && b !== 0n)],
  [OP.OpBoolOr, binary((a, b) => a !== 0n || b !== 0n)],
  [OP.OpNumEqual, binary((a, b) => a === b)],
  [
    OP.OpNumEqualVerify,
    ({ stack }) => {
      const [a, b] = stack.takeNumbers(2)
      verify(a === b)
    },
  ],
  [OP.OpNumNotEqual, binary((a, b) => a !== b)],
  [OP.OpLessThan, binary((a, b) => a < b)],
  [OP.OpGreaterThan, binary((a, b) => a > b)],
  [OP.OpLessThanOrEqual, binary((a, b) => a <= b)],
  [OP.OpGreaterThanOrEqual, binary((a, b) => a >= b)],
  [OP.OpMin, binary(least)],
  [OP.OpMax, binary((a, b) => -least(-a, -b))],
  [
    OP.OpWithin,
    ({ stack }) => {
      const [value, from, below] = stack.takeNumbers(3) as [bigint, bigint, bigint]
      stack.pushBool(value >= from && value < below)
    },
  ],
]
