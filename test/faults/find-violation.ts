/**
 * Seeds one after another until one has a violation; prints what was found. Run inside a copy of the sources:
 *
 *     node --import tsx test/faults/find-violation.ts COUNT [SEED]      SEED is tried first
 */
import { runOnce } from '../../devnet/sim/sim.ts'

const count = Number(process.argv[2])
const first = Number(process.argv[3] ?? 0)
const seeds = [first, ...Array.from({ length: count }, (_, i) => i).filter((seed) => seed !== first)].slice(0, count)
let found: { readonly seed: number; readonly violations: readonly string[] } | undefined
for (const [tried, seed] of seeds.entries()) {
  const { violations } = await runOnce({ seed })
  if (violations.length === 0) continue
  found = { seed, violations }
  process.stdout.write(`${JSON.stringify({ tried: tried + 1, seed, violations: violations.slice(0, 3) })}\n`)
  break
}
if (found === undefined) process.stdout.write(`${JSON.stringify({ tried: seeds.length })}\n`)
