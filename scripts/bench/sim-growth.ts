/**
 * How consensus grows with the validators: 4, 16, 64 and 100 of them on a simulated network without faults. Messages and
 * bytes are exact; CPU time is that of this machine, without curves, which the simulator leaves out. Run:
 *
 *     npx tsx scripts/bench/sim-growth.ts [largest number of validators]
 */

import { WEI_PER_CPC } from '../../core/units.ts'
import { drawPlan, type Plan } from '../../devnet/sim/plan.ts'
import { World } from '../../devnet/sim/world.ts'
import { PRESETS } from '../../vm/params.ts'
import { printTable } from './report.ts'

/** Fewer blocks where each costs more; the first two are not counted. */
const SIZES: readonly (readonly [validators: number, blocks: number])[] = [
  [4, 60],
  [16, 20],
  [64, 5],
  [100, 3],
]
const WARM_UP_BLOCKS = 2
const largest = Number(process.argv[2] ?? 100)

/** Everything well: an ordinary devnet whose messages take 5 to 40 ms. */
const calmPlan = (validators: number): Plan => ({
  ...drawPlan(0),
  params: { ...PRESETS.devnet, laneWindowBlocks: 40 },
  stakesWei: Array.from({ length: validators }, () => 10_000n * WEI_PER_CPC),
  unitWei: 1_000n * WEI_PER_CPC,
  hasJoiner: false,
  followers: 0,
  byzantine: new Map(),
  outside: new Set(),
  diskLosses: new Map(),
  links: { loss: 0, duplicates: 0, minDelayMs: 5, maxDelayMs: 40, stragglers: 0 },
  disk: { slowShare: 0, maxDelayMs: 0 },
  clocks: [{ skewMs: 0, driftPpm: 0 }],
  crashEveryMs: undefined,
  partitionEveryMs: undefined,
  clogEveryMs: undefined,
  transactionEveryMs: 1_000,
})

interface Figures {
  readonly validators: number
  /** Of one validator, for one block. */
  readonly messages: number
  readonly bytes: number
  readonly cpuMs: number
}

async function measure(validators: number, blocks: number): Promise<Figures> {
  const world = new World(calmPlan(validators))
  await world.runTo(WARM_UP_BLOCKS)
  const { counts } = world.network
  const before = { ...counts, cpu: process.cpuUsage(), height: world.checker.height }
  await world.runTo(before.height + blocks)
  const { user, system } = process.cpuUsage(before.cpu)
  if (!world.checker.violations.isEmpty) throw new Error(world.checker.violations.list.join('; '))
  const share = validators * (world.checker.height - before.height)
  return {
    validators,
    messages: (counts.messages - before.messages) / share,
    bytes: (counts.bytes - before.bytes) / share,
    cpuMs: (user + system) / 1_000 / share,
  }
}

/** p where a figure grows like n^p between two sizes. */
const exponent = (a: Figures, b: Figures, of: (figures: Figures) => number): string =>
  (Math.log(of(b) / of(a)) / Math.log(b.validators / a.validators)).toFixed(2)

const all: Figures[] = []
for (const [validators, blocks] of SIZES) if (validators <= largest) all.push(await measure(validators, blocks))
console.log('Sent and spent by one validator for one block; n^p: growth since the line above.')
printTable(
  ['validators', 'messages', 'n^p', 'KiB', 'n^p', 'CPU ms', 'n^p'],
  all.map((figures, i) => {
    const above = all[i - 1]
    const grows = (of: (f: Figures) => number): string => (above === undefined ? '' : exponent(above, figures, of))
    return [
      String(figures.validators),
      figures.messages.toFixed(0),
      grows((f) => f.messages),
      (figures.bytes / 1_024).toFixed(1),
      grows((f) => f.bytes),
      figures.cpuMs.toFixed(1),
      grows((f) => f.cpuMs),
    ]
  }),
)
