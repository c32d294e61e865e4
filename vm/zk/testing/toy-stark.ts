/**
 * A STARK in miniature, for tests: a circuit of four columns and its prover, so that what verifies RISC Zero's receipts is held to
 * proofs made here. The circuit runs a sum: d starts at output word 1 and grows by e from row to row.
 *
 *     accum a = mix[0] e        code s = 0 in the first row, else 1        data d, e
 *
 * Columns are polynomials f on the powers of w, committed as f(3x) on the powers of a root four times as fine.
 */
import { concatBytes } from '../../../core/bytes.ts'
import {
  add,
  EXT_ONE,
  EXT_WORDS,
  EXT_ZERO,
  type Ext,
  encode,
  evaluate,
  extAdd,
  extInverse,
  extMul,
  extPow,
  extScale,
  extSub,
  fromBase,
  INVERSE_ROOTS,
  inverse,
  mul,
  ONE,
  P,
  pow,
  ROOTS,
  sub,
} from '../risc0/babybear.ts'
import { MIX_WORDS, OP, OUTPUT_WORDS, type RecursionCircuit, STEP_WORDS } from '../risc0/circuit.ts'
import { claimDigest } from '../risc0/claim.ts'
import { evaluateConstraints } from '../risc0/constraints.ts'
import { foldPoints } from '../risc0/fri.ts'
import { QUERIES } from '../risc0/opening.ts'
import { DIGEST_WORDS, type Poseidon2, purePoseidon2, WIDTH } from '../risc0/poseidon2.ts'
import type { SuccinctOperands } from '../risc0/receipt.ts'
import { Transcript } from '../risc0/transcript.ts'

/** Of the trace: its degree is folded once. */
const PO2 = 9
const ROWS = 2 ** PO2
const DOMAIN = 4 * ROWS
const FOLD = 16
const CHECK_ORDER = [0, 2, 1, 3]

const numbers = (seed: number, length: number) => Array.from({ length }, (_, i) => (seed + i * 0x1234_5677) % P)

const STEPS: readonly (readonly number[])[] = [
  [OP.get, 0], // v0 = a
  [OP.get, 1], // v1 = s
  [OP.get, 2], // v2 = d
  [OP.get, 3], // v3 = d, one row back
  [OP.get, 4], // v4 = e
  [OP.sub, 2, 3], // v5
  [OP.sub, 5, 4], // v6 = d - d' - e
  [OP.mul, 1, 6], // v7
  [OP.true], // c0
  [OP.andEqz, 0, 7], // c1: s (d - d' - e) = 0
  [OP.getGlobal, 1, 0], // v8 = mix[0]
  [OP.mul, 8, 4], // v9
  [OP.sub, 0, 9], // v10
  [OP.andEqz, 1, 10], // c2: a = mix[0] e
  [OP.const, 1], // v11
  [OP.sub, 11, 1], // v12 = 1 - s
  [OP.getGlobal, 0, 1], // v13 = output[1]
  [OP.sub, 2, 13], // v14
  [OP.andEqz, 0, 14], // c3
  [OP.andCond, 2, 12, 3], // c4: where s is 0, d = output[1]
  [OP.constExt, 0, 0, 0, 0], // v15
  [OP.add, 15, 15], // v16
  [OP.andEqz, 4, 16], // c5
]

function stepWords(): Int32Array {
  const words = new Int32Array(STEPS.length * STEP_WORDS)
  for (const [i, step] of STEPS.entries()) words.set(step, i * STEP_WORDS)
  return words
}

/** Its control root is what the prover makes it. */
export const TOY_CIRCUIT: Omit<RecursionCircuit, 'controlRoot'> = {
  steps: stepWords(),
  result: 5,
  registers: [
    { group: 0, offset: 0, backs: [0], combo: 0 },
    { group: 1, offset: 0, backs: [0], combo: 0 },
    { group: 2, offset: 0, backs: [0, 1], combo: 1 },
    { group: 2, offset: 1, backs: [0], combo: 0 },
  ],
  tapCount: 5,
  groupColumns: [1, 1, 2],
  combos: [[0], [0, 1]],
  poseidon2: { full: numbers(1, 192), partial: numbers(2, 21), diagonal: numbers(3, 24) },
  circuitInfo: 'TOYSUM:rev1v1___',
  proofSystemInfo: 'RISC0_STARK:v1__',
}

