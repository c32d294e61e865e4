/** Moving items about. Copies are paid for by their bytes; moves are not. */
import { ScriptError } from '../errors.ts'
import type { Machine, Operation, Operations } from '../machine.ts'
import { isTrue } from '../numbers.ts'
import { OP } from '../opcodes.ts'

/** Copies of `count` items that end `above` items below the top. */
const copy =
  (count: number, above: number): Operation =>
  ({ stack }) => {
    stack.need(count + above)
    const from = stack.length - count - above
    for (const item of stack.items.slice(from, from + count)) stack.push(item)
  }

const drop =
  (count: number): Operation =>
  ({ stack }) => {
    stack.take(count)
  }

/** The `count` items below the top `above` ones come to the top. */
const raise =
  (count: number, above: number): Operation =>
  ({ stack }) => {
    const items = stack.take(count + above)
    for (const item of [...items.slice(count), ...items.slice(0, count)]) stack.move(item)
  }

function depthOf({ stack }: Machine, what: string): number {
  const depth = stack.popInt32()
  if (depth < 0 || depth >= stack.length) {
    throw new ScriptError('INVALID_STACK_OPERATION', `${what} ${depth} deep, and the stack has ${stack.length} items`)
  }
  return depth
}

export const STACK: Operations = [
  [OP.OpToAltStack, (m) => m.altStack.move(m.stack.pop())],
  [
    OP.OpFromAltStack,
    (m) => {
      if (m.altStack.length === 0) throw new ScriptError('EMPTY_STACK', 'the alternative stack is empty')
      m.stack.move(m.altStack.pop())
    },
  ],
  [OP.Op2Drop, drop(2)],
  [OP.Op2Dup, copy(2, 0)],
  [OP.Op3Dup, copy(3, 0)],
  [OP.Op2Over, copy(2, 2)],
  [OP.Op2Rot, raise(2, 4)],
  [OP.Op2Swap, raise(2, 2)],
  [
    OP.OpIfDup,
    ({ stack }) => {
      const top = stack.peek(0)
      if (isTrue(top)) stack.push(top)
    },
  ],
  [OP.OpDepth, ({ stack }) => stack.pushNumber(stack.length)],
  [OP.OpDrop, drop(1)],
  [OP.OpDup, copy(1, 0)],
  [OP.OpNip, ({ stack }) => stack.pluck(1)],
  [OP.OpOver, copy(1, 1)],
  [OP.OpPick, (m) => m.stack.push(m.stack.peek(depthOf(m, 'OpPick')))],
  [OP.OpRoll, (m) => m.stack.move(m.stack.pluck(depthOf(m, 'OpRoll')))],
  [OP.OpRot, raise(1, 2)],
  [OP.OpSwap, raise(1, 1)],
  [
    OP.OpTuck,
    ({ stack }) => {
      stack.need(2)
      stack.insert(2, stack.peek(0))
    },
  ],
]
