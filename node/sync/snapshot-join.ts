/** Joining by state as a part of a node's start: on an empty store, before its chain is opened. */
import type { Checkpoint } from '../../consensus/light/trust.ts'
import { type BlsScheme, bls as defaultBls } from '../../core/bls.ts'
import type { Hash } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import type { KvStore } from '../../core/kv.ts'
import type { PeerRequest, PeerResponse, Transport } from '../../p2p/transport.ts'
import type { Genesis } from '../../vm/genesis.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/options.ts'
import type { SignaturePool } from '../ingest/signature-pool.ts'
import type { LifeEvent } from '../life-events.ts'
import { trustConfig } from '../light/checkpoint.ts'
import { KEY } from '../storage/layout.ts'
import { discardSnapshot } from '../storage/snapshot-store.ts'
import { type SnapshotPace, snapshotMeter } from './snapshot-meter.ts'
import { SnapshotSync } from './snapshot-sync.ts'
import { trustedEdge } from './snapshot-trust.ts'

export interface JoinOptions {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly store: KvStore
  readonly transport: Transport
  readonly clock: Clock
  readonly signatures: Pick<SignaturePool, 'recoverBlock'>
  /** Whether an empty store is to be filled so; one that began to be is gone on with, or emptied. */
  readonly isWanted: boolean
  readonly checkpoint?: Checkpoint
  readonly trustPeers: number
  readonly bls?: BlsScheme
  /** Now and then, and at the end. */
  readonly told: (pace: SnapshotPace) => void
  /** Resolves when whoever started the node wants it to end. */
  readonly interrupted?: Promise<unknown>
  readonly paceMs?: number
}

/** Between two lines on how it goes. */
const TELL_MS = 2_000

/** @throws QuernError `SNAPSHOT_STOPPED` when it was interrupted, and those of trust and store */
export async function joinBySnapshot(options: JoinOptions): Promise<void> {
  const { genesis, genesisHash, store, transport, clock, signatures, bls = defaultBls } = options
  if (store.get(KEY.layoutVersion) !== undefined) return
  if (!options.isWanted) return discardSnapshot(store)
  let isStopped = false
  const { params } = genesis
  const rules = { params, genesisHash, bls }
  const { checkpoint, trustPeers } = options
  const trust = { genesis, rules, trustPeers, ...(checkpoint === undefined ? {} : { checkpoint }) }
  const meter = snapshotMeter(() => clock.nowMs())
  let toldMs = Number.NEGATIVE_INFINITY
  const sync = new SnapshotSync({
    kv: store,
    genesisHash,
    transport,
    clock,
    bls,
    signatures,
    trusted: (keep) => trustedEdge({ ...trust, transport, clock, isStopped: () => isStopped }, keep),
    progressed: (progress) => {
      const pace = meter(progress)
      if (pace.covered < 1 && clock.nowMs() < toldMs + TELL_MS) return
      toldMs = clock.nowMs()
      options.told(pace)
    },
    ...(options.paceMs === undefined ? {} : { paceMs: options.paceMs }),
  })
  void options.interrupted?.then(() => {
    isStopped = true
    sync.stop()
    // What is asked for ends at once.
    return transport.stop()
  })
  transport.start({
    message: () => 'later',
    request: async (_, request) => emptyAnswer(request, genesisHash),
  })
  try {
    await sync.run()
  } finally {
    await transport.stop()
  }
  if (isStopped) {
    throw new QuernError('SNAPSHOT_STOPPED', 'stopped before the state was whole: start again and it goes on')
  }
}

/** Of a node that has no chain yet: it says that it stands at genesis, and the rest is silence. */
async function emptyAnswer(request: PeerRequest, genesisHash: Hash): Promise<PeerResponse> {
  if (request.type === 'status') {
    return { type: 'status', status: { genesisHash, height: 0, hash: genesisHash, blocksFrom: 0, statesFrom: 0 } }
  }
  throw new QuernError('NOT_READY', 'this node is joining; ask another')
}

/** What the node's configuration says of it. */
export const snapshotOptions = ({
  config,
  interrupted,
  onEvent,
}: {
  readonly config: Pick<Config, 'sync'>
  readonly interrupted?: Promise<unknown>
  readonly onEvent: (event: LifeEvent) => void
}) => ({
  isWanted: config.sync.snapshot,
  ...trustConfig(config),
  told: (pace: SnapshotPace) => onEvent({ event: 'snapshot', ...pace }),
  ...(interrupted === undefined ? {} : { interrupted }),
})
