import path from 'node:path'
import vm from 'node:vm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { filesIn, isTestOnly, PURE_FOLDERS, ROOT, readText, withoutComments } from './pure-folders.ts'

const sources = PURE_FOLDERS.flatMap((folder) => filesIn(folder)).filter((file) => !isTestOnly(file))

// ------------------------------------------------------------------------------------------------- poisoned globals

/** A call counts when a file of a pure folder is on the stack; the test runner itself needs its clock and timers. */
const isPureFrame = (line: string) =>
  PURE_FOLDERS.some((folder) => line.includes(`${path.join(ROOT, folder)}${path.sep}`))

let caught: string[] = []
let restore: (() => void)[] = []

function trap(name: string, except?: RegExp): void {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 200
  const stack = new Error().stack ?? ''
  Error.stackTraceLimit = before
  const frame = stack.split('\n').find(isPureFrame)
  if (frame === undefined || except?.test(stack)) return
  caught.push(`${name} ${frame.trim()}`)
  throw new Error(`${name} is forbidden in a pure folder`)
}

function poisonMethod(owner: object, key: string, name = key, except?: RegExp): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, key)
  const original = Reflect.get(owner, key) as ((...args: unknown[]) => unknown) | undefined
  if (typeof original !== 'function') throw new Error(`${name} is no function here`)
  const poisoned = function (this: unknown, ...args: unknown[]): unknown {
    trap(name, except)
    return original.apply(this, args)
  }
  Object.defineProperty(owner, key, { configurable: true, writable: true, value: poisoned })
  restore.push(() => {
    if (descriptor === undefined) Reflect.deleteProperty(owner, key)
    else Object.defineProperty(owner, key, descriptor)
  })
}

function poison(): void {
  for (const key of ['setTimeout', 'setInterval', 'setImmediate', 'fetch']) poisonMethod(globalThis, key)
  poisonMethod(Math, 'random', 'Math.random')
  poisonMethod(performance, 'now', 'performance.now')
  // noble blinds secret scalars against side channels; the product is the same whatever the blind.
  poisonMethod(crypto, 'getRandomValues', 'crypto.getRandomValues', /@noble.curves/)
  poisonMethod(process, 'hrtime', 'process.hrtime')
  poisonMethod(process, 'cwd', 'process.cwd')

  const RealDate = Date
  globalThis.Date = new Proxy(RealDate, {
    construct(target, args, newTarget) {
      if (args.length === 0) trap('new Date()')
      return Reflect.construct(target, args, newTarget)
    },
    apply(target, self, args: []) {
      trap('Date()')
      return Reflect.apply(target, self, args)
    },
    get(target, key) {
      if (key === 'now') trap('Date.now')
      return Reflect.get(target, key)
    },
  })
  restore.push(() => {
    globalThis.Date = RealDate
  })

  const realEnv = process.env
  process.env = new Proxy(realEnv, {
    get(target, key) {
      trap('process.env')
      return Reflect.get(target, key)
    },
  })
  restore.push(() => {
    process.env = realEnv
  })
}

function heal(): void {
  for (const undo of restore.reverse()) undo()
  restore = []
}

afterEach(() => {
  heal()
  caught = []
})

describe('with clocks, timers, randomness and environment poisoned', () => {
  it('pure folders load and work', async () => {
    // Native and WebAssembly backends may look around while they load; they are loaded once, before.
    const loadedBefore = await import('../core/bls.ts')
    await import('../core/hash.ts')
    await import('../core/secp256k1.ts')
    vi.resetModules()
    poison()
    for (const file of sources) await import(path.join(ROOT, file))
    const { EXERCISES } = await import('./pure-exercises.ts')
    for (const exercise of Object.values(EXERCISES)) await exercise()
    heal()
    expect(caught).toEqual([])
    expect(await import('../core/bls.ts'), 'modules were evaluated anew').not.toBe(loadedBefore)
    expect(sources.length).toBeGreaterThan(40)
  })

  it.each([
    'Date.now()',
    'new Date()',
    'Date()',
    'Math.random()',
    'performance.now()',
    'setTimeout(() => {}, 0)',
    'setInterval(() => {}, 0)',
    'setImmediate(() => {})',
    'process.env.HOME',
    'process.hrtime()',
    "fetch('http://127.0.0.1/')",
    'crypto.getRandomValues(new Uint8Array(1))',
  ])('a planted %s is caught', (call) => {
    // A script under the name of a file in core/ has that name in its stack frames.
    const planted = vm.runInThisContext(`(process) => ${call}`, { filename: path.join(ROOT, 'core', 'planted.ts') })
    poison()
    expect(() => planted(process)).toThrow('forbidden in a pure folder')
    expect(caught).toHaveLength(1)
    const elsewhere = vm.runInThisContext('() => Date.now()', { filename: path.join(ROOT, 'node', 'planted.ts') })
    expect(elsewhere()).toBeTypeOf('number')
  })
})

// -------------------------------------------------------------------------------------------------- forbidden words

const FORBIDDEN: readonly RegExp[] = [
  /\bfrom\s+['"]node:/,
  /\bimport\(\s*['"]node:/,
  /\brequire\s*\(/,
  /\bprocess\s*[.[]/,
  /\bglobalThis\b/,
  /\bDate\b/,
  /\bperformance\s*\./,
  /\bMath\s*\.\s*random\b/,
  /\bcrypto\s*\./,
  /\bset(Timeout|Interval|Immediate)\b/,
  /\bqueueMicrotask\b/,
  /\bfetch\s*\(/,
  /\bconsole\s*\./,
  // Their last digit is the engine's choice (ECMAScript 21.3.2), so two nodes may differ.
  /\bMath\s*\.\s*(a?cosh?|a?sinh?|a?tanh?|atan2|cbrt|expm?1?|hypot|log1?[0-9p]*|pow)\b/,
  // Order and letters by locale differ from machine to machine.
  /\.(localeCompare|toLocale[A-Z]\w*)\b/,
  /\bIntl\b/,
]

const findings = (text: string) => FORBIDDEN.filter((pattern) => pattern.test(withoutComments(text))).map(String)

describe('sources of pure folders', () => {
  it.each(PURE_FOLDERS)('%s names nothing forbidden', (folder) => {
    const own = sources.filter((file) => file.startsWith(`${folder}/`))
    expect(own.length).toBeGreaterThan(0)
    expect(own.flatMap((file) => findings(readText(file)).map((pattern) => `${file}: ${pattern}`))).toEqual([])
  })

  it.each([
    "import fs from 'node:fs'",
    "await import('node:os')",
    'process.env.X',
    'Date.now()',
    'Math.random()',
    'setTimeout(f, 1)',
    'Math.log2(x)',
    'Math.exp(1)',
    'a.localeCompare(b)',
  ])('the search finds %s', (line) => {
    expect(findings(line).length).toBeGreaterThan(0)
    expect(findings(`/* ${line} */ // ${line}`)).toEqual([])
  })

  it('the search leaves ordinary code alone', () => {
    expect(
      findings('processBlock(update.timestampMs); Math.floor(x); Math.max(1); const candidate = exponent'),
    ).toEqual([])
  })
})
