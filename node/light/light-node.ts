/**
 * A node that follows the chain by headers and certificates, and runs beside full nodes without being one: what
 * `quern start --mode light` runs.
 *
 *     home: genesis.json, config.toml, node_key, light/
 *            |
 *     store > network > where trust begins > RPC        opened in this order, closed in the other
 *
 * Promises: it executes nothing, votes on nothing and passes nothing on; it answers nothing that was not proved to it
 * (light-client.ts); what it keeps is bounded (light-store.ts).
 */
import fs from 'node:fs'
import { headerHash } from '../../consensus/header.ts'
import type { Header } from '../../consensus/types.ts'
import { bls } from '../../core/bls.ts'
import { toHex } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { emptyAnswer } from '../../p2p/empty-answer.ts'
import { requireIdentity } from '../../p2p/identity.ts'
import { P2pNode } from '../../p2p/p2p-node.ts'
import type { PeerRequest, PeerResponse, Transport } from '../../p2p/transport.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { type HomePaths, homePaths } from '../config/home-paths.ts'
import { Ending } from '../ending.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { Opened } from '../opened.ts'
import { listenRpc } from '../rpc/listen.ts'
import { genesisOf, networkOptions, type RunningNode, readyEvent, rpcAccess, type StartOptions } from '../start.ts'
import { LevelStore } from '../storage/level-store.ts'
import { trustConfig } from './checkpoint.ts'
import { LightClient } from './light-client.ts'
import { lightMethods } from './light-methods.ts'
import { LightStore } from './light-store.ts'
import { LightView } from './light-view.ts'
import { peerSources } from './source.ts'
import { resolveTrust } from './trust.ts'

/** Fast chains make a block every few milliseconds; a light node need not be that close. */
const MIN_POLL_MS = 250
/** Between two looks for peers that say where trust begins. */
const RETRY_MS = 500
/** Looks that may fail, before what is wrong is said. */
const MAX_FAILURES = 60
/** What more peers may mend. */
const PASSING: ReadonlySet<string> = new Set(['LIGHT_UNANSWERED', 'TRUST_PEERS_FEW'])

export interface LightStartOptions extends StartOptions {
  /** Unix time. Default: that of the machine. */
  readonly nowMs?: () => number
}

export type RunningLightNode = Pick<RunningNode, 'genesis' | 'network' | 'rpc' | 'ended' | 'stop'> & {
  readonly client: LightClient
}

/**
 * @throws QuernError `HOME_MISSING`, `LIGHT_VALIDATOR`, `STORE_LOCKED`, `P2P_LISTEN_FAILED`, `RPC_LISTEN_FAILED`,
 *   `TrustErrorCode`
 */
export const startLightNode = (options: LightStartOptions): Promise<RunningLightNode> =>
  Opened.whole((opened) => open(options, opened))

async function open(options: LightStartOptions, opened: Opened): Promise<RunningLightNode> {
  const { config, clientVersion, onEvent } = options
  const paths = homePaths(options.home)
  const genesis = genesisOf(paths)
  const genesisHash = genesisEntry(genesis).block.hash
  refuseValidator(paths)
  const kv = await LevelStore.open(paths.light)
  opened.add(() => kv.close())
  const store = await LightStore.open(kv, genesisHash)

  const network = await P2pNode.start({
    ...networkOptions(options, undefined),
    gossip: false,
    genesisHash,
    identity: await requireIdentity(paths.nodeKey),
    networkDelayMs: genesis.params.networkDelayMs,
  })
  opened.add(() => network.stop())
  let client: LightClient | undefined
  const { transport } = network
  transport.start({
    message: () => 'ignore',
    request: async (_, request) => answer(request, genesisHash, client),
  })

  const stopping = new AbortController()
  opened.add(() => stopping.abort())
  void options.interrupted?.then(() => stopping.abort())
  client = await beginning(options, { genesis, genesisHash, store, transport }, stopping.signal)
  const { header, hash } = client.newest
  onEvent({ event: 'trusted', height: header.height, hash: toHex(hash) })

  const ending = new Ending()
  const following = follow(client, Math.max(MIN_POLL_MS, genesis.params.blockIntervalMs), stopping.signal)
  following.catch((error: unknown) => ending.fail(error))
  // The store is closed after what is still written to it.
  opened.add(() => {
    stopping.abort()
    return following.catch(() => undefined)
  })
  opened.add(beat(client, network, options))
  const view = { client, store, genesis, network }
  const rpc = await listenRpc({
    node: new LightView(view),
    methods: lightMethods(view),
    clientVersion,
    ...rpcAccess(config),
    log: {
      internalError: (method, error) => onEvent({ event: 'internalError', method, message: String(error) }),
    },
  })
  opened.add(() => rpc.close())
  const { height } = client.newest.header
  onEvent({ ...readyEvent(rpc, network, genesis, genesisHash), height, validator: null, stakeWei: null })
  return { genesis, network, rpc, client, ended: ending.reached, stop: () => opened.close() }
}