/** The circuit as an operator's file would hold it. */
export const TOY_TABLE = {
  ops: ['Const', 'ConstExt', 'Get', 'GetGlobal', 'Add', 'Sub', 'Mul', 'True', 'AndEqz', 'AndCond'],
  steps: STEPS,
  ret: TOY_CIRCUIT.result,
  taps: TOY_CIRCUIT.registers.flatMap(({ group, offset, backs, combo }) =>
    backs.map((back) => [offset, back, group, combo, backs.length]),
  ),
  combo_taps: TOY_CIRCUIT.combos.flat(),
  combo_begin: [0, 1, 3],
  output_size: OUTPUT_WORDS,
  mix_size: MIX_WORDS,
  circuit_info: TOY_CIRCUIT.circuitInfo,
  proof_system_info: TOY_CIRCUIT.proofSystemInfo,
  poseidon2: {
    p: P,
    cells: WIDTH,
    full_round_constants: TOY_CIRCUIT.poseidon2.full,
    partial_round_constants: TOY_CIRCUIT.poseidon2.partial,
    m_int_diag: TOY_CIRCUIT.poseidon2.diagonal,
  },
  allowed_control_root: '00'.repeat(32),
}

/** Coefficients of the polynomial that takes these values on the powers of a root of unity. */
function interpolate(values: readonly Ext[]): Ext[] {
  const transform = (points: readonly Ext[], root: number): Ext[] => {
    if (points.length === 1) return [points[0]!]
    const square = mul(root, root)
    const even = transform(
      points.filter((_, i) => i % 2 === 0),
      square,
    )
    const odd = transform(
      points.filter((_, i) => i % 2 === 1),
      square,
    )
    const result: Ext[] = new Array(points.length)
    let power = ONE
    for (let i = 0; i < even.length; i++, power = mul(power, root)) {
      const term = extScale(odd[i]!, power)
      result[i] = extAdd(even[i]!, term)
      result[i + even.length] = extSub(even[i]!, term)
    }
    return result
  }
  const scale = inverse(encode(values.length))
  return transform(values, INVERSE_ROOTS[Math.log2(values.length)]!).map((value) => extScale(value, scale))
}

/** Values on the powers of a root of the domain's order. */
function evaluateOn(coefficients: readonly Ext[], length: number): Ext[] {
  // A forward transform is an inverse one read backwards, times the length.
  const padded = Array.from({ length }, (_, i) => coefficients[i] ?? EXT_ZERO)
  const backwards = interpolate(padded).map((value) => extScale(value, encode(length)))
  return backwards.map((_, i) => backwards[(length - i) % length]!)
}

/** f(3x) for the polynomial f through a column. */
const shifted = (column: readonly number[]): Ext[] =>
  interpolate(column.map(fromBase)).map((coefficient, i) => extScale(coefficient, pow(encode(3), i)))

/** A matrix by rows, with every layer of its tree. */
class Tree {
  readonly #rows: readonly Int32Array[]
  readonly #layers: Int32Array[][]
  readonly #topSize: number

  constructor(hash: Poseidon2, rows: readonly Int32Array[]) {
    this.#rows = rows
    this.#layers = [rows.map((row) => hash.hash(row, 0, row.length))]
    for (let below = this.#layers[0]!; below.length > 1; below = this.#layers.at(-1)!) {
      const pairs = below.filter((_, i) => i % 2 === 0).map((left, i) => Int32Array.of(...left, ...below[2 * i + 1]!))
      this.#layers.push(pairs.map((pair) => hash.hash(pair, 0, pair.length)))
    }
    this.#topSize = Math.min(32, rows.length / 2)
  }

  get root(): Int32Array {
    return this.#layers.at(-1)![0]!
  }

