/** Branches, and what ends a script. */
import { ScriptError } from '../errors.ts'
import type { Branch, Machine, Operation, Operations } from '../machine.ts'
import { OP, opcodeName } from '../opcodes.ts'

const branch =
  (wanted: boolean): Operation =>
  (machine) => {
    if (!machine.isExecuting) machine.branches.push('skip')
    else machine.branches.push(machine.stack.popBool() === wanted ? 'taken' : 'not taken')
  }

const OTHER: Readonly<Record<Branch, Branch>> = { taken: 'not taken', 'not taken': 'taken', skip: 'skip' }

function lastBranch(machine: Machine): Branch {
  const last = machine.branches.pop()
  if (last === undefined) throw new ScriptError('UNBALANCED_CONDITIONAL', 'there is no OpIf before it')
  return last
}

const reserved = (opcode: number): readonly [number, Operation] => [
  opcode,
  () => {
    throw new ScriptError('OPCODE_RESERVED', `${opcodeName(opcode)} is reserved`)
  },
]

/** @throws ScriptError `VERIFY` */
export function verify(condition: boolean): void {
  if (!condition) throw new ScriptError('VERIFY', 'the condition does not hold')
}

export const FLOW: Operations = [
  [OP.OpNop, () => undefined],
  [OP.OpIf, branch(true)],
  [OP.OpNotIf, branch(false)],
  [OP.OpElse, (m) => m.branches.push(OTHER[lastBranch(m)])],
  [OP.OpEndIf, (m) => lastBranch(m)],
  [OP.OpVerify, (m) => verify(m.stack.popBool())],
  [
    OP.OpReturn,
    () => {
      throw new ScriptError('EARLY_RETURN', 'OpReturn was reached')
    },
  ],
  reserved(OP.OpReserved),
  reserved(OP.OpVer),
  reserved(OP.OpReserved1),
  reserved(OP.OpReserved2),
]
