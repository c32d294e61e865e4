/**
 * The STARK under a RISC Zero receipt: a trace of the recursion circuit, committed in four matrices, satisfies the circuit's
 * constraints. DEEP-ALI over BabyBear with FRI, as `risc0/zkp` verifies it ("RISC0_STARK:v1__").
 *
 *     outputs, po2 | code, data -> mix -> accum -> poly mix -> check -> z | taps at z -> FRI mix | FRI
 *
 * A verdict takes the same bounded work whatever the seal says: the trace has at most 2^24 rows, of which 50 are opened.
 */
import { utf8 } from '../../../core/bytes.ts'
import { ZkError } from '../errors.ts'
import {
  add,
  EXT_ONE,
  EXT_WORDS,
  EXT_ZERO,
  type Ext,
  encode,
  evaluate,
  extAdd,
  extEquals,
  extInverse,
  extMul,
  extPow,
  extScale,
  extSub,
  fromBase,
  INVERSE_ROOTS,
  mul,
  ONE,
  pow,
  ROOTS,
} from './babybear.ts'
import { GROUP, MIX_WORDS, OUTPUT_WORDS, type RecursionCircuit } from './circuit.ts'
import { evaluateConstraints } from './constraints.ts'
import { BLOW_UP_PO2, readExts, verifyFri } from './fri.ts'
import { CommittedRows } from './opening.ts'
import type { Poseidon2 } from './poseidon2.ts'
import { formatError, Transcript } from './transcript.ts'

/** The largest trace RISC Zero proves: 2^24 cycles. */
const MAX_PO2 = 24
/** The check polynomial's columns: its four coefficients, each in as many parts as the domain is larger than the trace. */
const CHECK_COLUMNS = EXT_WORDS << BLOW_UP_PO2
/** In which order the parts of the check polynomial stand. */
const CHECK_ORDER = [0, 2, 1, 3]
/** The domain is the coset of this factor. */
const THREE = encode(3)

/** 1, x, x^2, x^3 */
const UNITS: readonly Ext[] = [
  [ONE, 0, 0, 0],
  [0, ONE, 0, 0],
  [0, 0, ONE, 0],
  [0, 0, 0, ONE],
]

/** What the FRI queries need of the taps: for each combo its interpolated remainder and the places it stands for. */
interface Deep {
  readonly mixPowers: readonly Ext[]
  readonly checkMixPowers: readonly Ext[]
  readonly remainders: readonly (readonly Ext[])[]
  readonly checkRemainder: Ext
  /** z times the trace's generator to the power of minus each back of the combo. */
  readonly places: readonly (readonly Ext[])[]
  readonly checkPlace: Ext
}

/**
 * @param seal the receipt's words
 * @param checkProgram throws unless this digest (8 words), the root of the code matrix, names a program that may run
 * @throws ZkError `ZK_RECEIPT_FORMAT`, `ZK_PROOF_FALSE`, and what `checkProgram` throws
 */
export function verifyStark(
  circuit: RecursionCircuit,
  hash: Poseidon2,
  seal: Int32Array,
  checkProgram: (codeRoot: Int32Array) => void,
): void {
  const transcript = new Transcript(seal, hash)
  for (const info of [circuit.proofSystemInfo, circuit.circuitInfo]) {
    const elements = Int32Array.from(utf8(info), encode)
    transcript.commit(hash.hash(elements, 0, elements.length))
  }
  const outputAt = transcript.read(OUTPUT_WORDS + 1)
  transcript.commitWords(outputAt, OUTPUT_WORDS + 1)
  const output = seal.subarray(outputAt, outputAt + OUTPUT_WORDS)
  const po2 = seal[outputAt + OUTPUT_WORDS]!
  if (po2 > MAX_PO2) throw formatError(`the trace has more than 2^${MAX_PO2} rows`)

  const rows = 2 ** (po2 + BLOW_UP_PO2)
  const commitGroup = (group: number) => new CommittedRows(transcript, hash, rows, circuit.groupColumns[group]!)
  const code = commitGroup(GROUP.code)
  checkProgram(code.root)
  const data = commitGroup(GROUP.data)
  const accumMix = Array.from({ length: MIX_WORDS }, () => transcript.draw())
  const accum = commitGroup(GROUP.accum)
  const groups = [accum, code, data]

  const constraintMix = transcript.drawExt()
  const check = new CommittedRows(transcript, hash, rows, CHECK_COLUMNS)
  const z = transcript.drawExt()
  const coefficientsAt = transcript.read((circuit.tapCount + CHECK_COLUMNS) * EXT_WORDS)
  transcript.commitWords(coefficientsAt, (circuit.tapCount + CHECK_COLUMNS) * EXT_WORDS)
  const coefficients = readExts(seal, coefficientsAt, circuit.tapCount + CHECK_COLUMNS)
  const tapCoefficients = coefficients.slice(0, circuit.tapCount)
  const checkCoefficients = coefficients.slice(circuit.tapCount)

  const taps = tapValues(circuit, tapCoefficients, z, po2)
  const constraints = evaluateConstraints(circuit, constraintMix, taps, [output, accumMix])
  if (!extEquals(checkValue(checkCoefficients, z, po2), constraints)) {
    throw new ZkError('ZK_PROOF_FALSE', 'the trace does not satisfy the circuit')
  }

  const deep = prepareDeep(circuit, tapCoefficients, checkCoefficients, z, po2, transcript.drawExt())
  const generator = ROOTS[po2 + BLOW_UP_PO2]!
  verifyFri(transcript, hash, po2, (row) => {
    const opened = groups.map((group) => group.open(row))
    return deepValue(circuit, deep, seal, opened, check.open(row), pow(generator, row))
  })
  transcript.end()
}

