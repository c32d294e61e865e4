/**
 * What the observations of `quern worker doctor` amount to: a line for each thing that a worker needs, with what to do
 * about it. Pure, so that the rules can be tested without a machine.
 */
import { GAS } from '../../../vm/gas.ts'
import { type Check, clockCheck, failed, ok, warn } from '../../doctor/check.ts'
import { count, shortCpc } from './text.ts'

export interface SeenNode {
  readonly url: string
  /** Why it could not be asked. */
  readonly trouble?: string
  readonly network?: string
  readonly chainId?: number
  readonly genesisHash?: string
  readonly height?: number
  readonly syncing?: boolean
  readonly latencyMs?: number
  /** Of the newest block, and the machine's clock at the same time. */
  readonly timestampMs?: number
  readonly nowMs?: number
  readonly blockMs?: number
  /** Whether `chain_subscribe` was granted over WebSocket. */
  readonly feed?: boolean
  /** Code of why there is no work; absent when there is. */
  readonly workTrouble?: string
}

export interface SeenBackend {
  readonly name: string
  readonly threads: number
  readonly macsPerSecond?: number
  /** Whether a lottery came out as the reference has it. */
  readonly correct?: boolean
  readonly trouble?: { readonly code: string; readonly message: string }
}

export interface SeenMachine {
  readonly node: string
  readonly cores: number
  /** Processes that want a core, mean of the last minute; 0 where unknown. */
  readonly load: number
  readonly governor: string | undefined
  readonly sharedMemory: boolean
}

export interface SeenAccount {
  readonly address: string
  readonly balanceWei: bigint
  /** What a result's transaction offers, tip included. */
  readonly maxFeePerGas: bigint
}

export interface Seen {
  readonly nodes: readonly SeenNode[]
  /** Undefined when no key was named. */
  readonly account: SeenAccount | 'no key' | 'no answer'
  readonly backends: readonly SeenBackend[]
  readonly adapters: readonly string[]
  readonly machine: SeenMachine
  /** The balance should do for so many. */
  readonly results: number
}

/** A result lives for a window of blocks: a question may take a part of one block's time, no more. */
const SLOW_MS = 250
function nodeChecks(node: SeenNode, isOnly: boolean): Check[] {
  const { url, trouble } = node
  if (trouble !== undefined) {
    const remedy = 'is it running, and is the port right? `quern devnet` starts a network, `quern start` a node'
    return [isOnly ? failed('node', `${url}: ${trouble}`, remedy) : warn('node', `${url}: ${trouble}`, remedy)]
  }
  const place = `${url}: ${node.network}, chain id ${node.chainId}, block ${node.height}`
  return [
    node.syncing === true
      ? warn('node', `${place}, syncing`, 'wait, or name another node with --rpc')
      : ok('node', place),
    latencyCheck(node),
    clockCheck({ timestampMs: 0, nowMs: 0, blockMs: 0, ...node }),
    node.feed === true
      ? ok('feed', 'tells of new blocks over WebSocket')
      : warn('feed', 'no WebSocket: the worker asks twice a second instead', 'let upgrades through to the node'),
    node.workTrouble === undefined
      ? ok('work', 'there is a block to work on')
      : failed('work', node.workTrouble, 'wait until the node has final blocks, or name another one with --rpc'),
  ]
}

function latencyCheck({ latencyMs = 0 }: SeenNode): Check {
  const detail = `${latencyMs.toFixed(0)} ms an answer`
  return latencyMs > SLOW_MS
    ? warn('latency', detail, 'name a nearer node, or run one yourself')
    : ok('latency', detail)
}

/** Two chains under one id do not pay for each other's work. */
function chainCheck(nodes: readonly SeenNode[]): Check[] {
  const known = nodes.flatMap(({ genesisHash }) => genesisHash ?? [])
  if (new Set(known).size <= 1) return []
  return [failed('chain', 'the nodes are on different chains', 'name nodes of one chain only with --rpc')]
}

function accountCheck(account: Seen['account'], results: number): Check {
  if (account === 'no key')
    return warn('account', 'no key named', 'give --from NAME to see whether its balance will do')
  if (account === 'no answer') return warn('account', 'no node to ask for the balance', 'see above')
  const { address, balanceWei, maxFeePerGas } = account
  const eachWei = BigInt(GAS.SUBMIT_RESULT) * maxFeePerGas
  const enough = eachWei === 0n ? results : Number(balanceWei / eachWei)
  const detail = `${address} has ${shortCpc(balanceWei)}, enough for ${count(enough)} results`
  const remedy = `send it some CPC (on a devnet: \`quern faucet ${address} 1\`)`
  if (enough === 0) return failed('account', detail, remedy)
  return enough < results ? warn('account', detail, remedy) : ok('account', detail)
}

function backendCheck({ name, threads, macsPerSecond, correct, trouble }: SeenBackend): Check {
  const label = `backend ${name}`
  if (trouble !== undefined) return warn(label, trouble.code, trouble.message)
  if (correct === false) {
    return failed(label, 'computes wrongly', 'work with another --backend, and report the driver or the processor')
  }
  const rate = macsPerSecond === undefined ? '' : `${(macsPerSecond / 1e9).toFixed(1)} GMAC/s, `
  return ok(label, `${rate}agrees with the reference${threads > 1 ? `, ${threads} threads` : ''}`)
}

function machineChecks({ node, cores, load, governor, sharedMemory }: SeenMachine): Check[] {
  const busy = `${cores} ${cores === 1 ? 'core' : 'cores'}, load ${load.toFixed(1)}`
  const governors = governor === undefined ? [] : [governorCheck(governor)]
  return [
    ok('node.js', node),
    sharedMemory
      ? ok('threads', 'memory can be shared')
      : failed('threads', 'no SharedArrayBuffer', 'start Node.js without flags that switch it off'),
    load > cores ? warn('cores', busy, 'other work competes: end it, or give the worker a --duty') : ok('cores', busy),
    ...governors,
  ]
}

const governorCheck = (governor: string): Check =>
  governor === 'powersave'
    ? warn('governor', governor, 'the processor may save power: `cpupower frequency-set -g performance`')
    : ok('governor', governor)

export function checksOf({ nodes, account, backends, adapters, machine, results }: Seen): readonly Check[] {
  const reachable = nodes.filter(({ trouble }) => trouble === undefined)
  const works = backends.some(({ trouble, correct }) => trouble === undefined && correct !== false)
  const none = failed('backends', 'none works here', 'see above')
  const gpu = adapters.length === 0 ? [] : [ok('adapters', adapters.join('; '))]
  return [
    ...nodes.flatMap((node) => nodeChecks(node, reachable.length === 0)),
    ...chainCheck(nodes),
    accountCheck(account, results),
    ...backends.map(backendCheck),
    ...(works ? [] : [none]),
    ...gpu,
    ...machineChecks(machine),
  ]
}
