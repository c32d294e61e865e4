/**
 * What a node counts, for Prometheus: chain, consensus, mempool and network under `quern_`, each node in a registry of its
 * own, so that several fit into one process. Values are read when somebody asks; only the two histograms follow the chain.
 * Names end in their unit, counters in `_total`, as Prometheus has it.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { formatAddress } from '../../core/address.ts'
import type { P2pCounters } from '../../p2p/options.ts'
import type { NodeApi } from '../api.ts'
import { ownViews } from '../own-views.ts'
import type { MetricsSource } from '../rpc/http-metrics.ts'

const PREFIX = 'quern_'

/** From a tenth of the shortest preset's block interval to many nullified views in a row. */
const SECONDS = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 13, 30, 60]

export interface NodeMetricsOptions {
  readonly node: NodeApi
  readonly clientVersion: string
  readonly nowMs: () => number
  /** Absent where there is no network to count. */
  readonly counters?: () => P2pCounters
  /** Memory, CPU, event loop and garbage collection of the process; for one node of a process. */
  readonly withProcess?: boolean
}

export class NodeMetrics implements MetricsSource {
  readonly #registry = new Registry()
  readonly #stopFollowing: () => void

  constructor(options: NodeMetricsOptions) {
    const { node, clientVersion, counters } = options
    const registers = [this.#registry]
    this.#stopFollowing = followBlocks(options, this.#registry)
    addChain(node, registers)
    addValidator(node, registers)
    addMempool(node, registers)
    if (counters !== undefined) addNetwork(counters, registers)
    const labelNames = ['version', 'network', 'node_id', 'validator']
    new Gauge({ name: `${PREFIX}info`, help: 'Who this node is; always 1.', labelNames, registers }).set(
      {
        version: clientVersion,
        network: node.genesis.network,
        node_id: node.network?.id ?? '',
        validator: node.validator === undefined ? '' : formatAddress(node.validator),
      },
      1,
    )
    if (options.withProcess === true) collectDefaultMetrics({ register: this.#registry, prefix: PREFIX })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  stop(): void {
    this.#stopFollowing()
    this.#registry.clear()
  }
}

type Registers = Registry[]

const gauge = (name: string, help: string, registers: Registers, value: () => number): Gauge =>
  new Gauge({
    name: `${PREFIX}${name}`,
    help,
    registers,
    collect() {
      this.set(value())
    },
  })

function addChain(node: NodeApi, registers: Registers): void {
  gauge('height', 'Newest notarised block.', registers, () => node.latest().height)
  gauge('finalized_height', 'Newest final block.', registers, () => node.finalized().height)
  gauge('epoch', 'Epoch of the newest notarised block.', registers, () => node.latest().epoch)
  gauge('view', 'View of the newest notarised block, within its epoch.', registers, () => node.latest().view)
  gauge('validators', 'Members of the present validator set.', registers, () => {
    return node.validatorSet(node.latest().epoch)?.members.length ?? 0
  })
  gauge('peers', 'Connected peers of the same chain.', registers, () => node.peerCount())
  gauge('syncing', '1 while the node is behind its peers.', registers, () => (node.syncing() === undefined ? 0 : 1))
}

/** Of this node's own validator, in the present epoch, as final blocks record them. */
function addValidator(node: NodeApi, registers: Registers): void {
  if (node.validator === undefined) return
  const views = () => ownViews(node) ?? { missedViews: 0, proposedViews: 0 }
  gauge('validator_missed_views', 'Own leader views missed in this epoch.', registers, () => views().missedViews)
  gauge('validator_proposed_views', 'Own leader views used in this epoch.', registers, () => views().proposedViews)
}

function addMempool(node: NodeApi, registers: Registers): void {
  new Gauge({
    name: `${PREFIX}mempool_transactions`,
    help: 'Transactions that wait; queued ones wait for an earlier nonce.',
    labelNames: ['status'],
    registers,
    collect() {
      const { pending, queued } = node.pool().counts()
      this.set({ status: 'pending' }, pending)
      this.set({ status: 'queued' }, queued)
    },
  })
}

/** The network's own counters only ever rise; each reading replaces the one before. */
function counter<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[],
  registers: Registers,
  read: (count: (labels: Record<Label, string>, value: number) => void) => void,
): void {
  new Counter({
    name: `${PREFIX}${name}`,
    help,
    labelNames,
    registers,
    collect() {
      this.reset()
      read((labels, value) => this.inc(labels as Partial<Record<Label, string | number>>, value))
    },
  })
}

function addNetwork(counters: () => P2pCounters, registers: Registers): void {
  counter('network_messages_total', 'Messages by direction and type.', ['direction', 'type'], registers, (count) => {
    const { messagesIn, messagesOut } = counters()
    for (const [type, value] of Object.entries(messagesIn)) count({ direction: 'in', type }, value)
    for (const [type, value] of Object.entries(messagesOut)) count({ direction: 'out', type }, value)
  })
  counter('network_bytes_total', 'Bytes by direction.', ['direction'], registers, (count) => {
    const { bytesIn, bytesOut } = counters()
    count({ direction: 'in' }, bytesIn)
    count({ direction: 'out' }, bytesOut)
  })
  counter('network_dropped_total', 'Messages lost to a full queue.', ['queue'], registers, (count) => {
    for (const [queue, value] of Object.entries(counters().dropped)) count({ queue }, value)
  })
  counter('peer_penalties_total', 'What peers were blamed for.', ['code'], registers, (count) => {
    for (const [code, value] of Object.entries(counters().penalties)) count({ code }, value)
  })
  counter('peer_bans_total', 'Bans of peers.', [], registers, (count) => count({}, counters().bans))
}

function followBlocks({ node, nowMs }: NodeMetricsOptions, registry: Registry): () => void {
  const registers = [registry]
  const interval = new Histogram({
    name: `${PREFIX}block_interval_seconds`,
    help: 'Time between the timestamps of neighbouring final blocks.',
    buckets: SECONDS,
    registers,
  })
  const finality = new Histogram({
    name: `${PREFIX}finality_seconds`,
    help: 'Time from the timestamp of a block until it is final here; not while catching up.',
    buckets: SECONDS,
    registers,
  })
  const transactions = new Counter({
    name: `${PREFIX}final_transactions_total`,
    help: 'Transactions in blocks that became final since the start.',
    registers,
  })
  let previousMs = node.finalized().height === 0 ? undefined : node.finalized().timestampMs
  return node.subscribe((event) => {
    if (event.type !== 'final') return
    const { timestampMs } = event.block.block.header
    if (previousMs !== undefined) interval.observe((timestampMs - previousMs) / 1_000)
    previousMs = timestampMs
    if (node.syncing() === undefined) finality.observe(Math.max(0, nowMs() - timestampMs) / 1_000)
    transactions.inc(event.block.transactions.length)
  })
}
