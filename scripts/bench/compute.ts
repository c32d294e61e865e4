/**
 * The tile lottery by backend, and verification against it: `npx tsx scripts/bench/compute.ts`.
 *
 * Rates are n^3 multiply-accumulates over the time of a whole attempt: drawing, multiplying, folding, hashing, comparing.
 * The bare multiplication is the WASM kernel's inner loop alone, on packed operands that stay in the cache, one thread.
 * "plain" is the lottery with that same multiplication, and "Strassen" the one workers run: seven products for eight
 * at each of up to three levels, so it may exceed the bare rate. Things compared take turns, and the best of all
 * rounds counts, since other work on a machine only ever makes one slower. Attempts on one thread and the bare
 * multiplication are timed by the CPU time of this process, two threads and verifications by the clock.
 *
 * A GPU has a table of its own: its ceiling is what packed dot products reach with no memory behind them, and the bare
 * multiplication is that of its best kernel. `scripts/bench/device.mjs` prints the same where this cannot run.
 *
 * Options: `--rounds N` (default 3), `--largest N` (largest attempt played, default 4096; beyond it attempts are
 * computed from the rate at that size, marked ~), `--onnx FOLDER` (where onnxruntime-node is installed: the bare product
 * of its MatMulInteger, as a baseline).
 */
import { u32be } from '../../core/bytes.ts'
import { messageOf } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import type { LotteryBackend } from '../../gpu/backend.ts'
import { createReferenceBackend } from '../../gpu/reference.ts'
import { createWasmBackend } from '../../gpu/wasm/backend.ts'
import { loadWasmKernel } from '../../gpu/wasm/kernel.ts'
import { createMemory, instantiate, lotteryModule, PAGE_BYTES } from '../../gpu/wasm/module.ts'
import { mayHaveDriver } from '../../gpu/webgpu/dawn.ts'
import { type DeviceReport, measureDevice } from '../../gpu/webgpu/measure.ts'
import { drawRows } from '../../vm/compute/matrix.ts'
import { referenceKernel } from '../../vm/compute/tile.ts'
import { ticketOfTile } from '../../vm/compute/verify.ts'
import type { TileKernel } from '../../vm/execution/types.ts'
import { createOnnxProduct, loadOnnx, ONNX_PACKAGE, type OnnxProduct, type Operand, rest, SAMPLES } from './onnx.ts'
import { numberOption, printTable, secondsOf, textOption, times } from './report.ts'

const SIZES = [256, 512, 1_024, 2_048, 4_096, 8_192]
const ROUNDS = numberOption('rounds', 3)
const LARGEST = numberOption('largest', 4_096)
/** Above it an attempt of plain TypeScript takes seconds, and its rate no longer changes. */
const REFERENCE_LARGEST = 1_024
const ONNX_FOLDER = textOption('onnx')
/** Where its rate no longer changes; products of int8 take most of a second beyond. */
const ONNX_SIZES = SIZES.filter((n) => n >= 1_024 && n <= Math.min(2_048, LARGEST))
/** One measurement repeats short work for about as long as this many MACs take. */
const BURST_MACS = 1e9
const seed = sha256(u32be(0))

/** GMAC/s, or milliseconds: the best seen. */
const best = new Map<string, number>()
const keep = (key: string, rate: number): void => void best.set(key, Math.max(best.get(key) ?? 0, rate))
const rateOf = (key: string): number => best.get(key) ?? Number.NaN

