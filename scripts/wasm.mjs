// Compiles each AssemblyScript folder to its module, unless the module is newer than its sources. Run by the build, and
// before the tests as vitest's global set-up.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')

/** Sources lie in `assembly/` beside the module. */
export const wasmModules = ['gpu/wasm/lottery.wasm', 'node/zk/wasm/poseidon2.wasm'].map((name) => path.join(root, name))

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
  // What the host writes first, such as the lottery's job block, lies below the module's own constants.
  '--memoryBase',
  '1024',
]

const sourcesOf = (wasm) => path.join(path.dirname(wasm), 'assembly')
const changedMs = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

function isFresh(wasm) {
  const sources = sourcesOf(wasm)
  const inputs = [fileURLToPath(import.meta.url), ...fs.readdirSync(sources).map((name) => path.join(sources, name))]
  return inputs.every((file) => changedMs(file) < changedMs(wasm))
}

async function compile(wasm) {
  const { default: asc } = await import('assemblyscript/asc')
  // Written aside and then exchanged: whoever reads meanwhile finds a whole module.
  const fresh = `${wasm}.${process.pid}`
  const args = [path.join(sourcesOf(wasm), 'index.ts'), '--outFile', fresh, ...FLAGS]
  const { error, stderr } = await asc.main(
    args.map((arg) => (path.isAbsolute(arg) ? path.relative(root, arg) : arg)),
    {
      baseDir: root,
    },
  )
  if (error) {
    fs.rmSync(fresh, { force: true })
    throw new Error(`${path.basename(wasm)} was not built: ${error.message}\n${stderr.toString()}`)
  }
  fs.renameSync(fresh, wasm)
}

/** @throws Error with the compiler's words */
export default async function buildWasm() {
  for (const wasm of wasmModules) if (!isFresh(wasm)) await compile(wasm)
}
