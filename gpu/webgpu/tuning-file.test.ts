import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readTuning, writeTuning } from './tuning-file.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-tuning-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
const file = path.join(folder, 'deep', 'tuning.json')

test('remembers by adapter', () => {
  expect(readTuning(file, 'one')).toBeUndefined()
  writeTuning(file, 'one', { kernel: 'a', macsPerSecond: 1 })
  writeTuning(file, 'two', { kernel: 'b', macsPerSecond: 2 })
  writeTuning(file, 'one', { kernel: 'c', macsPerSecond: 3 })
  expect(readTuning(file, 'one')).toEqual({ kernel: 'c', macsPerSecond: 3 })
  expect(readTuning(file, 'two')).toEqual({ kernel: 'b', macsPerSecond: 2 })
  expect(fs.readdirSync(path.dirname(file))).toEqual(['tuning.json'])
})

test('forgets the oldest of too many', () => {
  for (let i = 0; i < 40; i++) writeTuning(file, `adapter ${i}`, { kernel: 'a', macsPerSecond: 1 + i })
  expect(readTuning(file, 'adapter 7')).toBeUndefined()
  expect(readTuning(file, 'adapter 8')?.macsPerSecond).toBe(9)
  expect(readTuning(file, 'adapter 39')?.macsPerSecond).toBe(40)
})

test('takes a broken, foreign or huge file for an empty one, and writes over it', () => {
  const entry = '{"kernel":"a","macsPerSecond":1}'
  for (const content of [
    'not json',
    '[]',
    'null',
    `{"version":2,"adapters":{"one":${entry}}}`,
    '{"version":1,"adapters":{"one":{"kernel":1}}}',
    '{"version":1,"adapters":{"one":{"kernel":"a","macsPerSecond":-1}}}',
    '{"version":1,"adapters":{"one":{"kernel":"a","macsPerSecond":1e999}}}',
    '{"version":1,"adapters":{"one":{"kernel":"a","macsPerSecond":1e300}}}',
    `{"version":1,"adapters":{"one":${entry}}}${' '.repeat(65_536)}`,
  ]) {
    fs.writeFileSync(file, content)
    expect(readTuning(file, 'one')).toBeUndefined()
    writeTuning(file, 'two', { kernel: 'b', macsPerSecond: 2 })
    expect(readTuning(file, 'two')).toEqual({ kernel: 'b', macsPerSecond: 2 })
  }
})

test('does without a file where none can be written', () => {
  const blocked = path.join(file, 'under-a-file', 'tuning.json')
  writeTuning(blocked, 'one', { kernel: 'a', macsPerSecond: 1 })
  expect(readTuning(blocked, 'one')).toBeUndefined()
})
