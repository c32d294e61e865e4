/**
 * FRI (Ben-Sasson, Bentov, Horesh, Riabzev, 2018): that a committed function on a domain is a polynomial of low degree. Each
 * round folds 16 points into one; below degree 256 the polynomial stands in the seal. What each query should find in the
 * first round is the caller's to compute.
 */
import { ZkError } from '../errors.ts'
import {
  EXT_WORDS,
  type Ext,
  encode,
  evaluate,
  extAdd,
  extEquals,
  extMul,
  extScale,
  extSub,
  fromBase,
  INVERSE_ROOTS,
  inverse,
  mul,
  pow,
  ROOTS,
  readExt,
} from './babybear.ts'
import { CommittedRows, QUERIES } from './opening.ts'
import type { Poseidon2 } from './poseidon2.ts'
import type { Transcript } from './transcript.ts'

/** The domain is so many times the degree. */
export const BLOW_UP_PO2 = 2
const FOLD_PO2 = 4
const FOLD = 1 << FOLD_PO2
/** Degrees up to this one are not folded. */
const MIN_DEGREE_PO2 = 8

const HALF = inverse(encode(2))
/** 1 / (2 w^i), w of order 16. */
const HALF_INVERSES = Array.from({ length: FOLD / 2 }, (_, i) => mul(HALF, pow(INVERSE_ROOTS[FOLD_PO2]!, i)))

interface Round {
  readonly domainPo2: number
  readonly rows: CommittedRows
  readonly mix: Ext
}

/** The value at x of the polynomial of degree below 16 that takes `values[i]` at w^i: halved four times. */
export function foldPoints(values: readonly Ext[], x: Ext): Ext {
  let points = values
  let at = x
  for (let stride = 1; points.length > 1; stride *= 2) {
    const half = points.length / 2
    const folded: Ext[] = []
    for (let i = 0; i < half; i++) {
      const even = extScale(extAdd(points[i]!, points[i + half]!), HALF)
      const odd = extScale(extSub(points[i]!, points[i + half]!), HALF_INVERSES[i * stride]!)
      folded.push(extAdd(even, extMul(odd, at)))
    }
    points = folded
    at = extMul(at, at)
  }
  return points[0]!
}

/** Elements stand coefficient by coefficient: all constant terms first. */
const spread = (words: Int32Array, at: number, count: number): Ext[] =>
  Array.from({ length: count }, (_, i) => [
    words[at + i]!,
    words[at + count + i]!,
    words[at + 2 * count + i]!,
    words[at + 3 * count + i]!,
  ])

/**
 * @param po2 of the degree
 * @param valueAt reads what the seal opens for a query at this place of the domain, and computes the function's value there
 * @throws ZkError `ZK_RECEIPT_FORMAT`, `ZK_PROOF_FALSE`
 */
export function verifyFri(transcript: Transcript, hash: Poseidon2, po2: number, valueAt: (row: number) => Ext): void {
  const { words } = transcript
  const rounds: Round[] = []
  let degreePo2 = po2
  for (; degreePo2 > MIN_DEGREE_PO2; degreePo2 -= FOLD_PO2) {
    const domainPo2 = degreePo2 + BLOW_UP_PO2
    const rows = new CommittedRows(transcript, hash, 2 ** (domainPo2 - FOLD_PO2), FOLD * EXT_WORDS)
    rounds.push({ domainPo2, rows, mix: transcript.drawExt() })
  }
  const degree = 2 ** degreePo2
  const finalAt = transcript.read(degree * EXT_WORDS)
  transcript.commitWords(finalAt, degree * EXT_WORDS)
  const final = spread(words, finalAt, degree)
  const generator = ROOTS[degreePo2 + BLOW_UP_PO2]!

  for (let query = 0; query < QUERIES; query++) {
    let place = transcript.drawBits(po2 + BLOW_UP_PO2)
    let value = valueAt(place)
    for (const { domainPo2, rows, mix } of rounds) {
      const groupPo2 = domainPo2 - FOLD_PO2
      const within = place >> groupPo2
      place &= 2 ** groupPo2 - 1
      const points = spread(words, rows.open(place), FOLD)
      if (!extEquals(points[within]!, value)) throw new ZkError('ZK_PROOF_FALSE', 'a query does not fit its round')
      value = foldPoints(points, extScale(mix, pow(INVERSE_ROOTS[domainPo2]!, place)))
    }
    if (!extEquals(evaluate(final, fromBase(pow(generator, place))), value)) {
      throw new ZkError('ZK_PROOF_FALSE', 'a query does not fit the last polynomial')
    }
  }
}

/** `count` extension elements, one after the other. */
export const readExts = (words: Int32Array, at: number, count: number): Ext[] =>
  Array.from({ length: count }, (_, i) => readExt(words, at + i * EXT_WORDS))
