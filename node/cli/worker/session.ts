/** A worker with everything around it that shows what it does: screen or lines, metrics, and the look at the chain. */
import { formatAddress } from '../../../core/address.ts'
import type { Choice } from '../../../gpu/choose.ts'
import { createFailoverClient } from '../../../gpu/failover.ts'
import { createRpcClient } from '../../../gpu/rpc-client.ts'
import { type RunningWorker, startWorker } from '../../../gpu/worker.ts'
import type { WorkerEvent, WorkerStats } from '../../../gpu/worker-events.ts'
import { WorkerMetrics } from '../../metrics/worker-metrics.ts'
import type { CliContext } from '../context.ts'
import { jsonSafe } from '../output.ts'
import type { Signer } from '../signer.ts'
import { describeEvent } from './describe.ts'
import { listenMetrics } from './metrics-listener.ts'
import { Observer } from './observer.ts'
import { renderScreen, type ScreenView, type ShownEvent, summaryLine } from './screen.ts'
import { Terminal, type TtyStream } from './terminal.ts'
import type { Style } from './text.ts'

const REDRAW_MS = 500
const SUMMARY_MS = 60_000
/** More than any terminal has rows for. */
const MAX_EVENTS = 200

export interface SessionOptions {
  readonly urls: readonly string[]
  readonly signer: Signer
  readonly choices: readonly Choice[]
  readonly dutyCycle: number
  readonly matrixSize?: number
  readonly metricsPort?: number
  readonly json: boolean
  /** Where to draw the screen; undefined: lines instead. */
  readonly tty: TtyStream | undefined
  readonly signal: AbortSignal
}

const STYLES: Partial<Record<WorkerEvent['type'], Style>> = {
  accepted: 'green',
  rejected: 'red',
  late: 'yellow',
  trouble: 'yellow',
  switched: 'yellow',
  replaced: 'yellow',
  reset: 'yellow',
  'device-failed': 'red',
  seeded: 'dim',
}

/** Backends of one kind are told apart by their threads. */
const deviceName = ({ name, threads }: Choice): string => (name === 'wasm' ? `${name} x${threads}` : name)

class Session {
  readonly #options: SessionOptions
  readonly #context: CliContext
  readonly #observer: Observer
  readonly #worker: RunningWorker
  readonly #metrics: WorkerMetrics
  readonly #terminal: Terminal | undefined
  readonly #events: ShownEvent[] = []
  readonly #startMs = performance.now()
  readonly #url: () => string

  constructor(options: SessionOptions, context: CliContext) {
    this.#options = options
    this.#context = context
    const { urls, signer, signal, tty, choices, dutyCycle, matrixSize } = options
    const client = createFailoverClient({
      endpoints: urls.map((url) => ({ url, client: createRpcClient(url) })),
      signal,
      onSwitch: (url, tag) => this.#onEvent({ type: 'switched', url, tag }),
    })
    this.#url = () => client.url()
    this.#observer = new Observer(signer.address, this.#url)
    const { facts, baseline } = this.#observer
    this.#metrics = new WorkerMetrics({ stats: () => this.stats(), facts, baseline }, context.version)
    this.#terminal = tty === undefined ? undefined : new Terminal(tty, () => this.#draw())
    this.#worker = startWorker({
      client,
      backends: choices.map(({ backend }) => backend),
      privateKey: signer.privateKey,
      dutyCycle,
      ...(matrixSize === undefined ? {} : { matrixSize }),
      onEvent: (event) => this.#onEvent(event),
    })
  }

  stats(): WorkerStats {
    const stats = this.#worker.stats()
    const devices = stats.devices.map((device, i) => {
      const choice = this.#options.choices[i]
      return choice === undefined ? device : { ...device, name: deviceName(choice) }
    })
    return { ...stats, devices }
  }

  #onEvent(event: WorkerEvent): void {
    this.#metrics.onEvent(event)
    if (event.type === 'reset') this.#observer.reset()
    const text = describeEvent(event)
    if (this.#options.json) this.#context.write(JSON.stringify(event, jsonSafe))
    else if (this.#terminal === undefined) this.#context.write(text)
    const style = STYLES[event.type]
    const time = new Date().toTimeString().slice(0, 8)
    this.#events.push({ time, text, ...(style === undefined ? {} : { style }) })
    if (this.#events.length > MAX_EVENTS) this.#events.shift()
  }

  #view(): ScreenView {
    return {
      address: formatAddress(this.#options.signer.address),
      url: this.#url(),
      urls: this.#options.urls.length,
      uptimeMs: performance.now() - this.#startMs,
      stats: this.stats(),
      facts: this.#observer.facts(),
      staleMs: this.#observer.staleMs(),
      baseline: this.#observer.baseline(),
      earningMs: this.#observer.earningMs(),
      events: this.#events,
    }
  }

  #draw(): void {
    const terminal = this.#terminal
    if (terminal === undefined) return
    const color = (this.#context.env.NO_COLOR ?? '') === ''
    terminal.draw(renderScreen(this.#view(), { columns: terminal.columns, rows: terminal.rows, color }))
  }

  /** Until the signal is aborted or the worker cannot go on. */
  async run(): Promise<void> {
    const { signal, metricsPort, json } = this.#options
    const listener = metricsPort === undefined ? undefined : await listenMetrics(this.#metrics, metricsPort)
    const ending = new AbortController()
    const stop = (): void => void this.#worker.stop()
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    if (listener !== undefined && !json) this.#context.write(`metrics at ${listener.url}`)
    const observing = this.#observer.run(ending.signal)
    this.#terminal?.open()
    const drawing = setInterval(() => this.#draw(), REDRAW_MS)
    const summing = setInterval(() => this.#summarise(), SUMMARY_MS)
    try {
      await this.#worker.done
    } finally {
      clearInterval(drawing)
      clearInterval(summing)
      this.#terminal?.close()
      ending.abort()
      await Promise.all([observing, listener?.close()])
      if (!json) this.#context.writeError(summaryLine(this.#view()))
    }
  }

  #summarise(): void {
    if (!this.#options.json && this.#terminal === undefined) this.#context.write(summaryLine(this.#view()))
  }

  async close(): Promise<void> {
    await this.#worker.stop()
  }
}

/** The backends stay the caller's to close. @throws QuernError `METRICS_LISTEN_FAILED`, and what ends a worker */
export async function runSession(options: SessionOptions, context: CliContext): Promise<void> {
  const session = new Session(options, context)
  try {
    await session.run()
  } finally {
    await session.close()
  }
}
