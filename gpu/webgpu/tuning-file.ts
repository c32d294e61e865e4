/** What tuning has found, kept from one start to the next in a small JSON file. A broken or foreign file counts as empty. */
import fs from 'node:fs'
import path from 'node:path'

export interface Tuning {
  /** `nameOf` of the kernel. */
  readonly kernel: string
  readonly macsPerSecond: number
}

/** Raised when kernels of the same name are no longer the same. */
const VERSION = 1
/** Adapters and driver versions remembered: more than a machine sees in its life. The oldest are forgotten. */
const MAX_ENTRIES = 32
/** Of 32 entries of some 200 bytes it is far less. */
const MAX_BYTES = 65_536
/** Bands are measured out by this rate, so none is believed that a device of the next decades would not reach. */
const MAX_MACS_PER_SECOND = 1e17

function isTuning(value: unknown): value is Tuning {
  if (typeof value !== 'object' || value === null) return false
  const { kernel, macsPerSecond } = value as Partial<Record<keyof Tuning, unknown>>
  if (typeof kernel !== 'string' || typeof macsPerSecond !== 'number') return false
  return macsPerSecond > 0 && macsPerSecond <= MAX_MACS_PER_SECOND
}

function readEntries(file: string): [string, Tuning][] {
  try {
    if (fs.statSync(file).size > MAX_BYTES) return []
    const { version, adapters } = JSON.parse(fs.readFileSync(file, 'utf8')) as { version?: unknown; adapters?: unknown }
    if (version !== VERSION || typeof adapters !== 'object' || adapters === null) return []
    return Object.entries(adapters).filter((entry): entry is [string, Tuning] => isTuning(entry[1]))
  } catch {
    return []
  }
}

/** @param adapter its description, driver included */
export const readTuning = (file: string, adapter: string): Tuning | undefined =>
  readEntries(file).find(([key]) => key === adapter)?.[1]

/** Where the file cannot be written, nothing is remembered, and the next start tunes again. */
export function writeTuning(file: string, adapter: string, tuning: Tuning): void {
  const others = readEntries(file).filter(([key]) => key !== adapter)
  const adapters = Object.fromEntries([...others.slice(1 - MAX_ENTRIES), [adapter, tuning]])
  // Written aside and renamed: two workers on one machine may finish at once.
  const fresh = `${file}.${process.pid}`
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(fresh, `${JSON.stringify({ version: VERSION, adapters }, undefined, 2)}\n`)
    fs.renameSync(fresh, file)
  } catch {
    try {
      fs.rmSync(fresh, { force: true })
    } catch {
      // There never was one.
    }
  }
}
