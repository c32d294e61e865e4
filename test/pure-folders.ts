/** The pure folders (ARCHITECTURE.md) and what stands in them, for the tests that hold them to it. */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** No I/O, clock, randomness or environment of their own. */
export const PURE_FOLDERS = ['core', 'vm', 'mempool', 'consensus']

/** Tests, and what only tests import: fixtures, generators, reference models. */
export const isTestOnly = (file: string): boolean =>
  /\.test\.ts$|[/-]fixture[a-z-]*\.ts$|\/arbitraries\.ts$|\/testing\//.test(file)

/** Every file below `folder` whose name ends in `ending`, relative to the root, with forward slashes; sorted. */
export function filesIn(folder: string, ending = '.ts'): string[] {
  const start = path.join(ROOT, folder)
  if (!fs.existsSync(start)) return []
  return fs
    .readdirSync(start, { recursive: true, encoding: 'utf8' })
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
    .filter((name) => name.endsWith(ending))
    .sort()
}

export const readText = (file: string): string => fs.readFileSync(path.join(ROOT, file), 'utf8')

/** Source text without comments. Strings stay, so `//` inside one cuts the rest of its line: fewer findings, never more. */
export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
