/** The executable `quern`, as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { inject } from 'vitest'
import type { CliContext } from '../../node/cli/context.ts'
import { createProgram, runCli } from '../../node/cli/program.ts'

/** No command that ends by itself takes this long; one that does is ended, and its test fails. */
const LIMIT_MS = 60_000

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ReadyLine {
  readonly event: 'ready'
  readonly chainId: number
  readonly rpc: string
  readonly ws: string
  readonly genesis: string
  readonly accounts: readonly { readonly address: string; readonly bech32: string; readonly privateKey: string }[]
  /** Secret key that signs in place of proofs. */
  readonly prover: string
  /** Validators first. */
  readonly nodes: readonly {
    readonly name: string
    readonly nodeId: string
    readonly multiaddr: string
    readonly pid: number
    readonly rpc: string | null
  }[]
}

/** A folder for one test file, which no user's keys or settings are in. */
export class Sandbox {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-e2e-'))
  /** Where its processes keep temporary files. */
  readonly temporary = path.join(this.folder, 'tmp')
  readonly #running = new Set<ChildProcess>()

  constructor() {
    fs.mkdirSync(this.temporary)
  }

  path = (name: string): string => path.join(this.folder, name)

  file(name: string, content: string): string {
    fs.writeFileSync(this.path(name), content)
    return this.path(name)
  }

  #env(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const { PATH, SystemRoot } = process.env
    return { PATH, SystemRoot, HOME: this.folder, TMPDIR: this.temporary, QUERN_HOME: this.path('home'), ...more }
  }

  /** Until it ends or is stopped; `remove` ends what still runs. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}, limitMs?: number): RunningCommand {
    const child = spawn(process.execPath, [inject('executable'), ...args], {
      cwd: this.folder,
      env: this.#env(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    })
    this.#running.add(child)
    child.once('close', () => this.#running.delete(child))
    return new RunningCommand(child)
  }

  readonly run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    this.start(args, env, LIMIT_MS).ended

  /**
   * What `run` does, in this process: to start one takes longer than most commands. For commands whose process is not what
   * is tested, whose paths are absolute, and which print by their context alone: not help, and not what commander refuses.
   */
  readonly call = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> => {
    const lines = { stdout: '', stderr: '' }
    const context: CliContext = {
      env: this.#env(env),
      version: '0.0.0',
      write: (line) => {
        lines.stdout += `${line}\n`
      },
      writeError: (line) => {
        lines.stderr += `${line}\n`
      },
    }
    const code = await runCli(
      createProgram(context, () => undefined),
      args,
      context,
    )
    return { code, ...lines }
  }

  async remove(): Promise<void> {
    const closing = [...this.#running].map((child) => new Promise((resolve) => child.once('close', resolve)))
    for (const child of this.#running) child.kill('SIGKILL')
    await Promise.all(closing)
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

export class RunningCommand {
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #lookers = new Set<() => void>()
  #output = { stdout: '', stderr: '' }
  #hasEnded = false

  constructor(child: ChildProcess) {
    this.#child = child
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#output[name] += text
        this.#look()
      })
    }
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        this.#hasEnded = true
        this.#look()
        resolve({ code, ...this.#output })
      })
    })
  }

  #look(): void {
    for (const look of [...this.#lookers]) look()
  }

  /** The first whole line of its output, so far or to come, that `matches`. */
  line(matches: (line: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.#output.stdout.split('\n').slice(0, -1).find(matches)
        if (found === undefined && !this.#hasEnded) return
        this.#lookers.delete(look)
        if (found !== undefined) resolve(found)
        else reject(new Error(`it ended without that line: ${this.#output.stdout}${this.#output.stderr}`))
      }
      this.#lookers.add(look)
      look()
    })
  }

  /** Of `devnet --json`. */
  async ready(): Promise<ReadyLine> {
    return JSON.parse(await this.line((line) => line.startsWith('{"event":"ready"'))) as ReadyLine
  }

  /** As `| head` does when it has seen enough. */
  closeOutput(): void {
    this.#child.stdout?.destroy()
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL' = 'SIGINT'): Promise<Ended> {
    this.#child.kill(signal)
    return this.ended
  }
}

/** One validator with quick blocks, for commands that only need a chain. `end` stops it, and removes the sandbox. */
export async function quickDevnet(seed: string) {
  const sandbox = new Sandbox()
  const flags = ['--validators', '1', '--workers', '0', '--block-interval-ms', '100', '--seed', seed]
  const devnet = sandbox.start(['devnet', '--json', '--rpc-port', '0', ...flags])
  const end = async (): Promise<Ended> => {
    const ended = await devnet.stop()
    await sandbox.remove()
    return ended
  }
  try {
    return { sandbox, ready: await devnet.ready(), end }
  } catch (error) {
    await sandbox.remove()
    throw error
  }
}
