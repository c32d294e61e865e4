/** Validators restarted one after the other, as for an upgrade: nobody waits longer than silent leaders explain. */
import { expect, it } from 'vitest'
import { standInScheme } from '../../core/stand-in-bls.ts'
import type { Host } from './simulation/host.ts'
import { BLOCK_INTERVAL_MS, NETWORK_DELAY_MS } from './simulation/network.ts'
import { CALM, type Plan } from './simulation/plan.ts'
import { World } from './simulation/world.ts'

const SEEDS = 60
const RESTARTS = 12
const LIMIT_MS = 100_000_000

/** One epoch, so that views follow one another. */
const PLAN: Plan = { ...CALM, observers: 0, epochBlocks: 1_000, healAtMs: 0 }

/** Longest that a view may take whose timers have not doubled. */
const VIEW_MS = BLOCK_INTERVAL_MS + 5 * NETWORK_DELAY_MS
/** Each nullified view doubles the timers. Twice more, for those that were nullified just before. */
const limitMs = (nullified: number): number => 2 ** (nullified + 2) * VIEW_MS
/** Final blocks that count as finality being back: one may have been under way. */
const RECOVERED_BLOCKS = 2

const headerOf = (host: Host) => host.head.block.header
const highest = (hosts: readonly Host[]) => hosts.map(headerOf).reduce((a, b) => (b.height > a.height ? b : a))
const lowest = (hosts: readonly Host[]) => hosts.map(headerOf).reduce((a, b) => (b.height < a.height ? b : a))

/** What a run waits for, event by event; each wait ends where the next begins. */
function* restarts(world: World, awayBlocks: number): Generator<() => boolean> {
  const { hosts } = world
  for (let i = 0; i < RESTARTS; i++) {
    const victim = hosts[i % hosts.length]!
    const others = hosts.filter((host) => host !== victim)
    const before = highest(hosts)
    const fromMs = world.nowMs
    victim.crash()
    yield () => lowest(others).height >= before.height + RECOVERED_BLOCKS
    const after = highest(others)
    const nullified = after.view - before.view - (after.height - before.height)
    const what = `seed ${world.plan.seed}, restart ${i}: finality after ${nullified} nullified views`
    expect(world.nowMs - fromMs, what).toBeLessThanOrEqual(limitMs(nullified))

    yield () => lowest(others).height >= after.height + awayBlocks
    victim.boot()
    yield () => headerOf(victim).height >= highest(hosts).height
  }
}

it('each is killed as soon as the one before is level', () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const world = new World({ ...PLAN, seed }, standInScheme())
    const steps = restarts(world, seed % 8)
    let isReached = () => lowest(world.hosts).height > 0
    const isDone = () => {
      while (isReached()) {
        const next = steps.next()
        if (next.done === true) return true
        isReached = next.value
      }
      return false
    }
    expect(world.run(isDone, LIMIT_MS), `seed ${seed}`).toBe(true)
    expect(world.oracle.violations).toEqual([])
  }
})
