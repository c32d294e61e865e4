/**
 * Kaspa's script engine, after Toccata: whether an input's signature script unlocks the output that it spends.
 *
 *     signature script (pushes only) ──> stack ──> public key script ──> true? ──> redeem script, where the output pays to
 *                                                                                  a script's hash
 *
 * It promises: the verdict and the units used follow from the context alone; every failure is a typed error at its opcode;
 * no run uses more units, items, bytes or operations than the named limits.
 * Numbers and pushes need not be minimal, as since Toccata. Source: rusty-kaspa crypto/txscript; KIP-10, 16, 17, 20, 21.
 */
import { ScriptError, type ScriptErrorCode } from './errors.ts'
import { MAX_ELEMENT_BYTES, MAX_SCRIPT_BYTES, MAX_STACK_ITEMS, STANDARD_SPK_BYTES, UNITS_PER_GRAM } from './limits.ts'
import { Machine, type Operation, type ScriptContext, type ScriptStep } from './machine.ts'
import { encodeNumber } from './numbers.ts'
import { isAlwaysIllegal, isConditional, isDisabled, isPush, OP, opcodeName, SMALL_NUMBER } from './opcodes.ts'
import { ARITHMETIC } from './operations/arithmetic.ts'
import { CRYPTO } from './operations/cryptography.ts'
import { FLOW } from './operations/flow.ts'
import { INTROSPECTION } from './operations/introspection.ts'
import { LOCK_TIME } from './operations/lock-time.ts'
import { SPLICE } from './operations/splice.ts'
import { STACK } from './operations/stack.ts'
import { type Instruction, instructions } from './parse.ts'
import { Stack } from './stack.ts'
import { isPayToScriptHash, MAX_SPK_VERSION } from './standard.ts'

export type ScriptOutcome =
  | { readonly ok: true; readonly unitsUsed: number }
  | { readonly ok: false; readonly error: ScriptFailure; readonly unitsUsed: number }

export interface ScriptFailure {
  readonly code: ScriptErrorCode
  readonly message: string
  /** Where it stopped; absent before and after the scripts. */
  readonly at?: { readonly script: ScriptStep['script']; readonly offset: number }
}

interface Place {
  at: ScriptFailure['at'] | undefined
}

const OPERATIONS: ReadonlyMap<number, Operation> = new Map([
  ...FLOW,
  ...STACK,
  ...SPLICE,
  ...ARITHMETIC,
  ...CRYPTO,
  ...LOCK_TIME,
  ...INTROSPECTION,
])

/** Runs the scripts of one input. */
export function runInput(context: ScriptContext): ScriptOutcome {
  const machine = new Machine(context)
  const place: Place = { at: undefined }
  try {
    run(machine, place)
    return { ok: true, unitsUsed: machine.unitsUsed }
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    const { code, message } = error
    const { at } = place
    return { ok: false, error: { code, message, ...(at === undefined ? {} : { at }) }, unitsUsed: machine.unitsUsed }
  }
}

function run(machine: Machine, place: Place): void {
  const { inputIndex } = machine.context
  const { signatureScript } = machine.input(inputIndex)
  const { version, script } = machine.utxo(inputIndex).spk
  if (version > MAX_SPK_VERSION) return
  machine.charge(Math.max(0, script.length - STANDARD_SPK_BYTES) * UNITS_PER_GRAM)
  if (signatureScript.length === 0 && script.length === 0) throw new ScriptError('EVAL_FALSE', 'both scripts are empty')
  for (const { length } of [signatureScript, script]) {
    if (length > MAX_SCRIPT_BYTES) {
      throw new ScriptError('SCRIPT_SIZE', `a script of ${length} bytes: at most ${MAX_SCRIPT_BYTES} are run`)
    }
  }
  runScript(machine, signatureScript, 'signature', place)
  const pushed = machine.stack.items.slice()
  runScript(machine, script, 'public key', place)
  if (isPayToScriptHash(script)) {
    if (!machine.stack.popBool()) throw new ScriptError('EVAL_FALSE', 'the redeem script has another hash')
    machine.stack = new Stack(pushed)
    runScript(machine, machine.stack.pop(), 'redeem', place)
  }
  const { stack } = machine
  if (stack.length > 1) throw new ScriptError('CLEAN_STACK', `${stack.length - 1} items are left below the result`)
  if (stack.length === 0) throw new ScriptError('EMPTY_STACK', 'the scripts leave no result')
  if (!stack.popBool()) throw new ScriptError('EVAL_FALSE', 'the scripts end with false')
}

function runScript(machine: Machine, script: Uint8Array, name: ScriptStep['script'], place: Place): void {
  for (const instruction of instructions(script)) {
    const { opcode, offset } = instruction
    place.at = { script: name, offset }
    if (isDisabled(opcode)) throw new ScriptError('OPCODE_DISABLED', `${opcodeName(opcode)} is disabled`)
    if (isAlwaysIllegal(opcode)) throw new ScriptError('OPCODE_RESERVED', `${opcodeName(opcode)} is reserved`)
    if (name === 'signature' && !isPush(opcode)) {
      throw new ScriptError('SIGNATURE_SCRIPT_NOT_PUSH_ONLY', `${opcodeName(opcode)} in a signature script`)
    }
    step(machine, instruction, name)
    const items = machine.stack.length + machine.altStack.length
    if (items > MAX_STACK_ITEMS) {
      throw new ScriptError('STACK_SIZE_EXCEEDED', `${items} items: the stacks hold ${MAX_STACK_ITEMS}`)
    }
  }
  place.at = undefined
  if (machine.branches.length > 0) throw new ScriptError('UNBALANCED_CONDITIONAL', 'an OpIf has no OpEndIf')
  machine.endScript()
}

function step(machine: Machine, { opcode, data, offset }: Instruction, script: ScriptStep['script']): void {
  if (!isPush(opcode)) machine.countOperations(1)
  else if (data.length > MAX_ELEMENT_BYTES) {
    throw new ScriptError('ELEMENT_TOO_BIG', `a push of ${data.length} bytes: at most ${MAX_ELEMENT_BYTES} fit`)
  }
  if (!machine.isExecuting && !isConditional(opcode)) return
  machine.context.trace?.({
    script,
    opcode,
    data,
    offset,
    stack: machine.stack.items.slice(),
    altStack: machine.altStack.items.slice(),
    unitsUsed: machine.unitsUsed,
  })
  execute(machine, opcode, data)
  machine.chargePushedBytes()
}

function execute(machine: Machine, opcode: number, data: Uint8Array): void {
  const operation = OPERATIONS.get(opcode)
  // Literals cost no units: their bytes were paid for in the script.
  if (opcode <= OP.OpPushData4) machine.stack.move(data)
  else if (opcode === OP.Op1Negate) machine.stack.move(encodeNumber(-1n))
  else if (opcode > SMALL_NUMBER && isPush(opcode)) machine.stack.move(encodeNumber(BigInt(opcode - SMALL_NUMBER)))
  else if (operation === undefined) throw new ScriptError('INVALID_OPCODE', `${opcodeName(opcode)} is no opcode`)
  else operation(machine)
}