const backFactor = (po2: number, back: number): number => pow(INVERSE_ROOTS[po2]!, back)

/** The registers at z and the cycles back: each stands in the seal as the polynomial through its taps. */
function tapValues(circuit: RecursionCircuit, coefficients: readonly Ext[], z: Ext, po2: number): Ext[] {
  const values: Ext[] = []
  for (const { backs } of circuit.registers) {
    const own = coefficients.slice(values.length, values.length + backs.length)
    for (const back of backs) values.push(evaluate(own, extScale(z, backFactor(po2, back))))
  }
  return values
}

/** The check polynomial at z, times what vanishes on the trace's domain. */
function checkValue(coefficients: readonly Ext[], z: Ext, po2: number): Ext {
  let total = EXT_ZERO
  let power = EXT_ONE
  for (const part of CHECK_ORDER) {
    for (const [i, unit] of UNITS.entries()) {
      total = extAdd(total, extMul(extMul(coefficients[part + i * EXT_WORDS]!, unit), power))
    }
    power = extMul(power, z)
  }
  return extMul(total, extSub(extPow(extScale(z, THREE), 2 ** po2), EXT_ONE))
}

function prepareDeep(
  circuit: RecursionCircuit,
  tapCoefficients: readonly Ext[],
  checkCoefficients: readonly Ext[],
  z: Ext,
  po2: number,
  mix: Ext,
): Deep {
  const remainders: Ext[][] = circuit.combos.map((backs) => backs.map(() => EXT_ZERO))
  const mixPowers: Ext[] = []
  let power = EXT_ONE
  let at = 0
  for (const { backs, combo } of circuit.registers) {
    const remainder = remainders[combo]!
    for (let i = 0; i < backs.length; i++) remainder[i] = extAdd(remainder[i]!, extMul(power, tapCoefficients[at++]!))
    mixPowers.push(power)
    power = extMul(power, mix)
  }
  const checkMixPowers: Ext[] = []
  let checkRemainder = EXT_ZERO
  for (const coefficient of checkCoefficients) {
    checkRemainder = extAdd(checkRemainder, extMul(power, coefficient))
    checkMixPowers.push(power)
    power = extMul(power, mix)
  }
  return {
    mixPowers,
    checkMixPowers,
    remainders,
    checkRemainder,
    places: circuit.combos.map((backs) => backs.map((back) => extScale(z, backFactor(po2, back)))),
    checkPlace: extPow(z, 1 << BLOW_UP_PO2),
  }
}

/** What FRI should find at x: all columns mixed, less what they are at z, divided by the distance from there. */
function deepValue(
  circuit: RecursionCircuit,
  deep: Deep,
  words: Int32Array,
  rowsAt: readonly number[],
  checkAt: number,
  x: number,
): Ext {
  const totals = new Int32Array(circuit.combos.length * EXT_WORDS)
  for (const [i, { group, offset, combo }] of circuit.registers.entries()) {
    addScaled(totals, combo * EXT_WORDS, deep.mixPowers[i]!, words[rowsAt[group]! + offset]!)
  }
  const checkTotal = new Int32Array(EXT_WORDS)
  for (const [i, power] of deep.checkMixPowers.entries()) addScaled(checkTotal, 0, power, words[checkAt + i]!)

  const at = fromBase(x)
  let value = EXT_ZERO
  for (const [i, remainder] of deep.remainders.entries()) {
    const [total] = readExts(totals, i * EXT_WORDS, 1)
    let divisor = EXT_ONE
    for (const place of deep.places[i]!) divisor = extMul(divisor, extSub(at, place))
    value = extAdd(value, extMul(extSub(total!, evaluate(remainder, at)), extInverse(divisor)))
  }
  const [total] = readExts(checkTotal, 0, 1)
  const checkTerm = extMul(extSub(total!, deep.checkRemainder), extInverse(extSub(at, deep.checkPlace)))
  return extAdd(value, checkTerm)
}

function addScaled(totals: Int32Array, at: number, factor: Ext, scale: number): void {
  for (let i = 0; i < EXT_WORDS; i++) totals[at + i] = add(totals[at + i]!, mul(factor[i]!, scale))
}