/** CPU seconds of this process, all threads. */
async function cpuSecondsOf(run: () => void | Promise<void>): Promise<number> {
  const start = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

async function playOnce(key: string, backend: LotteryBackend, n: number, round: number): Promise<void> {
  const attempts = Math.max(1, Math.round(BURST_MACS / n ** 3))
  const timed = key === 'two' ? secondsOf : cpuSecondsOf
  const seconds = await timed(async () => {
    for (let i = 0; i < attempts; i++) await backend.attempt({ seed, n, target: 0n }, round * attempts + i)
  })
  keep(`${key} ${n}`, (attempts * n ** 3) / seconds / 1e9)
}

const memory = createMemory(17 * PAGE_BYTES)
const lottery = instantiate(lotteryModule(), memory)

async function multiplyBare(n: number): Promise<void> {
  const panelBytes = 32 * n
  const rounds = Math.round(BURST_MACS / (256 * n))
  const seconds = await cpuSecondsOf(() =>
    lottery.multiply(n, PAGE_BYTES, PAGE_BYTES + panelBytes, PAGE_BYTES + 2 * panelBytes, rounds),
  )
  keep(`bare ${n}`, (256 * n * rounds) / seconds / 1e9)
}

/** The schoolbook on int8 arrays, B transposed, drawing and hashing left out. */
async function multiplyNaively(): Promise<void> {
  const n = 256
  const a = drawRows(seed, n, 0, n)
  const b = drawRows(seed, n, 0, n)
  const c = new Int32Array(n * n)
  const seconds = await secondsOf(() => {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let k = 0; k < n; k++) sum += Math.imul(a[i * n + k]!, b[j * n + k]!)
        c[i * n + j] = sum
      }
    }
  })
  keep('naive', n ** 3 / seconds / 1e9)
}

async function verifyOnce(key: string, kernel: TileKernel, n: number): Promise<void> {
  const count = Math.ceil(65_536 / n)
  const seconds = await secondsOf(() => {
    for (let i = 0; i < count; i++) ticketOfTile(kernel, seed, n, { attempt: i, tile: (i * 37) % (n / 16) ** 2 })
  })
  keep(`${key} ${n}`, count / seconds)
}

const onnx = ONNX_FOLDER === undefined ? undefined : loadOnnx(ONNX_FOLDER)
const onnxProducts = new Map<string, OnnxProduct>()
if (onnx !== undefined) {
  for (const n of ONNX_SIZES) {
    const operands = { a: drawRows(seed, n, 0, n), b: drawRows(sha256(seed), n, 0, n), n }
    for (const operand of ['int8', 'uint8'] satisfies Operand[]) {
      for (const threads of [1, 2]) {
        const product = await createOnnxProduct(onnx, { ...operands, operand, threads })
        onnxProducts.set(`${operand} ${threads} ${n}`, product)
      }
    }
  }
}

async function multiplyByOnnx(n: number): Promise<void> {
  for (const [key, product] of onnxProducts) {
    if (!key.endsWith(` ${n}`)) continue
    const timed = key.includes(' 1 ') ? cpuSecondsOf : secondsOf
    keep(key, n ** 3 / (await timed(product.multiply)) / 1e9)
    await rest()
  }
}

const reference = createReferenceBackend()
const plain = createWasmBackend({ threads: 1, level: 0 })
const one = createWasmBackend({ threads: 1 })
const two = createWasmBackend({ threads: 2 })
const wasmKernel = loadWasmKernel()

// The first round is the compiler's: nothing of it is kept.
for (let round = 0; round <= ROUNDS; round++) {
  await multiplyNaively()
  for (const n of SIZES) {
    await verifyOnce('verify reference', referenceKernel, n)
    await verifyOnce('verify wasm', wasmKernel, n)
    await multiplyBare(n)
    if (n > LARGEST || (round === 0 && n > REFERENCE_LARGEST)) continue
    if (n <= REFERENCE_LARGEST) await playOnce('reference', reference, n, round)
    await playOnce('plain', plain, n, round)
    await playOnce('one', one, n, round)
    await playOnce('two', two, n, round)
    await multiplyByOnnx(n)
  }
  if (round === 0) best.clear()
}
await Promise.all([plain, one, two, ...onnxProducts.values()].map((opened) => opened.close()))

const rate = (value: number): string => (Number.isNaN(value) ? '' : value.toFixed(1))
const percent = (value: number): string => `${(100 * value).toFixed(0)} %`
const played = SIZES.filter((n) => n <= LARGEST)

