/**
 * Which kernel is the fastest on this device: each that the device could run is compiled, compared to the reference on a
 * small product, and timed on a larger one. A driver that computes something else than the reference disqualifies the
 * kernel, so a driver that miscompiles costs speed, not results. The winner is remembered by adapter and driver.
 */
import type { Hash } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { foldTile } from '../../vm/compute/fold.ts'
import { drawRows, matrixKeys, TILE_SIDE } from '../../vm/compute/matrix.ts'
import { tileOfRows } from '../../vm/compute/tile.ts'
import { Arena, type Multiplication } from './arena.ts'
import type { OpenDevice } from './device.ts'
import { type Kernel, kernelsFor, nameOf } from './kernel.ts'
import { type CommonPipelines, compile } from './pipelines.ts'
import { readTuning, type Tuning, writeTuning } from './tuning-file.ts'
import { packJob } from './wgsl/job.ts'
import { multiplyWgsl } from './wgsl/multiply.ts'

/** No further kernel is begun after it: a device that is slow to compile shall not keep its user waiting. */
const BUDGET_MS = 4_000
/** Four blocks of the largest kernels, and several steps along k. */
const CHECK_SIZE = 256
/** The product timed grows until it takes as long, since waking up and waiting cost up to a millisecond. */
const LONG_ENOUGH_MS = 4
const LARGEST_TRIAL = 4_096
/** Products timed in one go take about as long. */
const BURST_MS = 20

const SEED: Hash = sha256(new Uint8Array(0))

export interface Tuned extends Multiplication {
  readonly macsPerSecond: number
}

export interface TuneOptions {
  /** Where results are remembered. Default: by this process. */
  readonly file?: string
  readonly budgetMs?: number
  /** Only this one, whatever is faster. */
  readonly kernel?: Kernel
  /** After each kernel. */
  readonly onTrial?: (name: string, outcome: number | QuernError) => void
}

const jobOf = (n: number): Uint32Array<ArrayBuffer> => packJob({ seed: SEED, n, target: 0n }, 0, 0)

let expectedFolds: Uint32Array | undefined

/** The folds of the small product, by the reference. */
function referenceFolds(): Uint32Array {
  if (expectedFolds !== undefined) return expectedFolds
  const n = CHECK_SIZE
  const side = n / TILE_SIDE
  const { keyA, keyB } = matrixKeys(SEED, n, 0)
  const panels = (key: Hash): Int8Array[] =>
    Array.from({ length: side }, (_, i) => drawRows(key, n, i * TILE_SIDE, TILE_SIDE))
  const columns = panels(keyB)
  const folds = panels(keyA).flatMap((rows) => columns.flatMap((column) => [...foldTile(tileOfRows(rows, column, n))]))
  expectedFolds = Uint32Array.from(folds)
  return expectedFolds
}

/** The folds that the device leaves for the small product. */
async function deviceFolds({ device, usage, mapRead }: OpenDevice, arena: Arena): Promise<Uint32Array> {
  const { size } = arena.folds
  const mapped = device.createBuffer({ size, usage: usage.COPY_DST | usage.MAP_READ })
  try {
    arena.setJob(jobOf(arena.n))
    arena.setBand(0, arena.n)
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    arena.draw(pass)
    arena.multiply(pass, arena.n)
    pass.end()
    encoder.copyBufferToBuffer(arena.folds, 0, mapped, 0, size)
    device.queue.submit([encoder.finish()])
    await mapped.mapAsync(mapRead)
    return new Uint32Array(mapped.getMappedRange().slice(0))
  } finally {
    mapped.destroy()
  }
}

/** @throws QuernError `WEBGPU_KERNEL` unless the kernel agrees with the reference */
async function checkKernel(open: OpenDevice, common: CommonPipelines, multiplication: Multiplication): Promise<void> {
  const arena = new Arena(open.device, open.usage, common, multiplication, CHECK_SIZE)
  try {
    const folds = await deviceFolds(open, arena)
    if (referenceFolds().every((word, i) => word === folds[i])) return
  } finally {
    arena.destroy()
  }
  const name = nameOf(multiplication.kernel)
  throw new QuernError('WEBGPU_KERNEL', `the kernel ${name} computes something else here: update the GPU driver`, {
    name,
  })
}

/** Milliseconds that `products` multiplications of the whole matrix take. */
async function timeProducts(device: GPUDevice, arena: Arena, products: number): Promise<number> {
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  for (let i = 0; i < products; i++) arena.multiply(pass, arena.n)
  pass.end()
  const startMs = performance.now()
  device.queue.submit([encoder.finish()])
  await device.queue.onSubmittedWorkDone()
  // A clock too coarse for it would have it infinitely fast.
  return Math.max(0.01, performance.now() - startMs)
}

