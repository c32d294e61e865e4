/**
 * Poseidon2 over BabyBear, width 24 (Grassi, Khovratovich, Schofnegger, "Poseidon2", 2023), and the unpadded sponge over it: 16
 * words in at a time, 8 words out. All words are in Montgomery form, below p; whoever reads them from outside checks that.
 * The constants come with the circuit's table. `purePoseidon2` is the reference of every other implementation.
 */
import { add, encode, mul } from './babybear.ts'

export const WIDTH = 24
/** Words a permutation takes in. */
export const RATE = 16
export const DIGEST_WORDS = 8
export const HALF_FULL_ROUNDS = 4
export const PARTIAL_ROUNDS = 21

/** Integers below p, not in Montgomery form. */
export interface Poseidon2Constants {
  /** 8 rounds of 24, the first half and then the second. */
  readonly full: ArrayLike<number>
  readonly partial: ArrayLike<number>
  /** What the inner matrix has on its diagonal beside the ones that are everywhere. */
  readonly diagonal: ArrayLike<number>
}

export interface Poseidon2 {
  /** Permutes 24 words in place. */
  permute(state: Int32Array): void
  /** The digest of `count` words from `from`. */
  hash(words: Int32Array, from: number, count: number): Int32Array
}

export type LoadPoseidon2 = (constants: Poseidon2Constants) => Poseidon2

/** Of all constants in Montgomery form: full rounds, partial rounds, diagonal. */
export const encodeConstants = ({ full, partial, diagonal }: Poseidon2Constants): Int32Array =>
  Int32Array.from([...Array.from(full), ...Array.from(partial), ...Array.from(diagonal)], encode)

const PARTIAL_AT = 2 * HALF_FULL_ROUNDS * WIDTH
const DIAGONAL_AT = PARTIAL_AT + PARTIAL_ROUNDS

function power7(x: number): number {
  const x2 = mul(x, x)
  const x4 = mul(x2, x2)
  return mul(mul(x4, x2), x)
}

/** Six times the 4 x 4 matrix of the paper's appendix B, then each column's sum on top. */
function outerLayer(s: Int32Array): void {
  let sum0 = 0
  let sum1 = 0
  let sum2 = 0
  let sum3 = 0
  for (let i = 0; i < WIDTH; i += 4) {
    const x1 = s[i + 1]!
    const x3 = s[i + 3]!
    const t0 = add(s[i]!, x1)
    const t1 = add(s[i + 2]!, x3)
    const t2 = add(add(x1, x1), t1)
    const t3 = add(add(x3, x3), t0)
    const twiceT1 = add(t1, t1)
    const twiceT0 = add(t0, t0)
    const t4 = add(add(twiceT1, twiceT1), t3)
    const t5 = add(add(twiceT0, twiceT0), t2)
    const t6 = add(t3, t5)
    const t7 = add(t2, t4)
    s[i] = t6
    s[i + 1] = t5
    s[i + 2] = t7
    s[i + 3] = t4
    sum0 = add(sum0, t6)
    sum1 = add(sum1, t5)
    sum2 = add(sum2, t7)
    sum3 = add(sum3, t4)
  }
  for (let i = 0; i < WIDTH; i += 4) {
    s[i] = add(s[i]!, sum0)
    s[i + 1] = add(s[i + 1]!, sum1)
    s[i + 2] = add(s[i + 2]!, sum2)
    s[i + 3] = add(s[i + 3]!, sum3)
  }
}

function fullRounds(s: Int32Array, constants: Int32Array, from: number): void {
  for (let at = from; at < from + HALF_FULL_ROUNDS * WIDTH; at += WIDTH) {
    for (let i = 0; i < WIDTH; i++) s[i] = power7(add(s[i]!, constants[at + i]!))
    outerLayer(s)
  }
}

function partialRounds(s: Int32Array, constants: Int32Array): void {
  for (let round = 0; round < PARTIAL_ROUNDS; round++) {
    s[0] = power7(add(s[0]!, constants[PARTIAL_AT + round]!))
    let sum = 0
    for (let i = 0; i < WIDTH; i++) sum = add(sum, s[i]!)
    for (let i = 0; i < WIDTH; i++) s[i] = add(sum, mul(constants[DIAGONAL_AT + i]!, s[i]!))
  }
}

export const purePoseidon2: LoadPoseidon2 = (source) => {
  const constants = encodeConstants(source)
  const state = new Int32Array(WIDTH)

  const permute = (s: Int32Array): void => {
    outerLayer(s)
    fullRounds(s, constants, 0)
    partialRounds(s, constants)
    fullRounds(s, constants, HALF_FULL_ROUNDS * WIDTH)
  }

  return {
    permute,
    hash: (words, from, count) => {
      state.fill(0)
      let at = from
      do {
        const taken = Math.min(RATE, from + count - at)
        for (let i = 0; i < RATE; i++) state[i] = i < taken ? words[at + i]! : 0
        permute(state)
        at += RATE
      } while (at < from + count)
      return state.slice(0, DIGEST_WORDS)
    },
  }
}
