/**
 * The table of RISC Zero's recursion circuit, release 3.0: constraint steps, taps, Poseidon2 constants and the root of the
 * programs that may run on it. It is data of RISC Zero (Apache-2.0), made from their circuit, so the operator installs it; its
 * digest stands here, and another table is refused by name.
 *
 * The file is JSON: `ops`, `steps` ([op, operand, ...]), `ret`, `taps` ([offset, back, group, combo, skip]), `combo_taps`,
 * `combo_begin`, `poseidon2`, `allowed_control_root`, and sizes, which are checked against what this verifier
 * is built for.
 */
import { fromHex, hexKey, utf8 } from '../../../core/bytes.ts'
import { QuernError } from '../../../core/errors.ts'
import { sha256 } from '../../../core/hash.ts'
import { P } from './babybear.ts'
import type { Poseidon2Constants } from './poseidon2.ts'
import { HALF_FULL_ROUNDS, PARTIAL_ROUNDS, WIDTH } from './poseidon2.ts'

/** Operations of a step, as the file numbers them. */
export const OP = {
  const: 0,
  constExt: 1,
  get: 2,
  getGlobal: 3,
  add: 4,
  sub: 5,
  mul: 6,
  true: 7,
  andEqz: 8,
  andCond: 9,
}
const OPS = ['Const', 'ConstExt', 'Get', 'GetGlobal', 'Add', 'Sub', 'Mul', 'True', 'AndEqz', 'AndCond']
/** Operands of each. */
const OPERANDS = [1, 4, 1, 2, 2, 2, 2, 0, 2, 3]

/** Words of a step in `RecursionCircuit.steps`: the operation, then up to four operands. */
export const STEP_WORDS = 5
export const OUTPUT_WORDS = 32
export const MIX_WORDS = 20
/** Register groups, in the order of the taps. */
export const GROUP = { accum: 0, code: 1, data: 2 } as const

/** One column of the trace, and the cycles back at which it is read. */
export interface Register {
  readonly group: number
  /** Its column in the group. */
  readonly offset: number
  readonly backs: readonly number[]
  readonly combo: number
}

export interface RecursionCircuit {
  readonly steps: Int32Array
  /** The AND chain whose total is the constraint polynomial. */
  readonly result: number
  readonly registers: readonly Register[]
  readonly tapCount: number
  /** Columns of each group. */
  readonly groupColumns: readonly number[]
  /** The distinct lists of backs. */
  readonly combos: readonly (readonly number[])[]
  readonly poseidon2: Poseidon2Constants
  /** 32 bytes. */
  readonly controlRoot: Uint8Array
  readonly circuitInfo: string
  readonly proofSystemInfo: string
}

/** The table of release 3.0, digested by `circuitDigest`. */
export const RECURSION_CIRCUIT_DIGEST = '2566408f42ec37b09ff3c44e3455a40f02f625283284f9ddcdfff9c23c8c9716'

/** Four times what the table has: no file can make the checks below long. */
const MAX_STEPS = 50_000
const MAX_TAPS = 2_600
const MAX_COMBOS = 20

const invalid = (what: string) =>
  new QuernError(
    'ZK_CIRCUIT_INVALID',
    `the recursion circuit's file is damaged (${what}): install the table of RISC Zero 3.0 again`,
  )

type Json = Readonly<Record<string, unknown>>

const asObject = (value: unknown, what: string): Json => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(what)
  return value as Json
}

function integers(value: unknown, what: string, maxLength: number, below = 2 ** 31): number[] {
  const isInteger = (item: unknown) => typeof item === 'number' && Number.isInteger(item) && item >= 0 && item < below
  if (!Array.isArray(value) || value.length > maxLength || !value.every(isInteger)) throw invalid(what)
  return value as number[]
}

/** Whether each operand names something that is already there. */
function isSound(op: number, [a = 0, b = 0, c = 0, ...rest]: readonly number[], seen: Seen): boolean {
  switch (op) {
    case OP.const:
    case OP.constExt:
      return [a, b, c, ...rest].every((constant) => constant < P)
    case OP.get:
      return a < seen.taps
    case OP.getGlobal:
      return (a === 0 && b < OUTPUT_WORDS) || (a === 1 && b < MIX_WORDS)
    case OP.true:
      return true
    case OP.andEqz:
      return a < seen.chains && b < seen.values
    case OP.andCond:
      return a < seen.chains && b < seen.values && c < seen.chains
    default:
      return a < seen.values && b < seen.values
  }
}

interface Seen {
  readonly taps: number
  values: number
  chains: number
}

function readSteps(value: unknown, taps: number): { readonly steps: Int32Array; readonly chains: number } {
  if (!Array.isArray(value) || value.length > MAX_STEPS) throw invalid('steps')
  const steps = new Int32Array(value.length * STEP_WORDS)
  const seen: Seen = { taps, values: 0, chains: 0 }
  for (const [i, item] of value.entries()) {
    const [op = -1, ...operands] = integers(item, `step ${i}`, STEP_WORDS)
    if (operands.length !== OPERANDS[op] || !isSound(op, operands, seen)) throw invalid(`step ${i}`)
    if (op < OP.true) seen.values++
    else seen.chains++
    steps.set([op, ...operands], i * STEP_WORDS)
  }
  return { steps, chains: seen.chains }
}