console.log(`whole lottery, GMAC/s; best of ${ROUNDS} rounds; naive loop ${rate(rateOf('naive'))} GMAC/s\n`)
printTable(
  [
    'n',
    'bare',
    'reference',
    'plain',
    'plain / bare',
    'Strassen',
    'Strassen / bare',
    '2 threads',
    '2 / 1',
    'x reference',
  ],
  played.map((n) => {
    const [bare, ours] = [rateOf(`bare ${n}`), rateOf(`one ${n}`)]
    const slow = rateOf(`reference ${Math.min(n, REFERENCE_LARGEST)}`)
    return [
      String(n),
      rate(bare),
      rate(rateOf(`reference ${n}`)),
      rate(rateOf(`plain ${n}`)),
      percent(rateOf(`plain ${n}`) / bare),
      rate(ours),
      percent(ours / bare),
      rate(rateOf(`two ${n}`)),
      times(rateOf(`two ${n}`) / ours),
      times(rateOf(`two ${n}`) / slow),
    ]
  }),
)

if (onnx === undefined) {
  console.log('\nonnxruntime-node is left out; to compare with it:')
  console.log(`  npm i --ignore-scripts --prefix FOLDER ${ONNX_PACKAGE}   # 190 MB`)
  console.log('  npx tsx scripts/bench/compute.ts --onnx FOLDER')
} else {
  console.log(`\nMatMulInteger of onnxruntime-node ${onnx.version}: the product alone, GMAC/s\n`)
  printTable(
    ['n', 'A given as', '1 thread', 'lottery / it', '2 threads', 'lottery / it', `wrong of ${2 * SAMPLES}`],
    ONNX_SIZES.flatMap((n) =>
      ['int8', 'uint8'].map((operand) => {
        const keys = [`${operand} 1 ${n}`, `${operand} 2 ${n}`] as const
        const [single, double] = [rateOf(keys[0]), rateOf(keys[1])]
        const wrong = keys.reduce((sum, key) => sum + (onnxProducts.get(key)?.wrong ?? Number.NaN), 0)
        const shares = [times(rateOf(`one ${n}`) / single), times(rateOf(`two ${n}`) / double)] as const
        return [String(n), operand, rate(single), shares[0], rate(double), shares[1], String(wrong)]
      }),
    ),
  )
}

console.log('\none verification against one attempt (wasm, 1 thread)\n')
printTable(
  ['n', 'verify reference ms', 'verify wasm ms', 'attempt ms', 'attempt / verify'],
  SIZES.map((n) => {
    const verifyMs = 1_000 / rateOf(`verify wasm ${n}`)
    const attemptMs = n ** 3 / rateOf(`one ${Math.min(n, LARGEST)}`) / 1e6
    return [
      String(n),
      (1_000 / rateOf(`verify reference ${n}`)).toFixed(3),
      verifyMs.toFixed(3),
      `${n > LARGEST ? '~' : ''}${attemptMs.toFixed(1)}`,
      times(attemptMs / verifyMs),
    ]
  }),
)

/** @returns the reason where there is no device */
async function measureGpu(): Promise<DeviceReport | string> {
  if (!mayHaveDriver()) return 'no Vulkan driver is installed, or named by VK_DRIVER_FILES'
  try {
    return await measureDevice({ sizes: SIZES, verifier: wasmKernel, maxAttemptMs: 60_000 })
  } catch (error) {
    return messageOf(error)
  }
}

const gpu = await measureGpu()
if (typeof gpu === 'string') {
  console.log(`\nwebgpu is left out: ${gpu}`)
} else {
  const ceiling = gpu.ceilingMacsPerSecond / 1e9
  console.log(`\nwebgpu on ${gpu.device}\n${gpu.kernel}, ceiling of packed dot products ${rate(ceiling)} GMAC/s\n`)
  printTable(
    ['n', 'bare', 'bare / ceiling', 'lottery', 'lottery / bare', 'x wasm', 'winners right', 'wrong'],
    gpu.sizes.map(({ n, bareMacsPerSecond, macsPerSecond, verified, wrong }) => {
      const [bare, whole] = [bareMacsPerSecond / 1e9, macsPerSecond / 1e9]
      return [
        String(n),
        rate(bare),
        percent(bare / ceiling),
        rate(whole),
        percent(whole / bare),
        times(whole / rateOf(`two ${Math.min(n, LARGEST)}`)),
        String(verified),
        String(wrong),
      ]
    }),
  )
}
