/** What `quern doctor` looks at: the home folder, the machine, and a node that runs. Nothing is changed. */
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { formatAddress } from '../../core/address.ts'
import { toHex } from '../../core/bytes.ts'
import { messageOf, QuernError } from '../../core/errors.ts'
import { jsonRpc } from '../../gpu/json-rpc.ts'
import { peerIdOf, requireIdentity } from '../../p2p/identity.ts'
import { loadConfig } from '../config/config.ts'
import { readGenesis } from '../config/genesis-file.ts'
import { type HomePaths, homePaths } from '../config/home-paths.ts'
import type { Config } from '../config/options.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { readValidatorKey } from '../validator-key/key-file.ts'
import { lockKey } from '../validator-key/key-lock.ts'
import { lastPlace } from '../validator-key/signing-record.ts'
import { recordOf } from '../validator-key/stopped-node.ts'
import { codeOf } from './check.ts'
import {
  isTrouble,
  type Seen,
  type SeenHost,
  type SeenNode,
  type SeenPort,
  type SeenValidator,
  type Trouble,
} from './checks.ts'

/** A node of this machine answers in milliseconds. */
const RPC_TIMEOUT_MS = 5_000
/** For a TCP connection to one of the node's own addresses. */
const CONNECT_MS = 1_500
/** Odd, so that one of them is the median. */
const SYNC_ROUNDS = 9
const SYNC_BYTES = 4_096

const trouble = (error: unknown): Trouble => ({ code: codeOf(error), message: messageOf(error) })

function attempt<T>(look: () => T): T | Trouble {
  try {
    return look()
  } catch (error) {
    return trouble(error)
  }
}

export interface Look {
  readonly home: string
  readonly rpc: string
  readonly version: string
  readonly env: NodeJS.ProcessEnv
}

/** @throws nothing of what it looks at: that is told in the answer */
export async function see({ home, rpc, version, env }: Look): Promise<Seen> {
  const paths = homePaths(home)
  const genesis = attempt(() => {
    const { network, ...rest } = readGenesis(paths.genesis)
    return { network, hash: toHex(genesisEntry({ network, ...rest }).block.hash) }
  })
  const config = attempt(() => loadConfig({ file: paths.config, env }))
  const identity = await requireIdentity(paths.nodeKey).then(peerIdOf).catch(trouble)
  const node = await seeNode(rpc, typeof identity === 'string' ? identity : undefined).catch(trouble)
  return {
    home,
    version,
    genesis,
    config: isTrouble(config) ? config : undefined,
    identity,
    node,
    ports: isTrouble(config) ? [] : await seePorts(config),
    validator: await seeValidator(paths, rpc).catch(trouble),
    host: await seeHost(paths),
  }
}

interface NodeInfo {
  readonly node_id: string | null
  readonly multiaddrs: readonly string[]
  readonly client_version: string
  readonly genesis_hash: string
}

interface Status {
  readonly timestamp_ms: number
  readonly peers: number
  readonly syncing: boolean
}

async function seeNode(url: string, nodeId: string | undefined): Promise<SeenNode> {
  const call = jsonRpc(url, RPC_TIMEOUT_MS)
  const info = (await call('node_info', [])) as NodeInfo
  const { genesis } = (await call('chain_getGenesis', [])) as { genesis: { params: { block_interval_ms: number } } }
  const { timestamp_ms: timestampMs, peers, syncing } = (await call('chain_getStatus', [])) as Status
  const clock = { timestampMs, nowMs: Date.now(), blockMs: genesis.params.block_interval_ms }
  const isOwn = nodeId !== undefined && info.node_id === nodeId
  const addresses = await Promise.all(
    info.multiaddrs.map(async (multiaddr) => ({ multiaddr, reached: await reaches(multiaddr) })),
  )
  const { client_version: version, genesis_hash: genesisHash } = info
  return { url, version, genesisHash, isOwn, syncing, peers, clock, addresses }
}

/** Host and port of a TCP multiaddr. */
function tcpOf(multiaddr: string): { readonly host: string; readonly port: number } | undefined {
  const [, host, port] = /^\/(?:ip4|ip6|dns4?|dns6)\/([^/]+)\/tcp\/(\d+)/.exec(multiaddr) ?? []
  return host === undefined ? undefined : { host, port: Number(port) }
}

function reaches(multiaddr: string): Promise<boolean> {
  const to = tcpOf(multiaddr)
  if (to === undefined) return Promise.resolve(false)
  return new Promise((resolve) => {
    const socket = net.connect(to, () => resolve(true))
    socket.setTimeout(CONNECT_MS, () => socket.destroy())
    socket.once('connect', () => socket.destroy())
    socket.on('error', () => undefined)
    socket.once('close', () => resolve(false))
  })
}