function readRegisters(taps: readonly (readonly number[])[], combos: readonly (readonly number[])[]): Register[] {
  const registers: Register[] = []
  /** Of the group so far: its columns stand in order, without gaps. */
  let columns = 0
  let lastGroup = 0
  for (let at = 0; at < taps.length; ) {
    const [offset = 0, , group = 0, combo = 0, size = 0] = taps[at]!
    const own = taps.slice(at, at + size)
    const backs = own.map((tap) => tap[1] ?? 0)
    const isSame = own.every((tap) => tap[0] === offset && tap[2] === group && tap[3] === combo)
    if (group !== lastGroup) columns = 0
    const isNext = offset === columns && group >= lastGroup && group <= GROUP.data
    if (size === 0 || !isSame || !isNext || !equalLists(backs, combos[combo])) throw invalid(`tap ${at}`)
    registers.push({ group, offset, backs, combo })
    lastGroup = group
    columns++
    at += size
  }
  return registers
}

const equalLists = (a: readonly unknown[], b: unknown): boolean =>
  Array.isArray(b) && a.length === b.length && a.every((item, i) => item === b[i])

/**
 * Reads the operator's file without asking which table it is: `loadCircuit` does.
 * @throws QuernError `ZK_CIRCUIT_INVALID`
 */
export function parseCircuit(json: unknown): RecursionCircuit {
  const file = asObject(json, 'no object')
  const hash = asObject(file.poseidon2, 'poseidon2')
  if (!equalLists(OPS, file.ops)) throw invalid('ops')
  if (hash.p !== P || hash.cells !== WIDTH) throw invalid('poseidon2')
  if (file.output_size !== OUTPUT_WORDS || file.mix_size !== MIX_WORDS) throw invalid('sizes')
  const { circuit_info: circuitInfo, proof_system_info: proofSystemInfo, allowed_control_root: root, ret } = file
  if (typeof circuitInfo !== 'string' || circuitInfo.length !== 16) throw invalid('circuit_info')
  if (typeof proofSystemInfo !== 'string' || proofSystemInfo.length !== 16) throw invalid('proof_system_info')
  if (typeof root !== 'string' || !/^[0-9a-f]{64}$/.test(root)) throw invalid('allowed_control_root')

  if (!Array.isArray(file.taps) || file.taps.length > MAX_TAPS) throw invalid('taps')
  const taps = file.taps.map((tap, i) => integers(tap, `tap ${i}`, 5, MAX_TAPS))
  const comboTaps = integers(file.combo_taps, 'combo_taps', MAX_TAPS, 2 ** 16)
  const comboBegin = integers(file.combo_begin, 'combo_begin', MAX_COMBOS + 1)
  const combos = comboBegin.slice(1).map((end, i) => comboTaps.slice(comboBegin[i], end))
  const registers = readRegisters(taps, combos)
  const { steps, chains } = readSteps(file.steps, taps.length)
  if (typeof ret !== 'number' || !Number.isInteger(ret) || ret < 0 || ret >= chains) throw invalid('ret')

  const full = [hash.full_round_constants].flat(2)
  return {
    steps,
    result: ret,
    registers,
    tapCount: taps.length,
    groupColumns: [0, 1, 2].map((group) => registers.filter((register) => register.group === group).length),
    combos,
    poseidon2: {
      full: exactly(integers(full, 'full_round_constants', 192, P), 2 * HALF_FULL_ROUNDS * WIDTH),
      partial: exactly(integers(hash.partial_round_constants, 'partial_round_constants', 21, P), PARTIAL_ROUNDS),
      diagonal: exactly(integers(hash.m_int_diag, 'm_int_diag', 24, P), WIDTH),
    },
    controlRoot: fromHex(root),
    circuitInfo,
    proofSystemInfo,
  }
}

function exactly(values: number[], length: number): number[] {
  if (values.length !== length) throw invalid('poseidon2')
  return values
}

/** SHA-256, in hex, of all that a verdict depends on. How the file is spaced or ordered does not matter. */
export function circuitDigest(circuit: RecursionCircuit): string {
  const { steps, controlRoot, ...rest } = circuit
  return hexKey(sha256(utf8(JSON.stringify({ ...rest, steps: [...steps], controlRoot: hexKey(controlRoot) }))))
}

/**
 * The recursion circuit from the operator's file, parsed as JSON.
 * @throws QuernError `ZK_CIRCUIT_INVALID`, `ZK_CIRCUIT_MISMATCH`
 */
export function loadCircuit(json: unknown): RecursionCircuit {
  const circuit = parseCircuit(json)
  const digest = circuitDigest(circuit)
  if (digest !== RECURSION_CIRCUIT_DIGEST) {
    throw new QuernError(
      'ZK_CIRCUIT_MISMATCH',
      'this is another recursion circuit than the chain verifies: install the table of RISC Zero 3.0',
      { digest, expected: RECURSION_CIRCUIT_DIGEST },
    )
  }
  return circuit
}
