/**
 * Every option of a node, in one table: where it stands in config.toml, its flag, its variable, its kind, its default and
 * what it does. Reading, writing, `--help` and the type `Config` all follow from it.
 *
 *     p2p.maxPeers      config.toml: [p2p] max_peers      flag: --p2p-max-peers      variable: QUERN_P2P_MAX_PEERS
 */
import { DEFAULT_LIMITS } from '../../mempool/limits.ts'
import { CHECKPOINT_PATTERN } from '../light/checkpoint.ts'
import type { NodeMode } from '../storage/retention.ts'
import { type Kind, list, oneOf, text, whole, yesNo } from './kinds.ts'

export interface ConfigOption<T> {
  readonly kind: Kind<T>
  readonly byDefault: T
  /** One line, for --help and config.toml. */
  readonly help: string
  /** Without the dashes in front; default: section and name. */
  readonly flag?: string
}

const option = <T>(kind: Kind<T>, byDefault: T, help: string, flag?: string): ConfigOption<T> => ({
  kind,
  byDefault,
  help,
  ...(flag === undefined ? {} : { flag }),
})

const multiaddrs = list(text('multiaddrs such as "/ip4/0.0.0.0/tcp/26650"', /^\/[^\s,]+$/))
const peers = list(
  text('multiaddrs with a peer id, such as "/ip4/192.0.2.1/tcp/26650/p2p/12D3..."', /^\/[^\s,]+\/p2p\/\w+$/),
)
const names = list(text('host names without a port', /^[^\s,/:]+$/))
const origins = list(text('origins such as "https://example.org", or "*"', /^(\*|https?:\/\/[^\s,/]+)$/))
const host = text('an address or a host name', /^[^\s/]+$/)

/** 64 GiB: the mempool lives in memory, and no machine has more to spare for it. */
const MAX_POOL_BYTES = 2 ** 36

export const OPTIONS = {
  p2p: {
    listen: option(multiaddrs, ['/ip4/0.0.0.0/tcp/26650'], 'multiaddrs to listen on; tcp/0 = any free port'),
    announce: option(multiaddrs, [], 'multiaddrs to tell others instead, for a node behind a router'),
    bootstrap: option(peers, [], 'peers asked for further peers when there are few'),
    persistentPeers: option(peers, [], 'peers dialled again for ever'),
    mdns: option(yesNo, false, 'find peers on the local network'),
    dht: option(yesNo, false, 'find peers through Kademlia'),
    maxPeers: option(whole(1, 1_000), 64, 'most peers at a time; persistent ones come on top'),
    maxPeersPerAddress: option(whole(1, 1_000), 8, 'most peers of one IP address'),
  },
  rpc: {
    host: option(host, '127.0.0.1', 'address to listen on; beyond loopback everybody who reaches it may ask'),
    port: option(whole(0, 65_535), 8545, 'port of JSON-RPC, WebSocket, /health, /ready and /metrics; 0 = any free one'),
    cors: option(origins, [], 'origins whose web pages may ask'),
    allowedHosts: option(names, [], 'names, besides loopback, under which clients reach this node'),
  },
  metrics: {
    enabled: option(yesNo, true, 'answer /metrics for Prometheus', 'metrics'),
  },
  mempool: {
    maxTransactions: option(whole(1, 10_000_000), DEFAULT_LIMITS.maxTransactions, 'most transactions that wait'),
    maxBytes: option(whole(1 << 20, MAX_POOL_BYTES), DEFAULT_LIMITS.maxBytes, 'most bytes of transactions that wait'),
    maxPerSender: option(whole(1, 1_000_000), DEFAULT_LIMITS.maxPerSender, 'most transactions of one sender'),
    ttlMs: option(whole(1_000, 2 ** 31), DEFAULT_LIMITS.ttlMs, 'milliseconds a transaction waits before it is dropped'),
  },
  chain: {
    mode: option(
      oneOf<NodeMode>('full', 'archive', 'light'),
      'full',
      'what is kept: full = recent blocks and states, archive = everything, light = headers, and proofs on demand',
      'mode',
    ),
    keepBlocks: option(
      whole(0, Number.MAX_SAFE_INTEGER),
      250_000,
      'blocks that a full node keeps; the unbonding time at least',
      'keep-blocks',
    ),
    keepStates: option(
      whole(0, Number.MAX_SAFE_INTEGER),
      10_000,
      'blocks whose states a full node keeps; two epochs at least',
      'keep-states',
    ),
    haltHeight: option(
      whole(0, Number.MAX_SAFE_INTEGER),
      0,
      'stop after this block is final, and go no further; 0 = never',
      'halt-height',
    ),
  },
  sync: {
    snapshot: option(yesNo, false, 'in an empty data folder, begin with the newest state of the peers', 'snapshot'),
    backfill: option(yesNo, false, 'then fetch the blocks before it, beside everything else', 'backfill'),
    checkpoint: option(
      text('HEIGHT:HASH of a final block, or empty', CHECKPOINT_PATTERN),
      '',
      'a block to trust instead of genesis, when beginning from state or headers',
      'checkpoint',
    ),
    trustPeers: option(
      whole(0, 16),
      0,
      'peers that must name the same block where genesis, or what was known, is too old to trust; 0 = believe nobody',
      'trust-peers',
    ),
  },
  zk: {
    risc0Circuit: option(
      text('a file, or empty', /^[^\0]*$/),
      '',
      "table of RISC Zero's recursion circuit; without it receipts under tag 0x21 cannot be checked",
    ),
  },
  log: {
    statusSeconds: option(whole(1, 86_400), 60, 'seconds between two lines on how the node is'),
    blocks: option(yesNo, false, 'a line for every final block'),
  },
} as const

export type Section = keyof typeof OPTIONS

export type Config = {
  readonly [S in Section]: {
    readonly [K in keyof (typeof OPTIONS)[S]]: (typeof OPTIONS)[S][K] extends ConfigOption<infer T> ? T : never
  }
}

/** Some of the options. */
export type PartialConfig = { readonly [S in Section]?: Partial<Config[S]> }

/** One line of the table, its types forgotten. */
export interface OptionEntry extends ConfigOption<unknown> {
  readonly section: Section
  readonly key: string
  /** `p2p.max_peers` */
  readonly tomlName: string
  /** `p2p-max-peers` */
  readonly flag: string
  /** `QUERN_P2P_MAX_PEERS` */
  readonly variable: string
}

const separated = (name: string, by: string): string =>
  name.replace(/[A-Z]/g, (letter) => `${by}${letter.toLowerCase()}`)

function entry(section: Section, key: string, given: ConfigOption<unknown>): OptionEntry {
  const flag = given.flag ?? `${section}-${separated(key, '-')}`
  return {
    ...given,
    section,
    key,
    flag,
    tomlName: `${section}.${separated(key, '_')}`,
    variable: `QUERN_${flag.toUpperCase().replaceAll('-', '_')}`,
  }
}

/** The whole table, in its order. */
export const OPTION_ENTRIES: readonly OptionEntry[] = Object.entries(OPTIONS).flatMap(([section, options]) =>
  Object.entries<ConfigOption<unknown>>(options as unknown as Record<string, ConfigOption<unknown>>).map(
    ([key, given]) => entry(section as Section, key, given),
  ),
)
