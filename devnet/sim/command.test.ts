import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CliContext } from '../../node/cli/context.ts'
import { createProgram, runCli } from '../../node/cli/program.ts'
import { addSimCommand } from './command.ts'
import type { RunResult } from './sim.ts'

let out: string[]
let errors: string[]
let folder: string
beforeEach(() => {
  out = []
  errors = []
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-sim-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

function quern(...argv: string[]): Promise<number> {
  const context: CliContext = {
    env: {},
    version: '1.2.3',
    write: (line) => out.push(line),
    writeError: (line) => errors.push(line),
  }
  const program = createProgram(context, (root) => addSimCommand(root, context))
  const output = { writeOut: (text: string) => out.push(text), writeErr: (text: string) => errors.push(text) }
  for (const command of [program, ...program.commands]) command.configureOutput(output)
  return runCli(program, argv, context)
}

describe('quern sim', () => {
  it('--seed --json prints one line that says which run it was; the trace goes to a file', async () => {
    const trace = path.join(folder, 'trace.txt')
    expect(await quern('sim', '--seed', '1', '--json', '--trace', trace)).toBe(0)
    expect(out).toHaveLength(1)
    const line = JSON.parse(out[0]!) as Record<string, unknown>
    expect(line).toMatchObject({ seed: 1, version: '1.2.3', violations: [] })
    expect(line.traceHash).toMatch(/^[0-9a-f]{64}$/)
    expect(line.blocks).toBeGreaterThan(16)
    expect(Object.keys(line.faults as object)).toContain('crashes')
    expect(fs.readFileSync(trace, 'utf8').split('\n').length).toBeGreaterThan(1_000)
  })

  it('refuses flags that contradict each other, and says where a trace cannot be written', async () => {
    const wrong = ['--trace x', '--seeds 0', '--jobs 0', '--seed 1 --seeds 2', '--seed 1 --bail', '--seed 1 --from 3']
    for (const flags of wrong) expect([flags, await quern('sim', ...flags.split(' '))]).toEqual([flags, 2])
    expect(out).toEqual([])
    expect(await quern('sim', '--seed', '1', '--trace', path.join(folder, 'none', 'trace.txt'))).toBe(1)
    expect(errors.at(-1)).toMatch(/^error: TRACE_UNWRITABLE: /)
  })

  it('sums up what was run when it is interrupted', async () => {
    const running = quern('sim', '--seeds', '100000', '--jobs', '2')
    // As Ctrl-C does it, once the command listens.
    const before = process.listenerCount('SIGINT')
    while (process.listenerCount('SIGINT') === before && out.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    process.emit('SIGINT')
    expect(await running).toBe(1)
    expect(out.at(-1)).toMatch(/^\d+ seeds, /)
    expect(errors.at(-1)).toMatch(/^error: INTERRUPTED: \d+ of 100000 seeds/)
  })

  it('--seeds runs a range on threads, and sums it up', async () => {
    expect(await quern('sim', '--seeds', '2', '--from', '1', '--jobs', '2')).toBe(0)
    expect(errors).toEqual([])
    const text = out.join('\n')
    expect(text).toMatch(/^2 seeds, [\d.]+ a second; [\d.]+ minutes simulated; 0 with violations$/m)
    expect(text).toMatch(/ {2}blocks \d+, views \d+/)
    expect(text).toMatch(/ {2}faults: lost \d+/)
  })

  it('--seeds --json gives the same results on one thread, a line for each', async () => {
    expect(await quern('sim', '--seeds', '1', '--from', '1', '--jobs', '1', '--json')).toBe(0)
    expect(out.map((line) => (JSON.parse(line) as { seed: number }).seed)).toEqual([1])
  })

  it('--validators sets the size of every run, on this thread and on others', async () => {
    const sizes = ['--validators', '6', '--json']
    expect(await quern('sim', '--seed', '1', ...sizes)).toBe(0)
    expect(await quern('sim', '--seeds', '2', '--from', '1', '--jobs', '2', ...sizes)).toBe(0)
    const runs = out.map((line) => JSON.parse(line) as RunResult)
    expect(runs.map(({ validators }) => validators)).toEqual([6, 6, 6])
    expect(new Set(runs.filter(({ seed }) => seed === 1).map(({ traceHash }) => traceHash)).size).toBe(1)
  })

  it.each(['3', '11'])('refuses --validators %s', async (size) => {
    expect(await quern('sim', '--validators', size)).toBe(2)
    expect(errors.join()).toContain('from 4 to 10')
  })

  it.each([
    ['--seeds', '-1'],
    ['--seed', 'x'],
    ['--from', '1.5'],
    ['--jobs', ''],
  ])('refuses %s %j', async (...flag) => {
    expect(await quern('sim', ...flag)).toBe(2)
    expect(errors.join()).toContain('expected a whole number')
  })
})
