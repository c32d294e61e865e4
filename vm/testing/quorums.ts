/**
 * How many of n validators of equal power make a quorum, n = 1 to 100: written out, not computed, so that what computes
 * it is held against something else.
 */
export const QUORUMS: readonly number[] = [
  // 1 to 10
  1, 2, 3, 3, 4, 5, 5, 6, 7, 7,
  // 11 to 20
  8, 9, 9, 10, 11, 11, 12, 13, 13, 14,
  // 21 to 30
  15, 15, 16, 17, 17, 18, 19, 19, 20, 21,
  // 31 to 40
  21, 22, 23, 23, 24, 25, 25, 26, 27, 27,
  // 41 to 50
  28, 29, 29, 30, 31, 31, 32, 33, 33, 34,
  // 51 to 60
  35, 35, 36, 37, 37, 38, 39, 39, 40, 41,
  // 61 to 70
  41, 42, 43, 43, 44, 45, 45, 46, 47, 47,
  // 71 to 80
  48, 49, 49, 50, 51, 51, 52, 53, 53, 54,
  // 81 to 90
  55, 55, 56, 57, 57, 58, 59, 59, 60, 61,
  // 91 to 100
  61, 62, 63, 63, 64, 65, 65, 66, 67, 67,
]

/** Powers of a set, and a sum of some of them that is, or is not, more than two thirds. */
export const UNEQUAL: readonly {
  readonly what: string
  readonly powers: readonly bigint[]
  /** Indexes of the signers. */
  readonly signers: readonly number[]
  readonly isQuorum: boolean
}[] = [
  { what: 'two of three equals are exactly two thirds', powers: [1n, 1n, 1n], signers: [0, 1], isQuorum: false },
  { what: 'four of six equals are too', powers: [5n, 5n, 5n, 5n, 5n, 5n], signers: [0, 2, 3, 5], isQuorum: false },
  {
    what: 'the largest with one other, together two thirds',
    powers: [1n, 1n, 3n, 1n],
    signers: [2, 3],
    isQuorum: false,
  },
  { what: 'five of seven', powers: [2n, 3n, 1n, 1n], signers: [0, 1], isQuorum: true },
  { what: 'one that holds more than two thirds', powers: [1n, 1n, 5n], signers: [2], isQuorum: true },
  { what: 'one that holds two thirds', powers: [1n, 1n, 4n], signers: [2], isQuorum: false },
  { what: 'all but the one that holds a third', powers: [1n, 1n, 1n, 1n, 2n], signers: [0, 1, 2, 3], isQuorum: false },
  { what: 'all but the one that holds less', powers: [1n, 1n, 1n, 2n, 2n], signers: [0, 1, 3, 4], isQuorum: true },
  { what: 'many small beside one large', powers: [9n, 1n, 1n, 1n], signers: [1, 2, 3], isQuorum: false },
  { what: 'nobody', powers: [1n], signers: [], isQuorum: false },
  { what: 'the only one', powers: [1n], signers: [0], isQuorum: true },
  {
    what: 'stakes in wei, two thirds to the wei',
    powers: [10n ** 27n, 10n ** 27n, 10n ** 27n],
    signers: [0, 1],
    isQuorum: false,
  },
  {
    what: 'stakes in wei, one wei above, which a floating-point number cannot hold',
    powers: [10n ** 27n, 10n ** 27n + 1n, 10n ** 27n],
    signers: [0, 1],
    isQuorum: true,
  },
  {
    what: 'stakes in wei, one wei below',
    powers: [10n ** 27n, 10n ** 27n - 1n, 10n ** 27n],
    signers: [0, 1],
    isQuorum: false,
  },
]
