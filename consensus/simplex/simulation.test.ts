/** Whole networks on virtual time: safety under every fault of plan.ts, then liveness once the network is well. */
import { describe, expect, it } from 'vitest'
import { bls } from '../../core/bls.ts'
import { hexKey } from '../../core/bytes.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import { CALM, drawPlan, type Misdeed, type Plan } from './simulation/plan.ts'
import { World, type WorldOptions } from './simulation/world.ts'

/** Timers may have grown 64-fold by the heal: some half a minute for the view then in progress. */
const LIMIT_MS = 120_000
const NEW_BLOCKS = 4

/** Every honest node must finalise some blocks more than anybody had when the network healed. */
function play(plan: Plan, options: WorldOptions = {}, scheme = standInScheme()): World {
  const world = new World(plan, scheme, options)
  const honest = world.hosts.filter((host) => host.isHonest)
  let goal: number | undefined
  const isDone = () => {
    goal ??= world.oracle.height + NEW_BLOCKS
    const height = goal
    return honest.every((host) => host.head.block.header.height >= height)
  }
  const isLive = world.run(isDone, LIMIT_MS)
  expect(world.oracle.violations, `seed ${plan.seed}`).toEqual([])
  expect(isLive, `seed ${plan.seed} makes progress after the heal`).toBe(true)
  return world
}

describe('simulated networks', () => {
  for (let first = 0; first < 200; first += 40) {
    it(`seeds ${first} to ${first + 39}`, () => {
      for (let seed = first; seed < first + 40; seed++) play(drawPlan(seed))
    })
  }

  it('a seed gives the same run every time', () => {
    const trace = (seed: number) => play(drawPlan(seed), { isTraced: true }).trace
    expect(trace(7)).toBe(trace(7))
    expect(trace(7)).not.toBe(trace(8))
  })

  it('a single validator finalises by itself, epoch after epoch', () => {
    const world = play({ ...CALM, validators: 1, epochBlocks: 2 })
    expect(world.oracle.height).toBeGreaterThan(6)
  })

  it('sets change with the epochs, and the one who rests follows', () => {
    const world = play({ ...CALM, validators: 5, epochBlocks: 2, healAtMs: 2_000 })
    expect(world.oracle.height).toBeGreaterThan(10)
  })

  it('keeps going, with half of D to spare, while a third minus one is silent', () => {
    play({
      ...CALM,
      validators: 7,
      byzantine: new Map([
        [1, 'silent'],
        [5, 'silent'],
      ]),
    })
  })

  const accusable: Misdeed[] = ['equivocate', 'doubleVote']
  for (const misdeed of accusable) {
    it(`${misdeed} is found out`, () => {
      const world = play({ ...CALM, byzantine: new Map([[2, misdeed]]), healAtMs: 1_500 })
      expect([...world.oracle.accused]).toEqual([hexKey(world.keys[2]!.address)])
    })
  }

  it('runs on BLS signatures and encoded messages', () => {
    const world = play({ ...CALM, observers: 0, epochBlocks: 3 }, { isEncoded: true }, bls)
    expect(world.oracle.height).toBeGreaterThan(4)
  })
})
