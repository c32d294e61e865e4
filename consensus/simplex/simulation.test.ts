/** Whole networks on virtual time: safety under every fault of plan.ts, then liveness once the network is well. */
import { describe, expect, it } from 'vitest'
import { drawPlan, type Plan } from './simulation/plan.ts'
import { standInScheme } from './simulation/stand-in-scheme.ts'
import { World } from './simulation/world.ts'

const LIMIT_MS = 600_000
const NEW_BLOCKS = 4

/** Every honest node must finalise some blocks more than anybody had when the network healed. */
function play(plan: Plan, isTraced = false): World {
  const world = new World(plan, standInScheme(), isTraced)
  const honest = world.hosts.filter((host) => host.isHonest)
  let goal: number | undefined
  const isDone = () => {
    goal ??= world.oracle.height + NEW_BLOCKS
    return honest.every((host) => host.head.block.header.height >= goal!)
  }
  const isLive = world.run(isDone, LIMIT_MS)
  expect(world.oracle.violations, `seed ${plan.seed}`).toEqual([])
  expect(isLive, `seed ${plan.seed} makes progress after the heal`).toBe(true)
  return world
}

describe('simulated networks', () => {
  for (let first = 0; first < 200; first += 20) {
    it(`seeds ${first} to ${first + 19}`, () => {
      for (let seed = first; seed < first + 20; seed++) play(drawPlan(seed))
    })
  }
})
