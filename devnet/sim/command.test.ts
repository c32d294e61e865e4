import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CliContext } from '../../node/cli/context.ts'
import { createProgram, runCli } from '../../node/cli/program.ts'
import { addSimCommand } from './command.ts'

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
