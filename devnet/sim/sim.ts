/**
 * The simulator: real nodes (engine, journal, execution, mempool, catch-up) on virtual time, a simulated network and
 * simulated disks, against faults and byzantine validators that a seed draws. A run is a function of its seed, so whatever
 * it finds can be found again.
 *
 *     plan.ts       what a seed draws            checker.ts    what must hold, by code of its own
 *     world.ts      one run                      actors/       byzantine parts
 *     machine.ts    a node, its disk and clock   faults.ts     crashes, lost disks, partitions, clogged links
 *     network.ts    links                        workload.ts   users, and what they want (draws.ts)
 *                                                vprog-users.ts  those of lanes and covenants
 *
 * What it leaves out: curves (signatures are hashes that only their owner can make), sockets, and threads.
 * After FoundationDB's simulation and TigerBeetle's VOPR: swarm-drawn faults, a safety phase, then a healed quorum that must
 * go on.
 */
import { messageOf } from '../../core/errors.ts'
import { drawPlan } from './plan.ts'
import { type RunResult, World } from './world.ts'

export type { RunResult } from './world.ts'

/** Every so many seeds one runs twice and must give one trace hash. */
export const TWICE_EVERY = 20

/** Which run: everything in it follows from these. */
export interface Run {
  readonly seed: number
  /** At genesis; drawn where it is not given. */
  readonly validators?: number | undefined
}

/** One run. Never rejects: whatever goes wrong in it is a violation. */
export async function runOnce({ seed, validators }: Run, write?: (line: string) => void): Promise<RunResult> {
  const world = new World(drawPlan(seed, validators), write)
  // A promise of the node that nobody waited for.
  const unhandled = (error: unknown): void => world.checker.violations.add(`unhandled rejection: ${messageOf(error)}`)
  process.on('unhandledRejection', unhandled)
  try {
    return await world.run()
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    world.checker.violations.add(`the run threw: ${what.split('\n').slice(0, 3).join(' ')}`)
    return world.result()
  } finally {
    process.off('unhandledRejection', unhandled)
  }
}

/** As `runOnce`; every `TWICE_EVERY`th seed twice. */
export async function runSeed(run: Run): Promise<RunResult> {
  const first = await runOnce(run)
  if (run.seed % TWICE_EVERY !== 0) return first
  const { traceHash } = await runOnce(run)
  if (traceHash === first.traceHash) return first
  return { ...first, violations: [...first.violations, 'two runs of this seed differ: something is not deterministic'] }
}
