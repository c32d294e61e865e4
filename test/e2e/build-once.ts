/**
 * A copy of the package as it is installed, built from the sources as they stand: `bin`, `dist` and package.json. The
 * tests run the executable of that copy, so no other build of this folder gets in their way, nor they in its.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { ROOT } from '../pure-folders.ts'

/** WebAssembly modules, which scripts/wasm.mjs has made. */
const KERNELS = ['gpu/wasm/lottery.wasm', 'node/zk/wasm/poseidon2.wasm']

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the copy's bin/quern.js. */
    readonly executable: string
  }
}

export default function buildOnce(project: TestProject): () => void {
  // Inside this folder, where Node.js finds its node_modules; git does not look there.
  const folder = path.join(ROOT, 'tmp', `e2e-${process.pid}`)
  const remove = (): void => fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  try {
    fs.cpSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'))
    fs.cpSync(path.join(ROOT, 'bin'), path.join(folder, 'bin'), { recursive: true })
    const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const args = [compiler, '-p', path.join(ROOT, 'tsconfig.build.json'), '--outDir', path.join(folder, 'dist')]
    execFileSync(process.execPath, args, { stdio: 'inherit' })
    for (const kernel of KERNELS) fs.copyFileSync(path.join(ROOT, kernel), path.join(folder, 'dist', kernel))
  } catch (error) {
    remove()
    throw error
  }
  project.provide('executable', path.join(folder, 'bin', 'quern.js'))
  return remove
}
