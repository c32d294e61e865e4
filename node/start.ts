/**
 * A node's life, from its home folder to its last line: what `quern start` runs.
 *
 *     genesis.json, config.toml, keys
 *            |
 *     key lock > store > signing record > network > chain > RPC and metrics        opened in this order, closed in the other
 *
 * Promises: whatever fails on the way, everything that was opened is closed again; a validator's key is locked before
 * anything else happens, and its signing record is read before anything is signed; `stop` takes less than two seconds;
 * nothing becomes final here above the halt height.
 */
import fs from 'node:fs'
import { formatAddress } from '../core/address.ts'
import { bls } from '../core/bls.ts'
import { type Hash, toHex } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { loadTileKernel } from '../gpu/wasm/kernel.ts'
import { requireIdentity } from '../p2p/identity.ts'
import type { P2pOptions } from '../p2p/options.ts'
import { P2pNode } from '../p2p/p2p-node.ts'
import { type Genesis, hasVprogRules } from '../vm/genesis.ts'
import { decodeOptions } from '../vm/transaction/envelope.ts'
import { ChainNode, type ChainNodeOptions } from './chain-node.ts'
import { SystemClock } from './clock.ts'
import { readGenesis } from './config/genesis-file.ts'
import { type HomePaths, homePaths } from './config/home-paths.ts'
import type { Config } from './config/options.ts'
import { Ending } from './ending.ts'
import { genesisEntry } from './genesis-entry.ts'
import { SignaturePool } from './ingest/signature-pool.ts'
import { type LifeEvent, networkEvent } from './life-events.ts'
import { NodeMetrics } from './metrics/node-metrics.ts'
import { Opened } from './opened.ts'
import { ownStanding } from './own-standing.ts'
import { listenRpc } from './rpc/listen.ts'
import type { RpcServer } from './rpc/server.ts'
import { LevelStore } from './storage/level-store.ts'
import { retentionOf } from './storage/retention.ts'
import { ProverThread } from './sync/prover-thread.ts'
import { joinBySnapshot, snapshotOptions } from './sync/snapshot-join.ts'
import type { ValidatorKey } from './validator/proposer.ts'
import { claimOf } from './validator-key/claim.ts'
import { readValidatorKey } from './validator-key/key-file.ts'
import { lockKey } from './validator-key/key-lock.ts'
import { comparePlaces, type Place } from './validator-key/place.ts'
import { readReporter } from './validator-key/reporter-file.ts'
import { SigningRecord } from './validator-key/signing-record.ts'
import { watch } from './watch.ts'
import { circuitFileFor } from './zk/circuit-file.ts'
import { openProofs } from './zk/proofs.ts'

/** A log bears a line so often while the node is behind. */
const PROGRESS_SECONDS = 10

export interface StartOptions {
  readonly home: string
  readonly config: Config
  /** `quern/1.2.3`, shown to clients and peers. */
  readonly clientVersion: string
  /** Asked when the validator key is encrypted. */
  readonly password: () => Promise<string>
  readonly onEvent: (event: LifeEvent) => void
  /** Between two `progress` events. */
  readonly progressSeconds?: number
  /** Resolves when the node is to end, which may be before it has begun: joining a chain takes its time. */
  readonly interrupted?: Promise<unknown>
}

export interface RunningNode {
  readonly genesis: Genesis
  readonly node: ChainNode
  readonly network: P2pNode
  /** Undefined where the halt height had been reached before. */
  readonly rpc: RpcServer | undefined
  /** Resolves at the halt height; rejects when the node cannot go on, with the reason. `stop` is still to be called. */
  readonly ended: Promise<void>
  /** Closes everything; nothing of the node is left when it resolves. */
  stop(): Promise<void>
}

/**
 * @throws QuernError `HOME_MISSING`, `KEY_IN_USE`, `STORE_LOCKED`, `P2P_LISTEN_FAILED`, `RPC_LISTEN_FAILED`,
 *   `HALT_HEIGHT_PASSED`, and those of the files in the home folder
 */
export const startNode = (options: StartOptions): Promise<RunningNode> =>
  Opened.whole((opened) => open(options, opened))

