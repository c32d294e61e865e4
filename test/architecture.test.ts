import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseOptions, type ICruiseResult, type IModule } from 'dependency-cruiser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const FOLDERS = ['core', 'vm', 'mempool', 'consensus', 'p2p', 'gpu', 'node', 'devnet']

const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
  forbidden: NonNullable<ICruiseOptions['ruleSet']>['forbidden']
  options: ICruiseOptions
}

async function inspect(baseDir: string): Promise<ICruiseResult> {
  const folders = FOLDERS.filter((folder) => fs.existsSync(path.join(baseDir, folder)))
  const { output } = await cruise(folders, {
    ...options,
    baseDir,
    validate: true,
    ruleSet: { forbidden },
  } as ICruiseOptions)
  if (typeof output === 'string') throw new Error('dependency-cruiser gave text in place of a result')
  return output
}

const violationsOf = ({ summary }: ICruiseResult) =>
  summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`).sort()

/** Modules that `source` needs at run time: everything but `import type` and `export type`. */
function needsAtRunTime(baseDir: string, { source, dependencies }: IModule): string[] {
  const text = fs.readFileSync(path.join(baseDir, source), 'utf8')
  const named = [
    ...text.matchAll(/^(?:import|export) (?!type\b)(?:[^'"`;]*? from )?'([^']+)'$|\bimport\('([^']+)'\)/gm),
  ]
  const specifiers = new Set(named.map(([, fixed, lazy]) => fixed ?? lazy))
  return dependencies.filter(({ module }) => specifiers.has(module)).map(({ resolved }) => resolved)
}

/** For each module that needs itself, the shortest way round. */
function cyclesOf(baseDir: string, { modules }: ICruiseResult): string[] {
  const own = modules.filter(({ source }) => FOLDERS.some((folder) => source.startsWith(`${folder}/`)))
  const needs = new Map(own.map((module) => [module.source, needsAtRunTime(baseDir, module)]))
  return own.flatMap(({ source }) => {
    const seen = new Set<string>()
    let ways = [[source]]
    while (ways.length > 0) {
      ways = ways.flatMap((way) => (needs.get(way.at(-1)!) ?? []).map((next) => [...way, next]))
      const round = ways.find((way) => way.at(-1) === source)
      if (round !== undefined) return [round.join(' -> ')]
      ways = ways.filter((way) => !seen.has(way.at(-1)!) && seen.add(way.at(-1)!))
    }
    return []
  })
}

function typescriptFiles(folder: string): string[] {
  if (!fs.existsSync(path.join(root, folder))) return []
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
}

describe('import rules', () => {
  let result: ICruiseResult
  beforeAll(async () => {
    result = await inspect(root)
  })

  it('hold everywhere', () => expect(violationsOf(result)).toEqual([]))

  it('leave no cycle: the shared part of two modules that need each other belongs in a third', () => {
    expect(cyclesOf(root, result)).toEqual([])
  })

  // Without these two the test passes when the parser sees nothing.
  it('were checked on every module on disk', () => {
    const onDisk = FOLDERS.flatMap(typescriptFiles).sort()
    const seen = new Set(result.modules.map(({ source }) => source))
    expect(onDisk.length).toBeGreaterThan(20)
    expect(onDisk.filter((file) => !seen.has(file))).toEqual([])
  })

  it('were checked on every import: as many arrows as a text search finds', () => {
    const own = result.modules.filter(({ source }) => FOLDERS.some((folder) => source.startsWith(`${folder}/`)))
    const missing = own.flatMap(({ source, dependencies }) => {
      const text = fs.readFileSync(path.join(root, source), 'utf8')
      const found = new Set(dependencies.map(({ module }) => module))
      return [...text.matchAll(/^(?:import|export) [^'"`;]*? from '([^']+)'$/gm)]
        .map(([, module]) => module!.replace(/^node:/, ''))
        .filter((module) => !found.has(module))
        .map((module) => `${source} imports ${module}`)
    })
    expect(missing).toEqual([])
  })
})

describe('planted faults are caught', () => {
  let folder: string
  let found: string[]
  let cycles: string[]

  const FILES: Readonly<Record<string, string>> = {
    'core/good.ts': 'export const good = 1\nexport type Good = 1\n',
    'core/up.ts': "import { state } from '../vm/state.ts'\nexport const up = state\n",
    'core/up-type.ts': "import type { State } from '../vm/state.ts'\nexport type Up = State\n",
    'core/up-lazy.ts': "export const up = () => import('../consensus/a.ts')\n",
    'core/reads.ts': "import fs from 'node:fs'\nexport const reads = fs\n",
    'core/reads.test.ts': "import fs from 'node:fs'\nexport const reads = fs\n",
    'vm/state.ts': "import { good } from '../core/good.ts'\nexport const state = good\nexport type State = 1\n",
    'vm/package.ts': "import { Level } from 'level'\nexport const level = Level\n",
    'vm/ships.ts': "import { made } from './fixture.ts'\nexport const ships = made\n",
    'vm/fixture.ts': 'export const made = 1\n',
    'consensus/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
    'consensus/b.ts': "import { a } from './a.ts'\nexport const b = () => a\n",
    'consensus/c.ts': "import { d } from './d.ts'\nexport type C = 1\nexport const c = d\n",
    'consensus/d.ts': "import type { C } from './c.ts'\nexport const d: C = 1\n",
    'gpu/sideways.ts': "import { a } from '../consensus/a.ts'\nexport const sideways = a\n",
    'gpu/lost.ts': "import { lost } from './nowhere.ts'\nexport const found = lost\n",
    'node/dev.ts': "import { it } from 'vitest'\nexport const dev = it\n",
    'node/fine.ts': "import { sideways } from '../gpu/sideways.ts'\nexport const fine = sideways\n",
  }

  beforeAll(async () => {
    folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'quern-arrows-')))
    for (const [name, text] of Object.entries(FILES)) {
      fs.mkdirSync(path.join(folder, path.dirname(name)), { recursive: true })
      fs.writeFileSync(path.join(folder, name), text)
    }
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'dir')
    fs.copyFileSync(path.join(root, 'package.json'), path.join(folder, 'package.json'))
    const result = await inspect(folder)
    found = violationsOf(result)
    cycles = cyclesOf(folder, result)
  })
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  it.each([
    'layer-core: core/up.ts -> vm/state.ts',
    'layer-core: core/up-type.ts -> vm/state.ts',
    'layer-core: core/up-lazy.ts -> consensus/a.ts',
    'pure-no-node: core/reads.ts -> fs',
    'no-test-code-shipped: vm/ships.ts -> vm/fixture.ts',
    'layer-gpu: gpu/sideways.ts -> consensus/a.ts',
    'resolvable: gpu/lost.ts -> ./nowhere.ts',
  ])('%s', (violation) => expect(found).toContain(violation))

  it('pure-packages and no-dev-package-shipped', () => {
    expect(found.filter((line) => line.startsWith('pure-packages: vm/package.ts'))).toHaveLength(1)
    expect(found.filter((line) => line.startsWith('no-dev-package-shipped: node/dev.ts'))).toHaveLength(1)
  })

  it('cycles, but not those that only types close', () => {
    expect(cycles).toEqual([
      'consensus/a.ts -> consensus/b.ts -> consensus/a.ts',
      'consensus/b.ts -> consensus/a.ts -> consensus/b.ts',
    ])
  })

  it('and nothing else', () => {
    expect(found.filter((line) => /core\/good|core\/reads\.test|node\/fine|vm\/state\.ts ->/.test(line))).toEqual([])
  })
})
