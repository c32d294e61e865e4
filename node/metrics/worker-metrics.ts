/** What a worker counts, for Prometheus, under `quern_worker_`. Values are read when somebody asks. */
import { Counter, Gauge, Registry } from 'prom-client'
import type { Baseline } from '../../gpu/earnings.ts'
import { earnedWei, expectedCpcPerHour, inCpc, workShare } from '../../gpu/earnings.ts'
import type { ChainFacts } from '../../gpu/facts.ts'
import { KnownTags } from '../../gpu/tally.ts'
import type { WorkerEvent, WorkerStats } from '../../gpu/worker-events.ts'
import type { MetricsSource } from '../rpc/http-metrics.ts'

const PREFIX = 'quern_worker_'

export interface WorkerMetricsSource {
  stats(): WorkerStats
  /** Undefined until the chain has answered. */
  facts(): ChainFacts | undefined
  baseline(): Baseline | undefined
}

export class WorkerMetrics implements MetricsSource {
  readonly #registry = new Registry()
  readonly #results: Counter
  readonly #errors: Counter
  readonly #switches: Counter
  readonly #tags = new KnownTags()

  constructor(source: WorkerMetricsSource, version: string) {
    const registers = [this.#registry]
    this.#results = new Counter({
      name: `${PREFIX}results_total`,
      help: 'Results by outcome (submitted, accepted, rejected, late, replaced) and the reason of those that failed.',
      labelNames: ['outcome', 'reason'],
      registers,
    })
    this.#errors = new Counter({
      name: `${PREFIX}rpc_errors_total`,
      help: 'Questions that no node answered well, by code.',
      labelNames: ['code'],
      registers,
    })
    this.#switches = new Counter({
      name: `${PREFIX}rpc_switches_total`,
      help: 'Changes to another node.',
      registers,
    })
    addDevices(source, registers)
    addChain(source, registers)
    new Gauge({ name: `${PREFIX}info`, help: 'Version; always 1.', labelNames: ['version'], registers }).set(
      { version },
      1,
    )
  }

  onEvent(event: WorkerEvent): void {
    switch (event.type) {
      case 'submitted':
      case 'accepted':
      case 'replaced':
        this.#results.inc({ outcome: event.type, reason: '' })
        break
      case 'rejected':
        this.#results.inc({ outcome: event.type, reason: this.#tags.of(event.tag) })
        break
      case 'late':
        this.#results.inc({ outcome: event.type, reason: event.reason })
        break
      case 'trouble':
        this.#errors.inc({ code: this.#tags.of(event.tag) })
        break
      case 'switched':
        this.#switches.inc()
        break
      default:
    }
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}

type Registers = Registry[]

function addDevices({ stats }: WorkerMetricsSource, registers: Registers): void {
  const labelNames = ['device', 'index']
  const labels = (index: number, device: string) => ({ device, index: String(index) })
  new Counter({
    name: `${PREFIX}attempts_total`,
    help: 'Finished attempts.',
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const [i, { name, attempts }] of stats().devices.entries()) this.inc(labels(i, name), attempts)
    },
  })
  new Counter({
    name: `${PREFIX}macs_total`,
    help: 'Multiply-accumulates in finished attempts.',
    labelNames,
    registers,
    collect() {
      this.reset()
      for (const [i, { name, macs }] of stats().devices.entries()) this.inc(labels(i, name), macs)
    },
  })
  new Gauge({
    name: `${PREFIX}macs_per_second`,
    help: 'Multiply-accumulates a second over the last ten seconds.',
    labelNames,
    registers,
    collect() {
      for (const [i, { name, macsPerSecond }] of stats().devices.entries()) this.set(labels(i, name), macsPerSecond)
    },
  })
  new Gauge({
    name: `${PREFIX}results_waiting`,
    help: 'Results in no final block yet: sent ones and ones still here.',
    labelNames: ['status'],
    registers,
    collect() {
      const { pending, queued } = stats()
      this.set({ status: 'pending' }, pending)
      this.set({ status: 'queued' }, queued)
    },
  })
}

function addChain({ stats, facts, baseline }: WorkerMetricsSource, registers: Registers): void {
  const gauge = (name: string, help: string, value: (known: ChainFacts) => number | undefined): Gauge =>
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers,
      collect() {
        const known = facts()
        this.set((known === undefined ? undefined : value(known)) ?? Number.NaN)
      },
    })
  gauge('earned_cpc', 'Paid and accruing in the open epoch, since the worker began.', (known) => {
    const since = baseline()
    return since === undefined ? undefined : inCpc(earnedWei(since, known))
  })
  gauge('paid_cpc', 'All that the chain ever paid to this account for work.', ({ paidWei }) => inCpc(paidWei))
  gauge('balance_cpc', 'Balance of the account.', ({ balanceWei }) => inCpc(balanceWei))
  gauge('expected_cpc_per_hour', 'At the average rate, this difficulty and this competition.', (known) =>
    expectedCpcPerHour(known, stats().averageMacsPerSecond),
  )
  gauge('epoch_work_share', "Part of the epoch's verified work, 0 to 1.", workShare)
  gauge('rpc_latency_seconds', 'Of one short question.', ({ latencyMs }) => latencyMs / 1_000)
}