async function open(options: StartOptions, opened: Opened): Promise<RunningNode> {
  const { config, onEvent } = options
  const paths = homePaths(options.home)
  const genesis = genesisOf(paths)
  const genesisHash = genesisEntry(genesis).block.hash
  const ending = new Ending()
  const circuitFile = circuitFileFor(genesis, config.zk)

  const key = await openKey(paths, options, opened)
  const store = await LevelStore.open(paths.data)
  opened.add(() => store.close())
  const record =
    key === undefined
      ? undefined
      : await SigningRecord.open(
          { file: paths.signingRecord, genesisHash, blsPublicKey: bls.publicKey(key.blsSecretKey) },
          store,
        )
  // After a failure the store may say less than what was signed: the bound stays where it is.
  if (record !== undefined) opened.add(() => (ending.hasFailed ? undefined : record.close()))

  const signatures = new SignaturePool({ chainId: genesis.params.chainId, decode: decodeOptions(genesis.params) })
  opened.add(() => signatures.close())
  const proofs = await openProofs(genesis.params, circuitFile)
  opened.add(() => proofs.ahead.close())
  const prover = new ProverThread()
  opened.add(() => prover.stop())
  const network = await P2pNode.start({
    ...networkOptions(options, key),
    genesisHash,
    identity: await requireIdentity(paths.nodeKey),
    networkDelayMs: genesis.params.networkDelayMs,
  })
  opened.add(() => network.stop())

  const clock = new SystemClock()
  await joinBySnapshot({
    genesis,
    genesisHash,
    store,
    transport: network.transport,
    clock,
    signatures,
    ...snapshotOptions(options),
  })
  const { haltHeight } = config.chain
  const node = await ChainNode.open({
    genesis,
    store,
    clock,
    signatures,
    prover: prover.prove,
    proofs,
    kernel: loadTileKernel(),
    network,
    transport: network.transport,
    mempoolLimits: config.mempool,
    ...retentionOption(config, genesis),
    backfill: config.sync.backfill,
    ...validatorOptions(paths, key, record),
    ...(haltHeight === 0 ? {} : { haltHeight }),
    onEvidence: ({ validator, epoch, view }) =>
      onEvent({ event: 'equivocation', validator: formatAddress(validator), epoch, view }),
    onFailure: (error) => ending.fail(error),
  })
  opened.add(() => node.stop())
  const running = { genesis, node, network, ended: ending.reached, stop: () => opened.close() }
  const { height } = node.finalized()
  if (isHalted(height, haltHeight)) {
    onEvent({ event: 'halted', height })
    ending.halt()
    return { ...running, rpc: undefined }
  }
  // A devnet moves its clock ahead of the machine's, and comes back here after a restart.
  if (genesis.network === 'devnet') clock.advance(node.latest().timestampMs - clock.nowMs())
  tellBar(record?.barredUpTo, node, onEvent)
  opened.add(haltAt(haltHeight, node, ending, onEvent))
  const { statusSeconds, blocks } = config.log
  const { progressSeconds = PROGRESS_SECONDS } = options
  opened.add(watch({ node, statusSeconds, progressSeconds, nowMs: () => clock.nowMs(), blocks, onEvent }))
  const rpc = await openRpc({ node, network, clock }, options, opened)
  if (circuitFile === undefined && hasVprogRules(genesis)) onEvent({ event: 'withoutCircuit' })
  node.start()
  signatures.warmUp()
  const validator = key === undefined ? null : formatAddress(key.owner)
  const stakeWei = ownStanding(node)?.stakeWei.toString() ?? null
  onEvent({ ...readyEvent(rpc, network, genesis, genesisHash), height, validator, stakeWei })
  return { ...running, rpc }
}

/** Where clients reach the node, and who they may be. */
export const rpcAccess = ({ rpc: { host, port, allowedHosts, cors } }: Config) =>
  ({ host, port, allowedHosts, cors: cors.includes('*') ? '*' : cors }) as const

/** What `ready` says of every kind of node. */
export const readyEvent = (rpc: RpcServer, network: P2pNode, genesis: Genesis, genesisHash: Hash) =>
  ({
    event: 'ready',
    rpc: rpc.url,
    ws: rpc.wsUrl,
    nodeId: network.id,
    multiaddrs: network.multiaddrs,
    pid: process.pid,
    network: genesis.network,
    genesis: toHex(genesisHash),
  }) as const

