/**
 * Which backend a worker uses: the one that multiplies fastest here and now, found by playing attempts on each for a
 * fraction of a second. No table of devices: drivers, thermal limits and neighbours decide more than names do.
 */
import os from 'node:os'
import { messageOf, QuernError } from '../core/errors.ts'
import type { LotteryBackend } from './backend.ts'
import { estimateSizes } from './matrix-size.ts'
import { createThreadedBackend } from './threaded.ts'
import { checkThreads, createWasmBackend, MAX_THREADS } from './wasm/backend.ts'
import { isInstalled, mayHaveDriver } from './webgpu/dawn.ts'

/** In the order in which they win a tie. */
export const BACKENDS = ['webgpu', 'wasm', 'typescript'] as const
export type BackendName = (typeof BACKENDS)[number]

/** One small and one large: an attempt of 256 costs mostly messages, one of 1024 mostly multiplication. */
const TRIAL_SIZES = [256, 1_024] as const

export interface ChooseOptions {
  /** One of BACKENDS. Default: whichever is fastest. */
  readonly backend?: string
  /** For backends that run on threads of this machine. Default: whichever number is fastest. */
  readonly threads?: number
  /** For backends that run on a device: part of its name. Default: the one the system likes best. */
  readonly adapter?: string
  /** Where a device's fastest kernel is remembered. Default: nowhere, so it is looked for once more. */
  readonly tuningFile?: string
  readonly signal?: AbortSignal
}

export interface Candidate {
  readonly name: BackendName
  readonly threads: number
  create(): LotteryBackend | Promise<LotteryBackend>
}

/** What came of one candidate's trial. */
export type Trial = Pick<Candidate, 'name' | 'threads'> &
  ({ readonly macsPerSecond: number } | { readonly failed: QuernError })

export interface Choice extends Pick<Candidate, 'name' | 'threads'> {
  readonly backend: LotteryBackend
  /** Fastest first; empty where there was nothing to choose. */
  readonly trials: readonly Trial[]
}

/** 1, 2, 4, ... and all: hyperthreads and neighbours may make fewer threads the faster choice. */
export function threadCounts(cores: number): number[] {
  const most = Math.max(1, Math.min(MAX_THREADS, cores))
  const counts: number[] = []
  for (let threads = 1; threads < most; threads *= 2) counts.push(threads)
  return [...counts, most]
}

function candidatesFor(name: BackendName, options: ChooseOptions): Candidate[] {
  const { threads, adapter, tuningFile } = options
  if (name === 'typescript') return [{ name, threads: 1, create: createThreadedBackend }]
  if (name === 'webgpu') {
    const wanted = {
      // A device that was asked for is taken as it is.
      hardwareOnly: options.backend === undefined && adapter === undefined,
      ...(adapter === undefined ? {} : { adapter }),
      ...(tuningFile === undefined ? {} : { tuningFile }),
    }
    // The largest of them, and most machines have no use for it.
    const create = async () => (await import('./webgpu/backend.ts')).createWebGpuBackend(wanted)
    return [{ name, threads: 1, create }]
  }
  const counts = threads === undefined ? threadCounts(os.availableParallelism()) : [threads]
  return counts.map((count) => ({ name, threads: count, create: () => createWasmBackend({ threads: count }) }))
}

function named(name: string): BackendName {
  const known = BACKENDS.find((backend) => backend === name)
  if (known !== undefined) return known
  throw new QuernError('BACKEND_UNKNOWN', `no backend is called ${name}: choose ${BACKENDS.join(' or ')}`, { name })
}

/** Whether a trial is worth the while. Asked for by name, a backend says itself what it misses. */
const isPossible = (name: BackendName): boolean => name !== 'webgpu' || (isInstalled() && mayHaveDriver())

const failureOf = (name: string, cause: unknown): QuernError =>
  cause instanceof QuernError ? cause : new QuernError('LOTTERY_BACKEND_FAILED', messageOf(cause), { name }, { cause })

async function tryOut(candidate: Candidate, signal: AbortSignal | undefined): Promise<Trial> {
  const { name, threads } = candidate
  let backend: LotteryBackend | undefined
  try {
    backend = await candidate.create()
    signal?.throwIfAborted()
    const [fastest] = await estimateSizes(backend, TRIAL_SIZES, signal)
    return { name, threads, macsPerSecond: fastest?.macsPerSecond ?? 0 }
  } catch (cause) {
    signal?.throwIfAborted()
    return { name, threads, failed: failureOf(name, cause) }
  } finally {
    await backend?.close()
  }
}

const rateOf = (trial: Trial): number => ('macsPerSecond' in trial ? trial.macsPerSecond : -1)

/**
 * Tries all candidates where there is more than one, and makes the fastest.
 * @throws QuernError `BACKEND_UNAVAILABLE` when none works, and the signal's reason
 */
export async function chooseAmong(candidates: readonly Candidate[], signal?: AbortSignal): Promise<Choice> {
  const tried: { readonly candidate: Candidate; readonly trial: Trial }[] = []
  // One after the other: side by side they would measure each other.
  if (candidates.length > 1) {
    for (const candidate of candidates) tried.push({ candidate, trial: await tryOut(candidate, signal) })
  }
  tried.sort((a, b) => rateOf(b.trial) - rateOf(a.trial))
  const trials = tried.map(({ trial }) => trial)
  const candidate = tried[0]?.candidate ?? candidates[0]
  const [best] = trials
  try {
    if (candidate === undefined) throw new QuernError('BACKEND_UNAVAILABLE', 'there are no candidates')
    if (best !== undefined && 'failed' in best) throw best.failed
    return { name: candidate.name, threads: candidate.threads, backend: await candidate.create(), trials }
  } catch (cause) {
    const name = candidate?.name ?? 'none'
    const { message } = failureOf(name, cause)
    throw new QuernError('BACKEND_UNAVAILABLE', `backend ${name} does not run here: ${message}`, { name }, { cause })
  }
}

/**
 * The named backend, or the fastest that works here. Trials of all candidates take a second or two.
 * @throws QuernError `BACKEND_UNKNOWN` for a name that is not listed, `LOTTERY_THREADS`, `BACKEND_UNAVAILABLE` when what
 *   was asked for does not run here, and the signal's reason
 */
export async function chooseBackend(options: ChooseOptions = {}): Promise<Choice> {
  const { threads, signal } = options
  if (threads !== undefined) checkThreads(threads)
  const names = options.backend === undefined ? BACKENDS.filter(isPossible) : [named(options.backend)]
  return chooseAmong(
    names.flatMap((name) => candidatesFor(name, options)),
    signal,
  )
}