  commit(seal: number[], transcript: Transcript): void {
    for (const digest of this.#layers.find((layer) => layer.length === this.#topSize)!) seal.push(...digest)
    transcript.commit(this.root)
  }

  open(seal: number[], row: number): void {
    seal.push(...this.#rows[row]!)
    for (let level = 0; this.#layers[level]!.length > this.#topSize; level++) {
      seal.push(...this.#layers[level]![(row >> level) ^ 1]!)
    }
  }
}

const columnsToRows = (columns: readonly (readonly number[])[]): Int32Array[] =>
  columns[0]!.map((_, row) => Int32Array.from(columns, (column) => column[row]!))

const wordsToBytes = (words: ArrayLike<number>): Uint8Array => new Uint8Array(Int32Array.from(words).buffer)

export interface ToyReceipt {
  readonly circuit: RecursionCircuit
  readonly operands: SuccinctOperands
}

/** How a prover cheats. */
export interface Cheat {
  /** A row in which d does not follow. */
  readonly brokenRow?: number
  /** Runs FRI on zero, whatever the columns say. */
  readonly foreignFunction?: boolean
  /** Adds this to the last polynomial's first coefficient. */
  readonly falseFinal?: number
}

/** A receipt about a program of ours; the trace behind it is a sum. */
export function proveToyReceipt(cheat: Cheat = {}, load = purePoseidon2): ToyReceipt {
  const hash = load(TOY_CIRCUIT.poseidon2)
  const ext = (column: readonly number[]) => evaluateOn(shifted(column), DOMAIN)
  const firsts = (values: readonly Ext[]) => values.map(([first]) => first)

  const start = encode(77)
  const e = numbers(5, ROWS)
  const d = [start]
  for (let row = 1; row < ROWS; row++) d.push(add(d[row - 1]!, e[row]!))
  if (cheat.brokenRow !== undefined) d[cheat.brokenRow] = add(d[cheat.brokenRow]!, ONE)
  const s = e.map((_, row) => (row === 0 ? 0 : ONE))
  const [codeValues, dValues, eValues] = [s, d, e].map(ext) as [Ext[], Ext[], Ext[]]
  const code = new Tree(hash, columnsToRows([firsts(codeValues)]))
  const data = new Tree(hash, columnsToRows([firsts(dValues), firsts(eValues)]))

  // The receipt around it: the program lies at index 2 of four.
  const siblings = [numbers(11, DIGEST_WORDS), numbers(12, DIGEST_WORDS)].map((words) => Int32Array.from(words))
  const first = hash.hash(Int32Array.of(...code.root, ...siblings[0]!), 0, 2 * DIGEST_WORDS)
  const controlRoot = hash.hash(Int32Array.of(...siblings[1]!, ...first), 0, 2 * DIGEST_WORDS)
  const imageId = new Uint8Array(32).fill(21)
  const journalDigest = new Uint8Array(32).fill(22)
  const claim = claimDigest(imageId, journalDigest)
  const output = Array.from({ length: OUTPUT_WORDS }, (_, i) =>
    i >= 16
      ? encode(claim[2 * (i - 16)]! | (claim[2 * (i - 16) + 1]! << 8))
      : i % 2 === 0
        ? encode(controlRoot[i / 2]!)
        : start,
  )
  const circuit: RecursionCircuit = { ...TOY_CIRCUIT, controlRoot: wordsToBytes(controlRoot) }

  const seal: number[] = []
  const transcript = new Transcript(new Int32Array(0), hash)
  const commitWords = (words: Int32Array) => transcript.commit(hash.hash(words, 0, words.length))
  for (const info of [circuit.proofSystemInfo, circuit.circuitInfo]) {
    commitWords(Int32Array.from(info, (letter) => encode(letter.charCodeAt(0))))
  }
  seal.push(...output, PO2)
  commitWords(Int32Array.from(seal))
  code.commit(seal, transcript)
  data.commit(seal, transcript)
  const mix = Array.from({ length: MIX_WORDS }, () => transcript.draw())
  const aValues = ext(e.map((value) => mul(mix[0]!, value)))
  const accum = new Tree(hash, columnsToRows([firsts(aValues)]))
  accum.commit(seal, transcript)

  // All constraints at each place, over what vanishes on the trace's rows; in four parts of the trace's degree.
  const constraintMix = transcript.drawExt()
  const x = Array.from({ length: DOMAIN }, (_, i) => pow(ROOTS[PO2 + 2]!, i))
  const quotient = x.map((place, i): Ext => {
    const taps = [aValues[i]!, codeValues[i]!, dValues[i]!, dValues[(i + DOMAIN - 4) % DOMAIN]!, eValues[i]!]
    const vanishing = sub(pow(mul(encode(3), place), ROWS), ONE)
    return extScale(evaluateConstraints(circuit, constraintMix, taps, [output, mix]), inverse(vanishing))
  })
  const quotientCoefficients = interpolate(quotient)
  const parts: Ext[][] = []
  for (const [i, column] of CHECK_ORDER.entries()) {
    parts[column] = quotientCoefficients.filter((_, j) => j % 4 === i && j < DOMAIN)
  }
  // A part's values on the domain, which lies in the base field, are those of its four coefficients side by side.
  const partValues = parts.map((part) => evaluateOn(part, DOMAIN))
  const checkValues = [0, 1, 2, 3].flatMap((unit) => partValues.map((values) => values.map((value) => value[unit]!)))
  const check = new Tree(hash, columnsToRows(checkValues))
  check.commit(seal, transcript)

  const z = transcript.drawExt()
  const zBack = extScale(z, INVERSE_ROOTS[PO2]!)
  const zFourth = extPow(z, 4)
  const at = (column: readonly number[], place: Ext) => evaluate(shifted(column), place)
  const dNow = at(d, z)
  const slope = extMul(extSub(dNow, at(d, zBack)), extInverse(extSub(z, zBack)))
  const taps: Ext[] = [extScale(at(e, z), mix[0]!), at(s, z), extSub(dNow, extMul(slope, z)), slope, at(e, z)]
  const checks = [0, 1, 2, 3].flatMap((unit) =>
    parts.map((part) =>
      evaluate(
        part.map((coefficient) => fromBase(coefficient[unit]!)),
        zFourth,
      ),
    ),
  )
  const opened = [...taps, ...checks].flat()
  seal.push(...opened)
  commitWords(Int32Array.from(opened))

  const friMix = transcript.drawExt()
  const powers = Array.from({ length: 4 + checks.length }, (_, i) => extPow(friMix, i))
  let layer = x.map((place, i): Ext => {
    if (cheat.foreignFunction === true) return EXT_ZERO
    const here = fromBase(place)
    const plain = extAdd(
      extSub(aValues[i]!, taps[0]!),
      extAdd(extMul(powers[1]!, extSub(codeValues[i]!, taps[1]!)), extMul(powers[3]!, extSub(eValues[i]!, taps[4]!))),
    )
    const line = extAdd(taps[2]!, extMul(taps[3]!, here))
    const stepped = extMul(powers[2]!, extSub(dValues[i]!, line))
    let checked = EXT_ZERO
    for (const [c, values] of checkValues.entries()) {
      checked = extAdd(checked, extMul(powers[4 + c]!, extSub(fromBase(values[i]!), checks[c]!)))
    }
    const [byZ, byBack] = [extInverse(extSub(here, z)), extInverse(extSub(here, zBack))]
    return extAdd(
      extAdd(extMul(plain, byZ), extMul(stepped, extMul(byZ, byBack))),
      extMul(checked, extInverse(extSub(here, zFourth))),
    )
  })
  const groups = DOMAIN / FOLD
  const pointsOf = (group: number) => Array.from({ length: FOLD }, (_, i) => layer[group + i * groups]!)
  const folded = new Tree(
    hash,
    Array.from({ length: groups }, (_, group) => {
      const points = pointsOf(group)
      return Int32Array.from({ length: FOLD * EXT_WORDS }, (_, i) => points[i % FOLD]![Math.floor(i / FOLD)]!)
    }),
  )
  folded.commit(seal, transcript)
  const foldMix = transcript.drawExt()
  layer = Array.from({ length: groups }, (_, group) =>
    foldPoints(pointsOf(group), extScale(foldMix, pow(INVERSE_ROOTS[PO2 + 2]!, group))),
  )
  const degree = ROWS / FOLD
  const final = interpolate(layer).slice(0, degree)
  final[0] = extAdd(final[0]!, extScale(EXT_ONE, cheat.falseFinal ?? 0))
  const finalWords = Int32Array.from(
    { length: degree * EXT_WORDS },
    (_, i) => final[i % degree]![Math.floor(i / degree)]!,
  )
  seal.push(...finalWords)
  commitWords(finalWords)
  for (let query = 0; query < QUERIES; query++) {
    const row = transcript.drawBits(PO2 + 2)
    for (const tree of [accum, code, data, check]) tree.open(seal, row)
    folded.open(seal, row % groups)
  }

  return {
    circuit,
    operands: {
      claim,
      controlIndex: Uint8Array.of(2, 0, 0, 0),
      controlDigests: concatBytes(...siblings.map(wordsToBytes)),
      seal: wordsToBytes(seal),
      journalDigest,
      imageId,
      controlId: wordsToBytes(code.root),
      hashFunction: Uint8Array.of(1),
    },
  }
}
