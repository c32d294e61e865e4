/**
 * A validator of a devnet in a process of its own: `quern start` on its own home, told where its peers are, and told over
 * IPC whom not to reach. It ends with this process, whatever way this one ends: `node/dev-channel.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { assert, QuernError } from '../core/errors.ts'
import type { DevNode } from '../node/api.ts'
import type { DevAnswer, DevRequest } from '../node/dev-channel.ts'
import type { PeerId } from '../p2p/transport.ts'
import { MAX_DEVNET_PEERS } from './member.ts'
import { freePorts, isFree } from './ports.ts'
import { collectOutput, type Output, type ReadyEvent } from './process-output.ts'

/** It loads its code, opens its store and its sockets; with many at once on two cores that takes a while. */
const START_LIMIT_MS = 60_000
/** In good order a node ends in less than two seconds. */
const STOP_LIMIT_MS = 2_500
/** An answer over IPC comes at once; a stopped process gives none. */
const ANSWER_LIMIT_MS = 5_000

export interface ValidatorProcessOptions {
  readonly name: string
  readonly home: string
  readonly nodeId: PeerId
  readonly p2pPort: number
  readonly rpcHost: string
  /** 0 = any free one. */
  readonly rpcPort: number
  /** Multiaddrs of the others, as they are at the moment. */
  readonly peers: () => readonly string[]
  /** It ended and nobody had asked it to. `how`: `SIGKILL`, `exit code 1: ...` */
  readonly onEnd: (how: string) => void
  /** A line that it wrote to stderr. */
  readonly onError: (line: string) => void
}

type AskOf<T extends DevRequest> = T extends DevRequest ? Omit<T, 'id'> : never

/** The executable, in the sources or in the build, as this process runs it. */
function executable(): readonly string[] {
  const isSource = import.meta.url.endsWith('.ts')
  const main = fileURLToPath(new URL(isSource ? './main.ts' : './main.js', import.meta.url))
  // Sources need whatever loader this process was started with.
  return isSource ? [...process.execArgv, main] : [main]
}

/** Settings of the user's own node are not for these. */
const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('QUERN_')))

export class ValidatorProcess {
  readonly name: string
  readonly nodeId: PeerId
  readonly #options: ValidatorProcessOptions
  #p2pPort: number
  /** Undefined while it does not run. */
  #child: ChildProcess | undefined
  #rpc: string | undefined
  #ended: Promise<void> = Promise.resolve()
  #isWanted = false
  /** The devnet ends: nothing is started any more. */
  #isClosed = false
  #nextRequest = 1
  readonly #asked = new Map<number, (answer?: DevAnswer) => void>()

  constructor(options: ValidatorProcessOptions) {
    this.#options = options
    this.name = options.name
    this.nodeId = options.nodeId
    this.#p2pPort = options.p2pPort
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  get multiaddr(): string {
    return `/ip4/127.0.0.1/tcp/${this.#p2pPort}/p2p/${this.nodeId}`
  }

  describe(): DevNode {
    const { name, nodeId, multiaddr } = this
    return { name, nodeId, multiaddr, pid: this.#child?.pid, rpc: this.#rpc, finalized: undefined }
  }

  /**
   * Resolves when it is ready.
   * @throws QuernError with the code it ended with, `VALIDATOR_FAILED`, `VALIDATOR_SILENT`
   */
  async start(): Promise<void> {
    assert(this.#child === undefined, 'a validator is started twice')
    // Somebody may have taken the port while it was down; the others learn the new one when it dials them.
    if (!(await isFree(this.#p2pPort))) this.#p2pPort = (await freePorts(1))[0]!
    if (this.#isClosed) throw new QuernError('VALIDATOR_FAILED', `${this.name} is not started: the devnet ends`)
    const { home, rpcHost, rpcPort, peers } = this.#options
    const flags = Object.entries({
      home,
      'p2p-listen': `/ip4/127.0.0.1/tcp/${this.#p2pPort}`,
      'p2p-persistent-peers': peers().join(','),
      'p2p-max-peers': MAX_DEVNET_PEERS,
      'p2p-max-peers-per-address': MAX_DEVNET_PEERS,
      'rpc-host': rpcHost,
      'rpc-port': rpcPort,
      'rpc-cors': '*',
    })
    const args = [...executable(), 'start', '--json', ...flags.flatMap(([flag, value]) => [`--${flag}`, String(value)])]
    const child = spawn(process.execPath, args, {
      env: ownEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A terminal sends Ctrl-C to its whole group; these are stopped by this process, in its order.
      detached: true,
    })
    this.#child = child
    this.#isWanted = true
    const output = collectOutput(child, this.#options.onError)
    this.#ended = this.#follow(child, output)
    child.on('message', (answer: DevAnswer) => this.#asked.get(answer.id)?.(answer))
    try {
      this.#rpc = (await this.#becomeReady(child, output)).rpc
    } catch (error) {
      await this.kill()
      throw error
    }
  }

  /** Resolves when it is gone from the list of those that run. */
  async #follow(child: ChildProcess, output: Output): Promise<void> {
    const how = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}${output.lastError()}`))
    })
    this.#child = undefined
    this.#rpc = undefined
    for (const answer of [...this.#asked.values()]) answer()
    if (this.#isWanted && output.isReady()) this.#options.onEnd(how)
  }

  async #becomeReady(child: ChildProcess, output: Output): Promise<ReadyEvent> {
    const { name } = this
    const silent = new QuernError('VALIDATOR_SILENT', `${name} is not ready after ${START_LIMIT_MS / 1000} s`)
    const ended = this.#ended.then(() => {
      throw output.failure(name)
    })
    const ready = await within(START_LIMIT_MS, silent, Promise.race([output.ready, ended]))
    assert(child.pid !== undefined, 'a process without a number')
    return ready
  }

  /** Does nothing unless it is ready, nor when it ends meanwhile. @throws QuernError `VALIDATOR_FAILED`, `VALIDATOR_SILENT` */
  async ask(request: AskOf<DevRequest>): Promise<void> {
    const child = this.#child
    if (child === undefined || this.#rpc === undefined) return
    const id = this.#nextRequest++
    const { name } = this
    const silent = new QuernError(
      'VALIDATOR_SILENT',
      `${name} does not answer: its process (${child.pid}) may be stopped; \`kill -CONT ${child.pid}\` lets it go on`,
    )
    try {
      const answer = await within(
        ANSWER_LIMIT_MS,
        silent,
        new Promise<DevAnswer | undefined>((resolve) => {
          this.#asked.set(id, resolve)
          // Not sent: it is ending, which answers too.
          child.send({ ...request, id }, () => undefined)
        }),
      )
      if (answer?.error !== undefined) throw new QuernError('VALIDATOR_FAILED', `${name}: ${answer.error}`)
    } finally {
      this.#asked.delete(id)
    }
  }

  /** `kill -9`; resolves when the system has cleared it away. */
  async kill(): Promise<void> {
    this.#isWanted = false
    this.#child?.kill('SIGKILL')
    await this.#ended
  }

  /** For good: in good order, and otherwise if that takes too long. */
  async stop(): Promise<void> {
    this.#isWanted = false
    this.#isClosed = true
    const child = this.#child
    child?.kill('SIGTERM')
    // One that is stopped hears nothing else.
    child?.kill('SIGCONT')
    const timer = setTimeout(() => child?.kill('SIGKILL'), STOP_LIMIT_MS)
    await this.#ended
    clearTimeout(timer)
  }
}

async function within<T>(limitMs: number, late: QuernError, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), limitMs)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