/** A line now and then for whoever watches, as other nodes write it. @returns ends it */
function beat(
  client: LightClient,
  network: P2pNode,
  { config, onEvent, nowMs = Date.now }: LightStartOptions,
): () => void {
  const timer = setInterval(() => {
    const { height, epoch, view, timestampMs } = client.newest.header
    const none = { transactions: null, missedViews: null, balanceWei: null, stakeWei: null, isMember: null }
    onEvent({
      event: 'status',
      ...{ height, finalizedHeight: height, epoch, view },
      peers: network.peers().length,
      headAgeMs: nowMs() - timestampMs,
      ...none,
      leadsInViews: null,
      syncingTo: null,
    })
  }, config.log.statusSeconds * 1_000)
  return () => clearInterval(timer)
}

/** A key here would be taken for one that votes. @throws QuernError `LIGHT_VALIDATOR` */
function refuseValidator(paths: HomePaths): void {
  if (!fs.existsSync(paths.validatorKey)) return
  throw new QuernError(
    'LIGHT_VALIDATOR',
    `a light node cannot vote, and ${paths.validatorKey} is a validator's key: start with --mode full, or use another --home`,
  )
}

interface Parts {
  readonly genesis: Genesis
  readonly genesisHash: Uint8Array
  readonly store: LightStore
  readonly transport: Transport
}

/** Waits for peers, as long as they are what is missing. @throws QuernError `TrustErrorCode`, `LIGHT_STOPPED` */
async function beginning(
  { config, nowMs = Date.now }: LightStartOptions,
  { genesis, genesisHash, store, transport }: Parts,
  signal: AbortSignal,
): Promise<LightClient> {
  const rules = { params: genesis.params, genesisHash, bls }
  const sources = () => peerSources(transport)
  const known = store.trusted()
  for (let failures = 0; !signal.aborted; ) {
    try {
      const trusted = await resolveTrust({
        genesis,
        rules,
        sources,
        nowMs: nowMs(),
        ...(known === undefined ? {} : { known }),
        keptHash: (height) => hashOf(store.header(height)?.header),
        ...trustConfig(config),
      })
      if (known === undefined || trusted.header.height !== known.header.height) await store.restart(trusted)
      return new LightClient({ rules, trusted, sources, store, nowMs })
    } catch (error) {
      if (!(error instanceof QuernError) || !PASSING.has(error.code) || ++failures >= MAX_FAILURES) throw error
    }
    await pause(RETRY_MS, signal)
  }
  throw new QuernError('LIGHT_STOPPED', 'stopped before anybody said where trust begins')
}

const hashOf = (header: Header | undefined) => (header === undefined ? undefined : headerHash(header))

/** @throws QuernError `CHECKPOINT_NEEDED` after a pause that was too long */
async function follow(client: LightClient, pollMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await client.advance()
    } catch (error) {
      // Without peers there is nothing to follow; they may come back.
      if (!(error instanceof QuernError) || error.code !== 'LIGHT_UNANSWERED') throw error
    }
    await pause(pollMs, signal)
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })

/** It says how far it is, and has nothing to give. */
function answer(request: PeerRequest, genesisHash: Uint8Array, client: LightClient | undefined): PeerResponse {
  const height = client?.newest.header.height ?? 0
  const hash = client?.newest.hash ?? genesisHash
  return emptyAnswer(request, { genesisHash, height, hash, blocksFrom: height + 1, statesFrom: height + 1 })
}
