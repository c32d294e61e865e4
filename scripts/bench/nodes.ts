/** Starts the two chains that the ingest benchmark compares, each a fresh process with the same funded accounts. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

export interface RunningNode {
  readonly url: string
  /** Of the process so far, all threads, user and system; NaN where the system does not tell. */
  cpuSeconds(): number
  stop(): Promise<void>
}

/** A block for everything at once: anvil is not to be held back by its gas limit. */
const ANVIL_GAS_LIMIT = 2_000_000_000
const START_MS = 30_000

/** Resolves with the first match on the process's standard output. */
export function firstMatch(child: ChildProcess, pattern: RegExp, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} did not start within ${START_MS} ms`)), START_MS)
    let text = ''
    child.stdout?.on('data', (part: Buffer) => {
      if (text.length > 1 << 20) return
      text += part.toString()
      const found = pattern.exec(text)?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      resolve(found)
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${name} ended with code ${code} before it was ready`)))
  })
}

/** Linux: fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms. */
export function cpuSecondsOf(pid: number): number {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before it, in brackets, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return Number.NaN
  }
}

function running(child: ChildProcess, url: string): RunningNode {
  return {
    url,
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGINT')
      }),
  }
}

/**
 * A devnet of one validator from the build.
 * @param nodeArguments for Node.js itself, such as `--cpu-prof`
 */
export async function startQuern(
  accounts: number,
  executable = path.join(root, 'bin', 'quern.js'),
  nodeArguments: readonly string[] = [],
): Promise<RunningNode> {
  const flags = ['--validators', '1', '--workers', '0', '--accounts', String(accounts), '--rpc-port', '0', '--json']
  const child = spawn(process.execPath, [...nodeArguments, executable, 'devnet', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return running(child, await firstMatch(child, /"rpc":"([^"]+)"/, 'quern devnet'))
}

/** The program itself: the package's launcher would stand between us and its CPU time. */
function anvilExecutable(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
  return path.join(root, 'node_modules', '@foundry-rs', `anvil-${process.platform}-${arch}`, 'bin', name)
}

/** @param chainId the other chain's, so that both get the very same bytes */
export async function startAnvil(accounts: number, chainId: number): Promise<RunningNode> {
  const flags = ['--block-time', '1', '--accounts', String(accounts), '--chain-id', String(chainId), '--port', '0']
  const child = spawn(anvilExecutable(), [...flags, '--gas-limit', String(ANVIL_GAS_LIMIT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const place = await firstMatch(child, /Listening on ([0-9.:]+)/, 'anvil')
  return running(child, `http://${place}`)
}
