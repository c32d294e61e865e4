/** How many validators a network has at genesis. */
import type { Random } from '../../core/random.ts'

export const MIN_VALIDATORS = 4
export const MAX_VALIDATORS = 10

/** Small networks more often: they run in a quarter of the time, and break as easily. One in twenty is large. */
const SMALL = [4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 7]
const LEAST_OF_LARGE = 8

export const drawSize = (random: Random): number =>
  random.pick([...SMALL, random.between(LEAST_OF_LARGE, MAX_VALIDATORS)])
