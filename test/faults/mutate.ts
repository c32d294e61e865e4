/** A copy of the sources with a bug in it, in a folder of its own. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Mutant } from './mutants.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FOLDERS = ['core', 'vm', 'mempool', 'consensus', 'p2p', 'gpu', 'node', 'devnet', 'test/faults']

const isSource = (file: string): boolean => !file.endsWith('.test.ts') && !file.endsWith('.vectors.json')

/** The caller removes the folder. */
export function copySources(): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'quern-mutants-')))
  for (const name of FOLDERS) {
    fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true, filter: isSource })
  }
  for (const name of ['package.json', 'tsconfig.json']) fs.copyFileSync(path.join(ROOT, name), path.join(folder, name))
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'dir')
  return folder
}

/** Plants the bug; the answer takes it out again. @throws Error when a text to replace is not there exactly once */
export function plant({ name, edits }: Mutant, folder: string): () => void {
  const before = new Map<string, string>()
  for (const { file, find, replace } of edits) {
    const target = path.join(folder, file)
    const text = fs.readFileSync(target, 'utf8')
    if (!before.has(target)) before.set(target, text)
    const parts = text.split(find)
    if (parts.length !== 2) throw new Error(`"${name}": ${file} has the text to replace ${parts.length - 1} times`)
    fs.writeFileSync(target, parts.join(replace))
  }
  return () => {
    for (const [target, text] of before) fs.writeFileSync(target, text)
  }
}
