/**
 * What the observations of `quern doctor` amount to: a line for each thing that a node needs, with what to do about it.
 * Pure, so that the rules can be tested without a machine.
 */
import { type Check, clockCheck, failed, ok, type SeenClock, warn } from './check.ts'

export interface Trouble {
  readonly code: string
  readonly message: string
}

/** Somebody who listens already, or nobody. */
export interface SeenPort {
  readonly place: string
  readonly state: 'free' | 'taken' | 'impossible'
}

export interface SeenNode {
  readonly url: string
  readonly version: string
  readonly genesisHash: string
  /** The node of this home. */
  readonly isOwn: boolean
  readonly syncing: boolean
  readonly peers: number
  readonly clock: SeenClock
  /** Where it says that others reach it, and whether a connection from here was taken up. */
  readonly addresses: readonly { readonly multiaddr: string; readonly reached: boolean }[]
}

export interface SeenValidator {
  readonly owner: string
  readonly isEncrypted: boolean
  /** Process that signs with the key on this machine; 'unknown' where it does not say. */
  readonly holder: number | 'unknown' | undefined
  /** What it may have signed, in words; or why the record is of no use. */
  readonly signed: string | Trouble
  readonly hasRecord: boolean
  readonly hasData: boolean
  /** On the chain; null = none, undefined = nobody to ask. */
  readonly status: string | null | undefined
}

export interface SeenHost {
  readonly nodeVersion: string
  readonly memoryBytes: number
  readonly freeMemoryBytes: number
  readonly diskFreeBytes: number | undefined
  readonly storeBytes: number
  /** Median time of a small write that is on the disk. */
  readonly syncMs: number | undefined
  /** Secrets that others than their owner can read. */
  readonly openSecrets: readonly string[]
}

export interface Seen {
  readonly home: string
  readonly version: string
  readonly genesis: { readonly network: string; readonly hash: string } | Trouble
  readonly config: Trouble | undefined
  readonly identity: string | Trouble
  readonly node: SeenNode | Trouble
  readonly ports: readonly SeenPort[]
  readonly validator: SeenValidator | Trouble | undefined
  readonly host: SeenHost
}

const GIB = 2 ** 30
/** A devnet's or a pruned node's store, LevelDB's compaction beside it, and some months. */
const LEAST_DISK_BYTES = 20 * GIB
/** LevelDB stops for good on a full disk. */
const FULL_DISK_BYTES = GIB
const LEAST_MEMORY_BYTES = 2 * GIB
/** Two or three writes are awaited in each view: together they take a part of the shortest network delay (400 ms). */
const SLOW_SYNC_MS = 20
const LAME_SYNC_MS = 150

