/** Seeded chance. Each part of a run draws from a stream of its own, so that a change in one does not shift the others. */
import { u64be, utf8 } from './bytes.ts'
import { sha256 } from './hash.ts'

export interface Random {
  /** In [0, 1). */
  next(): number
  /** Integer in [0, bound). */
  below(bound: number): number
  /** Integer from `least` to `most`, both included. */
  between(least: number, most: number): number
  chance(probability: number): boolean
  /** Of a list that is not empty. */
  pick<T>(items: readonly T[]): T
  /** `count` different ones, or all where there are fewer, in random order. */
  sample<T>(items: readonly T[], count: number): T[]
}

/** sfc32 (Chris Doty-Humphrey): 128 bits of state, started from a hash of seed and name. */
export function randomStream(seed: number, name: string): Random {
  const start = sha256(u64be(seed), utf8(name))
  const view = new DataView(start.buffer, start.byteOffset, start.length)
  let a = view.getInt32(0)
  let b = view.getInt32(4)
  let c = view.getInt32(8)
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return (sum >>> 0) / 4_294_967_296
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  const sample = <T>(items: readonly T[], count: number): T[] => {
    const left = [...items]
    const taken: T[] = []
    while (taken.length < count && left.length > 0) taken.push(...left.splice(below(left.length), 1))
    return taken
  }
  return {
    next,
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)]!,
    sample,
  }
}
