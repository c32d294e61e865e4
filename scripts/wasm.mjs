// Compiles gpu/wasm/assembly to gpu/wasm/lottery.wasm, unless it is newer than its sources. Run by the build, and before
// the tests as vitest's global set-up.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const sources = path.join(root, 'gpu', 'wasm', 'assembly')
export const lotteryWasm = path.join(root, 'gpu', 'wasm', 'lottery.wasm')

const FLAGS = [
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--enable',
  'simd,threads,bulk-memory',
  // Threads share one memory, which the host creates.
  '--sharedMemory',
  '--importMemory',
  '--initialMemory',
  '1',
  '--maximumMemory',
  '65536',
  // The job block lies below the module's own constants.
  '--memoryBase',
  '1024',
]

const changedMs = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

function isFresh() {
  const builtMs = changedMs(lotteryWasm)
  const inputs = [fileURLToPath(import.meta.url), ...fs.readdirSync(sources).map((name) => path.join(sources, name))]
  return inputs.every((file) => changedMs(file) < builtMs)
}

/** @throws Error with the compiler's words */
export default async function buildWasm() {
  if (isFresh()) return
  const { default: asc } = await import('assemblyscript/asc')
  // Written aside and then exchanged: whoever reads meanwhile finds a whole module.
  const fresh = `${lotteryWasm}.${process.pid}`
  const args = [path.join(sources, 'index.ts'), '--outFile', fresh, ...FLAGS]
  const { error, stderr } = await asc.main(
    args.map((arg) => (path.isAbsolute(arg) ? path.relative(root, arg) : arg)),
    {
      baseDir: root,
    },
  )
  if (error) {
    fs.rmSync(fresh, { force: true })
    throw new Error(`lottery.wasm was not built: ${error.message}\n${stderr.toString()}`)
  }
  fs.renameSync(fresh, lotteryWasm)
}