export const isTrouble = (seen: object): seen is Trouble => 'code' in seen && 'message' in seen
const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`

export function checksOf(seen: Seen): readonly Check[] {
  const { node } = seen
  return [
    ...homeChecks(seen),
    ...(isTrouble(node)
      ? [warn('node', `${node.code}: ${node.message}`, 'start it with `quern start`, or name a node with --rpc')]
      : nodeChecks(node, seen)),
    ...portChecks(seen),
    ...(seen.validator === undefined ? [] : validatorChecks(seen.validator, node)),
    ...hostChecks(seen.host),
  ]
}

function homeChecks({ home, version, genesis, config, identity }: Seen): Check[] {
  return [
    ok('version', `quern ${version}`),
    isTrouble(genesis)
      ? failed('genesis', `${genesis.code}: ${genesis.message}`, 'make a home with `quern init --genesis genesis.json`')
      : ok('genesis', `${genesis.network}, ${genesis.hash}`),
    config === undefined
      ? ok('configuration', `${home}/config.toml`)
      : failed('configuration', `${config.code}: ${config.message}`, 'correct it: each line of it names its option'),
    typeof identity === 'string'
      ? ok('identity', identity)
      : failed(
          'identity',
          `${identity.code}: ${identity.message}`,
          'a copy of node_key keeps the peer id under which others know this node',
        ),
  ]
}

function nodeChecks(node: SeenNode, { genesis, version }: Seen): Check[] {
  const { url, isOwn, syncing, peers } = node
  const whose = isOwn ? 'this home’s node' : 'another node'
  const place = `${url}: ${whose}, ${node.version}`
  const isOther = !isTrouble(genesis) && genesis.hash !== node.genesisHash
  const checks = [
    syncing ? warn('node', `${place}, catching up`, 'wait until /ready answers 200') : ok('node', place),
    isOther
      ? failed('chain', `${url} is on another chain: ${node.genesisHash}`, 'check genesis.json, and --rpc')
      : ok('chain', 'the same genesis here and there'),
    clockCheck(node.clock),
  ]
  if (node.version !== `quern/${version}`) {
    checks.push(warn('versions', `${node.version} there, quern/${version} here`, 'run the newer one in both places'))
  }
  return isOwn ? [...checks, peersCheck(peers), ...addressChecks(node)] : checks
}

function peersCheck(peers: number): Check {
  const remedy = 'name some in p2p.persistent_peers (`quern query node` shows an address), and let TCP out'
  if (peers === 0) return failed('peers', 'none', remedy)
  return peers === 1 ? warn('peers', 'one: if it goes, this node is alone', remedy) : ok('peers', String(peers))
}

const isLoopback = (multiaddr: string): boolean => /^\/ip4\/127\.|^\/ip6\/::1\//.test(multiaddr)

function addressChecks({ addresses }: SeenNode): Check[] {
  const [dead] = addresses.filter(({ reached }) => !reached)
  const remedy = 'open the port in the firewall, or name the right address in p2p.announce'
  if (addresses.length === 0) return [failed('address', 'the node listens nowhere', 'see p2p.listen')]
  if (dead !== undefined) return [warn('address', `${dead.multiaddr} takes no connection from here`, remedy)]
  if (addresses.every(({ multiaddr }) => isLoopback(multiaddr)))
    return [warn('address', 'loopback only: nobody beyond this machine can dial it', 'see p2p.listen and p2p.announce')]
  return [ok('address', addresses.map(({ multiaddr }) => multiaddr).join(', '))]
}

/** Of a node that runs, its ports are taken by itself. */
function portChecks({ node, ports }: Seen): Check[] {
  if (!isTrouble(node) && node.isOwn) return []
  return ports.map(({ place, state }) => {
    if (state === 'free') return ok('port', `${place} is free`)
    const what = state === 'taken' ? 'is taken by another process' : 'cannot be listened on'
    return failed('port', `${place} ${what}`, 'end that process, or set p2p.listen or rpc.port')
  })
}

function validatorChecks(validator: SeenValidator | Trouble, node: SeenNode | Trouble): Check[] {
  if (isTrouble(validator))
    return [failed('validator key', `${validator.code}: ${validator.message}`, 'restore it from a copy')]
  const { owner, isEncrypted } = validator
  const secret = isEncrypted ? 'encrypted: `start` asks for its password' : 'in the clear, so that it starts by itself'
  return [
    ok('validator key', `${owner}, ${secret}`),
    holderCheck(validator, node),
    recordCheck(validator),
    ...standingCheck(validator),
  ]
}

function holderCheck({ holder }: SeenValidator, node: SeenNode | Trouble): Check {
  const isRunning = !isTrouble(node) && node.isOwn
  if (holder === undefined) {
    return isRunning
      ? warn('signer', 'the node runs, and does not sign with this key', 'it was made later: start the node again')
      : ok('signer', 'no process on this machine signs with the key')
  }
  const detail = `process ${holder} signs with the key`
  return isRunning
    ? ok('signer', detail)
    : warn('signer', `${detail}, and is not the node asked`, 'name its --rpc, or end it before this node starts')
}

function recordCheck({ signed, hasRecord, hasData }: SeenValidator): Check {
  if (typeof signed !== 'string') {
    const remedy = 'never delete it to get going: take the key’s own record, or import its protection file'
    return failed('signing record', `${signed.code}: ${signed.message}`, remedy)
  }
  if (hasRecord) return ok('signing record', signed)
  if (!hasData) return ok('signing record', 'none yet: the key has signed nothing here')
  const remedy = 'has the key signed elsewhere? `quern validator import-protection` before the next start'
  return warn('signing record', 'missing, beside a data/ that is there', remedy)
}

function standingCheck({ status, owner }: SeenValidator): Check[] {
  switch (status) {
    case undefined:
      return []
    case null:
      return [warn('validator', `${owner} has no stake`, 'stake with `quern validator create`')]
    case 'jailed':
      return [failed('validator', 'in jail for having been absent', 'once the node is there: `quern tx unjail`')]
    case 'tombstoned':
      return [failed('validator', 'has signed twice: never elected again', 'leave with `quern tx unstake`')]
    case 'inactive':
      return [warn('validator', 'staked too little to be elected', 'add with `quern tx stake`')]
    default:
      return [ok('validator', status === 'active' ? 'in the set of this epoch' : 'staked, for a set to come')]
  }
}

function hostChecks(host: SeenHost): Check[] {
  const { memoryBytes, freeMemoryBytes, openSecrets } = host
  const memory = `${gib(memoryBytes)}, ${gib(freeMemoryBytes)} of it free`
  return [
    diskCheck(host),
    ...syncCheck(host),
    memoryBytes < LEAST_MEMORY_BYTES
      ? warn('memory', memory, `a node wants ${gib(LEAST_MEMORY_BYTES)}: lower mempool.max_bytes, or add some`)
      : ok('memory', memory),
    openSecrets.length === 0
      ? ok('secrets', 'readable by their owner only')
      : failed('secrets', `others can read ${openSecrets.join(', ')}`, `chmod 600 ${openSecrets.join(' ')}`),
    ok('node.js', host.nodeVersion),
  ]
}

function diskCheck({ diskFreeBytes, storeBytes }: SeenHost): Check {
  if (diskFreeBytes === undefined) return warn('disk', 'the free room is not known here', 'look at it yourself')
  const detail = `${gib(diskFreeBytes)} free, the store has ${gib(storeBytes)}`
  const remedy = 'make room, keep less (chain.keep_blocks, `quern chain prune`), or use another --home'
  if (diskFreeBytes < FULL_DISK_BYTES) return failed('disk', detail, remedy)
  return diskFreeBytes < LEAST_DISK_BYTES ? warn('disk', detail, remedy) : ok('disk', detail)
}

function syncCheck({ syncMs }: SeenHost): Check[] {
  if (syncMs === undefined) return []
  const detail = `${syncMs.toFixed(1)} ms until a write is on it`
  const remedy = 'every vote waits for it: put the home on an SSD of this machine'
  if (syncMs > LAME_SYNC_MS) return [failed('disk speed', detail, remedy)]
  return [syncMs > SLOW_SYNC_MS ? warn('disk speed', detail, remedy) : ok('disk speed', detail)]
}
