/** Seeded chance for simulations: the same seed gives the same history. */

/** Uniform in [0, 1). */
export type Uniform = () => number

/** mulberry32 (Tommy Ettinger): 32 bits of state are plenty for some hundred thousand draws. */
export function uniformOf(seed: number): Uniform {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Above this mean a normal draw is as good: the count of a block this full is off by a fifth either way as it is. */
const MANY = 32

/** How many wins come of `mean` expected ones. */
export function poisson(mean: number, uniform: Uniform): number {
  if (mean <= 0) return 0
  if (mean > MANY) {
    // Box-Muller; 1 - u keeps the logarithm finite.
    const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal))
  }
  // Knuth: as many factors as keep the product above e^-mean.
  const limit = Math.exp(-mean)
  let count = -1
  for (let product = 1; product > limit; product *= uniform()) count++
  return count
}