function portState(host: string, port: number): Promise<SeenPort['state']> {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EADDRINUSE' ? 'taken' : 'impossible'))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve('free')))
  })
}

async function seePorts({ p2p, rpc }: Config): Promise<readonly SeenPort[]> {
  const wanted = [
    ...p2p.listen.flatMap((multiaddr) => {
      const place = tcpOf(multiaddr)
      return place === undefined ? [] : [{ ...place, name: multiaddr }]
    }),
    { host: rpc.host, port: rpc.port, name: `rpc ${rpc.host}:${rpc.port}` },
  ]
  const ports: SeenPort[] = []
  // Port 0 is any free one.
  for (const { host, port, name } of wanted.filter((place) => place.port !== 0))
    ports.push({ place: name, state: await portState(host, port) })
  return ports
}

async function seeValidator(paths: HomePaths, rpc: string): Promise<SeenValidator | undefined> {
  const stored = readValidatorKey(paths.validatorKey)
  if (stored === undefined) return undefined
  const owner = formatAddress(stored.owner)
  const known = await jsonRpc(rpc, RPC_TIMEOUT_MS)('chain_getValidator', [owner]).catch(() => undefined)
  return {
    owner,
    isEncrypted: stored.isEncrypted,
    holder: await holderOf(stored.blsPublicKey),
    signed: await signedBy(paths),
    hasRecord: fs.existsSync(paths.signingRecord),
    hasData: fs.existsSync(paths.data),
    status: known === null ? null : (known as { status: string } | undefined)?.status,
  }
}

async function holderOf(blsPublicKey: Uint8Array): Promise<SeenValidator['holder']> {
  try {
    await (await lockKey(blsPublicKey)).release()
    return undefined
  } catch (error) {
    if (!(error instanceof QuernError) || error.code !== 'KEY_IN_USE') throw error
    return typeof error.meta.pid === 'number' ? error.meta.pid : 'unknown'
  }
}

async function signedBy(paths: HomePaths): Promise<string | Trouble> {
  try {
    const { epoch, view } = await lastPlace(recordOf(paths), undefined)
    return view < 0 ? 'nothing signed yet' : `may have signed up to epoch ${epoch}, view ${view}`
  } catch (error) {
    return trouble(error)
  }
}

async function seeHost(paths: HomePaths): Promise<SeenHost> {
  return {
    nodeVersion: `${process.version} on ${process.platform}, ${process.arch}`,
    memoryBytes: os.totalmem(),
    freeMemoryBytes: os.freemem(),
    diskFreeBytes: freeBytes(paths.home),
    storeBytes: folderBytes(paths.data),
    syncMs: fs.existsSync(paths.home) ? await syncMs(paths.home) : undefined,
    openSecrets: openSecrets(paths),
  }
}

/** Of the disk where this folder is, or would be. */
function freeBytes(folder: string): number | undefined {
  try {
    let there = path.resolve(folder)
    while (!fs.existsSync(there)) there = path.dirname(there)
    const { bavail, bsize } = fs.statfsSync(there)
    return bavail * bsize
  } catch {
    return undefined
  }
}

/** LevelDB keeps its files in one folder, and may remove one while this looks. */
function folderBytes(folder: string): number {
  if (!fs.existsSync(folder)) return 0
  const sizes = fs
    .readdirSync(folder)
    .map((name) => fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Undefined where nothing can be written. */
async function syncMs(home: string): Promise<number | undefined> {
  const file = path.join(home, `.doctor-${process.pid}`)
  try {
    const handle = await fs.promises.open(file, 'wx', 0o600)
    const times: number[] = []
    try {
      for (let round = 0; round < SYNC_ROUNDS; round++) {
        const startMs = performance.now()
        await handle.write(new Uint8Array(SYNC_BYTES))
        await handle.datasync()
        times.push(performance.now() - startMs)
      }
    } finally {
      await handle.close()
    }
    return times.sort((a, b) => a - b)[SYNC_ROUNDS >> 1]
  } catch {
    return undefined
  } finally {
    fs.rmSync(file, { force: true })
  }
}

function openSecrets({ nodeKey, validatorKey, reporter, keys }: HomePaths): readonly string[] {
  // Windows has no such bits.
  if (process.platform === 'win32') return []
  const accounts = fs.existsSync(keys) ? fs.readdirSync(keys).map((name) => path.join(keys, name)) : []
  return [nodeKey, validatorKey, reporter, ...accounts].filter(
    (file) => ((fs.statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0,
  )
}
