// Builds dist/ with tsc, and the WebAssembly kernels with the AssemblyScript compiler. Runs as npm's `prepare`, so it must
// work right after an install; where the compilers are absent (a production install without dev dependencies) an
// existing build is kept.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import buildWasm, { wasmModules } from './wasm.mjs'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const tsc = path.join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc')
if (!fs.existsSync(tsc)) {
  const built = fs.existsSync(path.join(root, 'dist', 'devnet', 'main.js'))
  console.error(
    built
      ? 'quern: no compiler installed, keeping the existing build'
      : 'quern: typescript is not installed, run `npm install` first',
  )
  process.exit(built ? 0 : 1)
}
await buildWasm()
// Built aside and then exchanged: a node that starts meanwhile finds the old build or the new one, never half of one.
const dist = path.join(root, 'dist')
const fresh = path.join(root, `dist.${process.pid}`)
const result = spawnSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', fresh], { cwd: root, stdio: 'inherit' })
if (result.status === 0) {
  for (const wasm of wasmModules) fs.copyFileSync(wasm, path.join(fresh, path.relative(root, wasm)))
  const old = `${fresh}.old`
  if (fs.existsSync(dist)) fs.renameSync(dist, old)
  fs.renameSync(fresh, dist)
  fs.rmSync(old, { recursive: true, force: true })
} else {
  fs.rmSync(fresh, { recursive: true, force: true })
}
process.exit(result.status ?? 1)