/**
 * Multiply-accumulates per second of the multiplication alone, operands drawn beforehand.
 * @param n size to measure at. Default: one that takes long enough.
 */
export async function measureMultiplication(
  { device, usage }: OpenDevice,
  common: CommonPipelines,
  multiplication: Multiplication,
  n?: number,
): Promise<number> {
  for (let size = n ?? CHECK_SIZE; ; size *= 2) {
    const arena = new Arena(device, usage, common, multiplication, size)
    try {
      arena.setJob(jobOf(size))
      arena.setBand(0, size)
      const encoder = device.createCommandEncoder()
      const pass = encoder.beginComputePass()
      arena.draw(pass)
      // The first product pays for what the driver does at first use.
      arena.multiply(pass, size)
      pass.end()
      device.queue.submit([encoder.finish()])
      await device.queue.onSubmittedWorkDone()
      const onceMs = await timeProducts(device, arena, 1)
      if (n === undefined && onceMs < LONG_ENOUGH_MS && size < LARGEST_TRIAL) continue
      const products = Math.max(1, Math.round(BURST_MS / onceMs))
      const bestMs = Math.min(onceMs, (await timeProducts(device, arena, products)) / products)
      return size ** 3 / (bestMs / 1_000)
    } finally {
      arena.destroy()
    }
  }
}

async function tryKernel(open: OpenDevice, common: CommonPipelines, kernel: Kernel): Promise<Multiplication> {
  const multiplication = { kernel, pipeline: await compile(open.device, nameOf(kernel), multiplyWgsl(kernel)) }
  await checkKernel(open, common, multiplication)
  return multiplication
}

/** By adapter and driver: a handful on any machine. */
const inProcess = new Map<string, Tuning>()

function recall(description: string, file: string | undefined): Tuning | undefined {
  return file === undefined ? inProcess.get(description) : readTuning(file, description)
}

function keep(description: string, file: string | undefined, { kernel, macsPerSecond }: Tuned): void {
  const tuning: Tuning = { kernel: nameOf(kernel), macsPerSecond }
  if (file === undefined) inProcess.set(description, tuning)
  else writeTuning(file, description, tuning)
}

/** The kernel that was the fastest last time, if it still compiles and still is exact. */
async function remembered(open: OpenDevice, common: CommonPipelines, file?: string): Promise<Tuned | undefined> {
  const { capabilities, description } = open
  const tuning = recall(description, file)
  const kernel = kernelsFor(capabilities).find((candidate) => nameOf(candidate) === tuning?.kernel)
  if (tuning === undefined || kernel === undefined) return undefined
  try {
    return { ...(await tryKernel(open, common, kernel)), macsPerSecond: tuning.macsPerSecond }
  } catch (error) {
    if (error instanceof QuernError && error.code === 'WEBGPU_KERNEL') return undefined
    throw error
  }
}

/**
 * The fastest kernel of this device, checked and compiled.
 * @throws QuernError `WEBGPU_KERNEL` when none is exact here
 */
export async function tune(open: OpenDevice, common: CommonPipelines, options: TuneOptions = {}): Promise<Tuned> {
  const { file, budgetMs = BUDGET_MS, kernel: only, onTrial } = options
  const { capabilities, description } = open
  const known = only === undefined ? await remembered(open, common, file) : undefined
  if (known !== undefined) return known
  const endMs = performance.now() + budgetMs
  let best: Tuned | undefined
  let failure: unknown
  for (const kernel of only === undefined ? kernelsFor(capabilities) : [only]) {
    if (best !== undefined && performance.now() > endMs) break
    try {
      const multiplication = await tryKernel(open, common, kernel)
      const macsPerSecond = await measureMultiplication(open, common, multiplication)
      onTrial?.(nameOf(kernel), macsPerSecond)
      if (best === undefined || macsPerSecond > best.macsPerSecond) best = { ...multiplication, macsPerSecond }
    } catch (error) {
      if (!(error instanceof QuernError && error.code === 'WEBGPU_KERNEL')) throw error
      onTrial?.(nameOf(kernel), error)
      failure = error
    }
  }
  if (best === undefined)
    throw failure ?? new QuernError('WEBGPU_KERNEL', 'no kernel fits this device: use another backend')
  if (only === undefined) keep(description, file, best)
  return best
}
