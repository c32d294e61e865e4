/**
 * What a device is worth: how fast it multiplies int8 at all, how fast its best kernel does, and how fast whole attempts
 * are, drawing, folding, hashing and comparing included. Some winners are recomputed by a verifier's kernel.
 */
import { equalBytes } from '../../core/bytes.ts'
import type { QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { tileCount } from '../../vm/compute/ticket.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import type { TileKernel } from '../../vm/execution/types.ts'
import type { LotteryJob, TileWin } from '../backend.ts'
import type { DeviceOptions, OpenDevice } from './device.ts'
import { nameOf } from './kernel.ts'
import { compile } from './pipelines.ts'
import { Session } from './session.ts'
import { measureMultiplication } from './tune.ts'
import { CEILING_GROUP_MACS, ceilingWgsl } from './wgsl/ceiling.ts'

/** A burst this long is measured to within a few per cent, waiting for it included. */
const CEILING_MS = 30
/** 16,384 workgroups fill any device many times over. */
const MAX_CEILING_GROUPS = 16_384
const CEILING_OUT_BYTES_PER_GROUP = 4 * 256
/** Whole attempts are played for at least this long, and at least this many of them. */
const ATTEMPTS_MS = 1_000
const MIN_ATTEMPTS = 3
/** Whoever waits at a terminal has no more patience. */
const MAX_ATTEMPT_MS = 20_000
/** Every kernel has its turn. */
const TUNE_MS = 120_000
/** Winners expected of each attempt; those of the first few are recomputed. */
const WINNERS = 4

export interface MeasureOptions extends DeviceOptions {
  readonly sizes: readonly number[]
  /** Recomputes winners. Default: the reference. */
  readonly verifier?: TileKernel
  /** Sizes whose attempt would take longer are left out. Default: 20 s; a software driver on two cores needs as much at n = 8192. */
  readonly maxAttemptMs?: number
  /** After each kernel that is tried; none is where the fastest is remembered. */
  readonly onTrial?: (name: string, outcome: number | QuernError) => void
}

export interface SizeReport {
  readonly n: number
  readonly bareMacsPerSecond: number
  readonly macsPerSecond: number
  /** Winners that came out the same when they were recomputed, and those that did not. */
  readonly verified: number
  readonly wrong: number
}

export interface DeviceReport {
  readonly device: string
  readonly kernel: string
  /** Packed dot products in registers. Subgroup matrices are other hardware, and may exceed it. */
  readonly ceilingMacsPerSecond: number
  readonly sizes: readonly SizeReport[]
}

/** Multiply-accumulates per second of the device's dot product, with no memory behind it. */
async function measureCeiling({ device, usage, capabilities }: OpenDevice): Promise<number> {
  const pipeline = await compile(device, 'ceiling', ceilingWgsl(capabilities.dot))
  const out = device.createBuffer({ size: MAX_CEILING_GROUPS * CEILING_OUT_BYTES_PER_GROUP, usage: usage.STORAGE })
  const bindings = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: out } }],
  })
  const run = async (groups: number): Promise<number> => {
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, bindings)
    pass.dispatchWorkgroups(groups)
    pass.end()
    const startMs = performance.now()
    device.queue.submit([encoder.finish()])
    await device.queue.onSubmittedWorkDone()
    return Math.max(0.01, performance.now() - startMs)
  }
  try {
    let groups = 1
    while ((await run(groups)) < CEILING_MS && groups < MAX_CEILING_GROUPS) groups *= 2
    const bestMs = Math.min(await run(groups), await run(groups))
    return (groups * CEILING_GROUP_MACS) / (bestMs / 1_000)
  } finally {
    out.destroy()
  }
}

/** Attempts one after the other, the next one always waiting on the device. */
async function measureAttempts(
  session: Session,
  n: number,
  verifier: TileKernel,
): Promise<Omit<SizeReport, 'bareMacsPerSecond'>> {
  const seed = sha256(new Uint8Array(1))
  const job: LotteryJob = { seed, n, target: (2n ** 256n / BigInt(tileCount(n))) * BigInt(WINNERS) }
  let attempt = 0
  const play = () => session.play(job, attempt++)
  let [current, next] = [play(), play()]
  // The first attempt pays for new buffers.
  await current.wins
  const startMs = performance.now()
  let played = 0
  const checks: { readonly attempt: number; readonly wins: readonly TileWin[] }[] = []
  while (played < MIN_ATTEMPTS || performance.now() - startMs < ATTEMPTS_MS) {
    current = next
    next = play()
    const wins = await current.wins
    if (played++ < MIN_ATTEMPTS) checks.push({ attempt: attempt - 2, wins })
  }
  const seconds = (performance.now() - startMs) / 1_000
  next.cancel()
  const right = checks.map(
    ({ attempt, wins }) =>
      wins.filter(({ tile, ticket }) => equalBytes(ticketOfTile(verifier, seed, n, { attempt, tile }), ticket)).length,
  )
  const verified = right.reduce((sum, count) => sum + count, 0)
  const found = checks.reduce((sum, { wins }) => sum + wins.length, 0)
  return { n, macsPerSecond: (played * n ** 3) / seconds, verified, wrong: found - verified }
}

/** @throws QuernError `WEBGPU_UNAVAILABLE` and as attempts do */
export async function measureDevice(options: MeasureOptions): Promise<DeviceReport> {
  const { sizes, verifier = referenceKernel, maxAttemptMs = MAX_ATTEMPT_MS, onTrial, ...device } = options
  const session = await Session.create({ ...device, budgetMs: TUNE_MS, ...(onTrial === undefined ? {} : { onTrial }) })
  const { open, common, tuned } = session
  try {
    const ceilingMacsPerSecond = await measureCeiling(open)
    const reports: SizeReport[] = []
    for (const n of sizes) {
      if ((n ** 3 / tuned.macsPerSecond) * 1_000 > maxAttemptMs) continue
      const bareMacsPerSecond = await measureMultiplication(open, common, tuned, n)
      reports.push({ bareMacsPerSecond, ...(await measureAttempts(session, n, verifier)) })
    }
    return { device: open.description, kernel: nameOf(tuned.kernel), ceilingMacsPerSecond, sizes: reports }
  } finally {
    await session.close()
  }
}