/** Locked before its secret is read. Undefined for a node that follows. */
async function openKey(paths: HomePaths, options: StartOptions, opened: Opened): Promise<ValidatorKey | undefined> {
  const stored = readValidatorKey(paths.validatorKey)
  if (stored === undefined) return undefined
  const lock = await lockKey(stored.blsPublicKey)
  opened.add(() => lock.release())
  return stored.unlock(stored.isEncrypted ? await options.password() : undefined)
}

interface Served {
  readonly node: ChainNode
  readonly network: P2pNode
  readonly clock: SystemClock
}

async function openRpc({ node, network, clock }: Served, options: StartOptions, opened: Opened): Promise<RpcServer> {
  const { clientVersion, onEvent } = options
  const wanted = options.config.metrics
  const metrics = wanted.enabled
    ? new NodeMetrics({
        node,
        clientVersion,
        nowMs: () => clock.nowMs(),
        counters: () => network.counters(),
        withProcess: true,
      })
    : undefined
  if (metrics !== undefined) opened.add(() => metrics.stop())
  const server = await listenRpc({
    node,
    clientVersion,
    ...rpcAccess(options.config),
    ...(metrics === undefined ? {} : { metrics }),
    log: {
      internalError: (method, error) => {
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
        onEvent({ event: 'internalError', method, message })
      },
    },
  })
  opened.add(() => server.close())
  return server
}

/** Stops the node once this block is final. @returns no longer */
function haltAt(haltHeight: number, node: ChainNode, ending: Ending, onEvent: StartOptions['onEvent']): () => void {
  return node.subscribe((event) => {
    if (event.type !== 'final' || event.block.block.header.height !== haltHeight) return
    onEvent({ event: 'halted', height: haltHeight })
    ending.halt()
    // Whoever closes the node hears of what goes wrong.
    node.stop().catch(() => undefined)
  })
}

/** A bar that the final chain went past is history. */
function tellBar(bar: Place | undefined, node: ChainNode, onEvent: StartOptions['onEvent']): void {
  const { epoch, view } = node.finalized()
  if (bar !== undefined && comparePlaces(bar, { epoch, view }) > 0) onEvent({ event: 'barred', ...bar })
}

export function genesisOf(paths: HomePaths): Genesis {
  if (fs.existsSync(paths.genesis)) return readGenesis(paths.genesis)
  throw new QuernError(
    'HOME_MISSING',
    `${paths.home} holds no node: make one with \`quern init\`, or name it with --home`,
  )
}

type GivenByOptions = Omit<P2pOptions, 'genesisHash' | 'identity' | 'networkDelayMs'>

export function networkOptions(options: StartOptions, key: ValidatorKey | undefined): GivenByOptions {
  const { config, clientVersion, onEvent } = options
  const { announce, ...rest } = config.p2p
  return {
    ...rest,
    ...(announce.length === 0 ? {} : { announce }),
    agent: clientVersion,
    bls,
    onEvent: (event) => {
      const told = networkEvent(event)
      if (told !== undefined) onEvent(told)
    },
    ...(key === undefined ? {} : { claim: claimOf(key) }),
  }
}

function validatorOptions(
  paths: HomePaths,
  key: ValidatorKey | undefined,
  record: SigningRecord | undefined,
): Pick<ChainNodeOptions, 'key' | 'protection' | 'reporter'> {
  if (key === undefined || record === undefined) return {}
  const reporter = readReporter(paths.reporter)
  return { key, protection: record, ...(reporter === undefined ? {} : { reporter }) }
}

function retentionOption({ chain }: Config, { params }: Genesis): Pick<ChainNodeOptions, 'retention'> {
  const retention = retentionOf(chain, params)
  return retention === undefined ? {} : { retention }
}

/** @throws QuernError `HALT_HEIGHT_PASSED` */
function isHalted(height: number, haltHeight: number): boolean {
  if (haltHeight === 0 || height < haltHeight) return false
  if (height === haltHeight) return true
  throw new QuernError(
    'HALT_HEIGHT_PASSED',
    `block ${height} is final here already: raise --halt-height above it, or leave it out`,
    { height, haltHeight },
  )
}
