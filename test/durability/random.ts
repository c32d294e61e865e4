/** Numbers that a seed replays: faults are drawn from it, so a failure names the seed and comes again. */
export type Random = (below: number) => number

/** xorshift32 (Marsaglia, 2003): plenty for drawing faults. */
export function randomOf(seed: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state = (state ^ (state << 5)) >>> 0
    return state % below
  }
}
