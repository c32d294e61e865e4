/**
 * The simulator's own test: bugs planted in a copy of the sources, each of which it must find. Every bug runs in a process of
 * its own, since modules that are loaded stay as they are.
 */
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MUTANTS } from './mutants.ts'
import { copySources, plant } from './mutate.ts'

/** Within so many seeds a bug must show. */
const MAX_SEEDS = 200
/** Two hundred seeds on a machine that is busy with something else; the first seed tried takes seconds. */
const SEARCH_MS = 400_000

interface Found {
  /** Seeds that were run. */
  readonly tried: number
  readonly seed?: number
  readonly violations?: readonly string[]
}

async function search(folder: string, tryFirst: number, maxSeeds: number): Promise<Found> {
  const script = ['--import', 'tsx', 'test/faults/find-violation.ts', String(maxSeeds), String(tryFirst)]
  const { stdout } = await promisify(execFile)(process.execPath, script, { cwd: folder, timeout: SEARCH_MS })
  return JSON.parse(stdout) as Found
}

describe('the simulator finds', () => {
  let folder: string
  beforeAll(() => {
    folder = copySources()
  })
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  for (const mutant of MUTANTS) {
    it(mutant.name, { timeout: SEARCH_MS }, async () => {
      const takeOut = plant(mutant, folder)
      try {
        const found = await search(folder, mutant.tryFirst, MAX_SEEDS)
        expect(found.violations ?? [], `none of ${found.tried} seeds shows it`).not.toEqual([])
      } finally {
        takeOut()
      }
    })
  }

  it('and says so by its exit code and by the command that replays it', { timeout: SEARCH_MS }, async () => {
    const takeOut = plant(MUTANTS.find(({ name }) => name.includes('off by one'))!, folder)
    try {
      const argv = ['--import', 'tsx', 'devnet/main.ts', 'sim', '--seeds', '1', '--validators', '5']
      const failed = await promisify(execFile)(process.execPath, argv, { cwd: folder }).catch((error: unknown) => error)
      expect(failed).toMatchObject({ code: 1 })
      const { stderr } = failed as { readonly stderr: string }
      expect(stderr).toContain('seed 0: ')
      expect(stderr).toContain('SIM_VIOLATION: replay with: quern sim --seed 0 --validators 5 --trace sim-0.txt')
    } finally {
      takeOut()
    }
  })

  it('nothing where nothing was planted', { timeout: SEARCH_MS }, async () => {
    expect(await search(folder, 0, 2)).toEqual({ tried: 2 })
  })
})

it('a bug whose place in the sources has changed is not passed over', () => {
  const folder = copySources()
  try {
    const edits = [{ file: 'vm/validator-set.ts', find: 'no such text', replace: '' }]
    expect(() => plant({ name: 'moved', edits, tryFirst: 0 }, folder)).toThrow('has the text to replace 0 times')
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
})
