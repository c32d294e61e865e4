/** A run of one input's scripts, step by step, for people. */
import { fromHex, toHex } from '../../core/bytes.ts'
import { bareSpend } from '../../vm/conformance/bare-spend.ts'
import { readSpend, type Spend } from '../../vm/conformance/kip-json.ts'
import { assemble, describeInstruction } from '../../vm/script/assembly.ts'
import { runInput, type ScriptOutcome } from '../../vm/script/engine.ts'
import type { ScriptStep } from '../../vm/script/machine.ts'
import { opcodeName } from '../../vm/script/opcodes.ts'
import { proofVerifier } from '../../vm/zk/verify.ts'
import { loadProofSystems } from '../zk/proof-systems.ts'
import { readVectors } from './vector-file.ts'

export interface DebugRequest {
  /** Text for the assembler; absent where `file` names a spend. */
  readonly script?: string
  readonly sig: string
  readonly file?: string
  readonly input?: number
  readonly units: number
  readonly circuit?: string
  /** 32 bytes in hex. */
  readonly developmentKey?: string
}

/** @throws QuernError `SCRIPT_TOKEN`, `VECTOR_…`, `ZK_CIRCUIT_…` */
export async function debugScript(request: DebugRequest, onStep: (step: ScriptStep) => void): Promise<ScriptOutcome> {
  const { units, input, circuit, developmentKey } = request
  const spend = await spendOf(request)
  const systems = await loadProofSystems({
    ...(circuit === undefined ? {} : { circuitFile: circuit }),
    ...(developmentKey === undefined ? {} : { developmentKey: fromHex(developmentKey) }),
  })
  return runInput({
    ...spend,
    inputIndex: input ?? spend.inputIndex,
    unitLimit: units,
    proofs: proofVerifier(systems),
    trace: onStep,
  })
}

async function spendOf({ file, script = '', sig }: DebugRequest): Promise<Spend> {
  if (file !== undefined) return readSpend(await readVectors(file))
  return { ...bareSpend(assemble(sig), assemble(script)), seqCommitOf: () => undefined }
}

/** Of an item, and items of a stack, on a line; JSON has all. */
const MAX_SHOWN_BYTES = 16
const MAX_SHOWN_ITEMS = 6

function shortened(item: Uint8Array): string {
  if (item.length <= MAX_SHOWN_BYTES) return toHex(item)
  return `${toHex(item.subarray(0, MAX_SHOWN_BYTES))}..(${item.length})`
}

export function stepLine({ script, offset, opcode, data, unitsUsed, stack }: ScriptStep): string {
  const instruction =
    data.length > MAX_SHOWN_BYTES ? `${opcodeName(opcode)} ${shortened(data)}` : describeInstruction(opcode, data)
  const items = stack.slice(-MAX_SHOWN_ITEMS).toReversed().map(shortened)
  const more = stack.length > items.length ? [`and ${stack.length - items.length} more`] : []
  const place = `${script.padEnd(10)}  ${String(offset).padStart(6)}`
  return `${place}  ${instruction.padEnd(28)}  ${String(unitsUsed).padStart(9)}  ${[...items, ...more].join(' ')}`.trimEnd()
}

/** Topmost first, as on the line. */
export const stepValue = ({ script, offset, opcode, data, unitsUsed, stack, altStack }: ScriptStep) => ({
  script,
  offset,
  opcode: opcodeName(opcode),
  data: toHex(data),
  unitsUsed,
  stack: stack.map(toHex).toReversed(),
  altStack: altStack.map(toHex).toReversed(),
})

export function verdictLine(outcome: ScriptOutcome): string {
  if (outcome.ok) return `unlocked, with ${outcome.unitsUsed} script units`
  const { code, message, at } = outcome.error
  const place = at === undefined ? 'at the end' : `${at.script} script, byte ${at.offset}`
  return `${place}: ${code}: ${message} (${outcome.unitsUsed} script units)`
}
