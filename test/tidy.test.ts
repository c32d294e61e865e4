import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesIn, ROOT, readText, withoutComments } from './pure-folders.ts'

const IGNORED = new Set(['node_modules', 'dist', 'coverage', 'tmp', '.git'])
const TEXT = /\.(ts|mts|mjs|cjs|js|json|md|sh|html|css|yml|yaml)$|^\.ci\/run$|^LICENSE$|^\.npmrc$/

/** Every text file of ours, relative to the root. */
const files = fs
  .readdirSync(ROOT, { withFileTypes: true })
  .filter(({ name }) => !IGNORED.has(name))
  .flatMap((entry) => (entry.isDirectory() ? filesIn(entry.name, '') : [entry.name]))
  .filter((file) => TEXT.test(file) && !file.split('/').some((part) => IGNORED.has(part)))
const code = files.filter((file) => /\.(ts|mts|mjs|cjs|js)$/.test(file))

/** `file:line: text` of every line that matches. */
function linesWith(pattern: RegExp, among: readonly string[], read = readText): string[] {
  return among.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  )
}

it('looks at the whole tree', () => {
  expect(code.length).toBeGreaterThan(100)
  expect(files).toContain('.ci/run')
  expect(files).toContain('test/tidy.test.ts')
})

describe('sources', () => {
  const MAX_LINES = 400
  /** Longer for a reason, each with a bound of its own. */
  const LONG: Readonly<Record<string, { readonly maxLines: number; readonly why: string }>> = {
    'vm/state/tables.ts': { maxLines: 600, why: 'the whole state layout in one place: a list of records, no logic' },
  }

  it('are short', () => {
    const tooLong = code.flatMap((file) => {
      const lines = readText(file).trimEnd().split('\n').length
      return lines > (LONG[file]?.maxLines ?? MAX_LINES) ? [`${file}: ${lines} lines`] : []
    })
    expect(tooLong).toEqual([])
  })

  it('need every exception that is listed', () => {
    for (const file of Object.keys(LONG)) expect(readText(file).split('\n').length, file).toBeGreaterThan(MAX_LINES)
  })

  it('never use any', () => {
    const pattern = /\bas any\b|<any>|\bany\[\]|:\s*any\s*(?:[,;)=|]|$)/
    const own = code.filter((file) => file !== 'test/tidy.test.ts')
    expect(linesWith(pattern, own, (file) => withoutComments(readText(file)))).toEqual([])
  })

  // Each marker is put together here, so that this file does not find itself.
  it('leave nothing for later', () => {
    const marks = ['TO', 'FIX'].map((start, i) => start + ['DO', 'ME'][i])
    expect(linesWith(new RegExp(`\\b(${marks.join('|')})\\b`), files)).toEqual([])
  })

  it('silence a linter or compiler only with a reason', () => {
    const silencers = ['biome', 'ignore'].join('-')
    const bare = new RegExp(`${silencers}(-all|-start)?\\s+[\\w/]+\\s*(:\\s*)?(\\*/)?$|@${'ts'}-(ignore|nocheck)`)
    expect(linesWith(bare, code)).toEqual([])
    expect(linesWith(new RegExp(`@${'ts'}-expect-error\\s*$`), code)).toEqual([])
    expect(bare.test(`// ${silencers} lint/style/useConst`)).toBe(true)
    expect(bare.test(`// ${silencers} lint/style/useConst: <reason>`)).toBe(false)
  })

  it('hold no path of one machine', () => {
    const homes = ['work', 'root', 'home', 'Users']
    const pattern = new RegExp(`(^|[\\s'"\`(=:])/(${homes.join('|')})/\\w`)
    expect(linesWith(pattern, files)).toEqual([])
    expect(pattern.test(`cd /${homes[0]}/x`)).toBe(true)
  })
})

describe('package-lock.json', () => {
  interface LockedPackage {
    readonly resolved?: string
    readonly integrity?: string
    readonly optionalDependencies?: Readonly<Record<string, string>>
  }
  const { packages } = JSON.parse(readText('package-lock.json')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>
  }
  const locked = Object.entries(packages).filter(([name]) => name !== '')

  it('names no registry, so that it installs from any', () => {
    expect(locked.length).toBeGreaterThan(100)
    expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name)).toEqual([])
  })

  it('pins every package by digest', () => {
    expect(locked.filter(([, { integrity }]) => integrity === undefined).map(([name]) => name)).toEqual([])
  })

  // npm ci stops where an optional platform package is asked for and not locked: run scripts/fix-lock.mjs.
  it('has every optional package that it asks for', () => {
    const present = new Set(locked.map(([name]) => name.split('node_modules/').pop()))
    const missing = locked.flatMap(([name, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((wanted) => !present.has(wanted))
        .map((wanted) => `${name} -> ${wanted}`),
    )
    expect(missing).toEqual([])
  })
})

it('every vector file is read by a test', () => {
  const vectors = files.filter((file) => file.endsWith('.vectors.json'))
  const tests = code.filter((file) => file.endsWith('.test.ts')).map(readText)
  expect(vectors.length).toBeGreaterThan(0)
  expect(vectors.filter((file) => !tests.some((text) => text.includes(path.posix.basename(file))))).toEqual([])
})

it('the licence is the one that package.json names', () => {
  const { license } = JSON.parse(readText('package.json')) as { readonly license: string }
  expect(readText('LICENSE')).toContain(`${license} License`)
})
