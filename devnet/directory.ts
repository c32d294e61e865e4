/** Where a devnet keeps its chain, and the plan it was made from: a chain is continued with its own plan or not at all. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { QuernError } from '../core/errors.ts'
import { formatCpc } from '../core/units.ts'
import { replaceFile } from '../node/durable-file.ts'
import type { DevnetPlan } from './genesis.ts'

const PLAN_FILE = 'devnet.json'
/** Raised when the folder is laid out otherwise: an older chain is refused, not overlooked. */
const PLAN_VERSION = 3

/** A node's folder is laid out as `quern start` does it, so that either kind of devnet continues the other's chain. */
export const storeFolder = (directory: string, name: string): string => path.join(directory, name, 'data')

export interface DevnetDirectory {
  readonly path: string
  readonly isTemporary: boolean
  readonly plan: DevnetPlan
  /** Keeps the plan of a new chain: once it has proved good, since the chain is bound to it. */
  savePlan(): Promise<void>
  /** Removes a temporary one. */
  dispose(): void
}

interface StoredPlan extends Omit<DevnetPlan, 'balanceWei'> {
  readonly version: number
  readonly balanceWei: string
}

/** A part of the plan as the command line says it: `--balance 5`. */
function flag(name: string, value: unknown): string {
  const option = `--${name.replace(/Wei$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  if (value === undefined) return `the default ${option}`
  return `${option} ${typeof value === 'bigint' ? formatCpc(value) : value}`
}

function makeFolder(dataDir: string): void {
  try {
    fs.mkdirSync(dataDir, { recursive: true })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new QuernError(
      'DATA_DIR_INVALID',
      `cannot make the folder ${dataDir} (${code}): use another --data-dir`,
      {},
      { cause },
    )
  }
}

const nothing = (): void => undefined
const saved = async (): Promise<void> => undefined

function readPlan(file: string): DevnetPlan | undefined {
  if (!fs.existsSync(file)) return undefined
  let stored: StoredPlan
  try {
    stored = JSON.parse(fs.readFileSync(file, 'utf8')) as StoredPlan
  } catch (cause) {
    throw new QuernError(
      'DEVNET_PLAN_INVALID',
      `${file} is not readable: move the folder away to begin anew`,
      {},
      { cause },
    )
  }
  const { version, balanceWei, ...plan } = stored
  if (version !== PLAN_VERSION) {
    throw new QuernError('DEVNET_PLAN_INVALID', `${file} is of version ${version}, this is version ${PLAN_VERSION}`)
  }
  return { ...plan, balanceWei: BigInt(balanceWei) }
}

function writePlan(file: string, plan: DevnetPlan): Promise<void> {
  const stored: StoredPlan = { ...plan, version: PLAN_VERSION, balanceWei: plan.balanceWei.toString() }
  return replaceFile(file, `${JSON.stringify(stored, null, 2)}\n`)
}

/**
 * @param dataDir undefined = a temporary folder
 * @param given what the user said: on an existing chain it must agree with the chain's own plan
 * @param complete fills in what the user left open, for a new chain
 * @throws QuernError `DATA_DIR_INVALID`, `DEVNET_PLAN_CONFLICT`, `DEVNET_PLAN_INVALID`
 */
export function openDirectory(
  dataDir: string | undefined,
  given: Partial<DevnetPlan>,
  complete: (given: Partial<DevnetPlan>) => DevnetPlan,
): DevnetDirectory {
  if (dataDir === undefined) {
    const plan = complete(given)
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-devnet-'))
    const dispose = (): void => fs.rmSync(directory, { recursive: true, force: true })
    return { path: directory, isTemporary: true, plan, savePlan: saved, dispose }
  }
  makeFolder(dataDir)
  const file = path.join(dataDir, PLAN_FILE)
  const existing = readPlan(file)
  if (existing !== undefined) {
    for (const [name, value] of Object.entries(given)) {
      const was = existing[name as keyof DevnetPlan]
      if (value === undefined || was === value) continue
      throw new QuernError(
        'DEVNET_PLAN_CONFLICT',
        `the chain in ${dataDir} was made with ${flag(name, was)}, not ${flag(name, value)}: leave the flag out, or use another --data-dir`,
      )
    }
    return { path: dataDir, isTemporary: false, plan: existing, savePlan: saved, dispose: nothing }
  }
  const plan = complete(given)
  return { path: dataDir, isTemporary: false, plan, savePlan: () => writePlan(file, plan), dispose: nothing }
}
