/** Before the tests that run the executable: its build, where that is missing or older than the sources. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { filesIn, ROOT } from '../pure-folders.ts'

const FOLDERS = ['core', 'vm', 'mempool', 'consensus', 'gpu', 'node', 'devnet']
const ENTRY = path.join(ROOT, 'dist', 'devnet', 'main.js')

const modifiedMs = (file: string): number => fs.statSync(path.join(ROOT, file)).mtimeMs

export default function buildOnce(): void {
  const sources = FOLDERS.flatMap((folder) => filesIn(folder, '.ts')).filter((file) => !file.endsWith('.test.ts'))
  const newestMs = Math.max(...[...sources, 'tsconfig.json', 'tsconfig.build.json'].map(modifiedMs))
  if (fs.existsSync(ENTRY) && fs.statSync(ENTRY).mtimeMs > newestMs) return
  execFileSync(process.execPath, [path.join(ROOT, 'scripts', 'build.mjs')], { stdio: 'inherit' })
}
