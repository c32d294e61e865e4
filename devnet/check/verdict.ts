/**
 * What the observations of a running network amount to: one finding for each thing that a healthy network does. Pure, so
 * that the rules can be tested without a network.
 */

/** A node of the network, as seen from outside. */
export interface SeenNode {
  readonly name: string
  /** False: its operator says that it does not run. */
  readonly runs: boolean
  /** Why it could not be asked; undefined where it was, or where another node spoke for it. */
  readonly trouble: string | undefined
  readonly genesisHash: string | undefined
  /** Newest final height at the beginning and at the end. */
  readonly fromHeight: number | undefined
  readonly toHeight: number | undefined
  readonly peers: number | undefined
  /** A final block of it, beside the one of that height at the node behind the URL. */
  readonly compared: { readonly height: number; readonly hash: string; readonly expected: string } | undefined
}

export interface Observations {
  readonly seconds: number
  /** The one behind the URL first. */
  readonly nodes: readonly SeenNode[]
  /** Addresses of the present set. */
  readonly members: readonly string[]
  /** Of the newest blocks: whose votes they pay. */
  readonly voters: readonly (readonly string[])[]
  /** The epoch before the present one. */
  readonly lastEpoch: { readonly epoch: number; readonly workers: number; readonly results: number } | undefined
  /** Wei for workers of epochs that have ended, at the beginning and at the end. */
  readonly queuedWei: { readonly from: bigint; readonly to: bigint }
  /** Workers of late that have been paid at all. */
  readonly paidWorkers: number
}

export interface Finding {
  readonly name: 'finalising' | 'no forks' | 'participation' | 'workers paid' | 'peers'
  readonly ok: boolean
  readonly detail: string
  /** What to do about it. */
  readonly advice?: string
}

/** Fewer say nothing: a certificate is complete with two thirds of the votes, and the slowest may be missing from some. */
export const MIN_VOTED_BLOCKS = 8

export const verdict = (seen: Observations): readonly Finding[] => [
  finalising(seen),
  noForks(seen),
  participation(seen),
  workersPaid(seen),
  peers(seen),
]

const good = (name: Finding['name'], detail: string): Finding => ({ name, ok: true, detail })
const bad = (name: Finding['name'], detail: string, advice: string): Finding => ({ name, ok: false, detail, advice })

function finalising({ nodes, seconds }: Observations): Finding {
  const name = 'finalising'
  const wanted = nodes.filter(({ runs }) => runs)
  const silent = wanted.filter(({ trouble }) => trouble !== undefined)
  if (silent.length > 0) {
    const list = silent.map((node) => `${node.name} (${node.trouble})`).join(', ')
    return bad(name, `no answer from ${list}`, 'see whether their processes run and are not stopped')
  }
  const stuck = wanted.filter(({ fromHeight = 0, toHeight = 0 }) => toHeight <= fromHeight)
  const [entry] = nodes
  const heights = `final height ${entry?.fromHeight} -> ${entry?.toHeight} in ${seconds.toFixed(1)} s`
  if (stuck.length === 0) return good(name, heights)
  if (stuck.some((node) => node === entry)) {
    return bad(name, heights, 'a quorum is missing: start what is down, end partitions, or watch longer with --seconds')
  }
  const list = stuck.map((node) => `${node.name} (at ${node.toHeight})`).join(', ')
  return bad(name, `${heights}, but not at ${list}`, 'see whether they reach their peers')
}

function noForks({ nodes }: Observations): Finding {
  const name = 'no forks'
  const [entry] = nodes
  const foreign = nodes.filter(({ genesisHash }) => genesisHash !== undefined && genesisHash !== entry?.genesisHash)
  if (foreign.length > 0) {
    const list = foreign.map((node) => node.name).join(', ')
    return bad(name, `another genesis at ${list}`, 'these nodes belong to another network: give them this genesis')
  }
  const compared = nodes.filter((node) => node.compared !== undefined)
  const differing = compared.filter(({ compared: c }) => c !== undefined && c.hash !== c.expected)
  if (differing.length > 0) {
    const list = differing.map((node) => `${node.name} at height ${node.compared?.height}`).join(', ')
    return bad(
      name,
      `different final blocks: ${list}`,
      'stop these nodes, keep their data, and report it: this must not happen',
    )
  }
  return good(name, compared.length === 0 ? 'one node seen' : `${compared.length + 1} nodes have the same final blocks`)
}

function participation({ nodes, members, voters }: Observations): Finding {
  const name = 'participation'
  const down = nodes.filter(({ runs }) => !runs).map((node) => node.name)
  // Known at once; its votes are missed only after some blocks.
  if (down.length > 0) return bad(name, `not running: ${down.join(', ')}`, 'start what is down: dev_restartValidator')
  const blocks = voters.length
  const shares = `${members.length} validator${members.length === 1 ? '' : 's'} over ${blocks} blocks`
  if (blocks < MIN_VOTED_BLOCKS) return good(name, `${shares}: too few blocks to judge by`)
  const absent = members.filter((address) => !voters.some((block) => block.includes(address)))
  if (absent.length === 0) return good(name, `${shares}, none silent`)
  return bad(
    name,
    `${absent.join(', ')} signed none of ${blocks} blocks`,
    'start these validators, or see what cuts them off',
  )
}

function workersPaid({ lastEpoch, queuedWei, paidWorkers }: Observations): Finding {
  const name = 'workers paid'
  if (lastEpoch === undefined) return good(name, 'no epoch has ended yet')
  const { epoch, workers, results } = lastEpoch
  const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`
  const work = `epoch ${epoch}: ${count(results, 'result')} of ${count(workers, 'worker')}`
  if (workers === 0) return good(name, `${work}, nothing to pay`)
  if (queuedWei.to > 0n && queuedWei.to >= queuedWei.from) {
    return bad(
      name,
      `${work}, and the pay-out queue does not shrink`,
      'pay-outs go with blocks: see whether it finalises',
    )
  }
  if (queuedWei.to > 0n) return good(name, `${work}, being paid`)
  if (paidWorkers >= workers) return good(name, `${work}, all paid`)
  return bad(name, `${work}, only ${paidWorkers} paid`, 'compare `quern query workers` with `quern query supply`')
}

function peers({ nodes }: Observations): Finding {
  const name = 'peers'
  const running = nodes.filter(({ runs }) => runs)
  const others = running.length - 1
  const [entry] = nodes
  const lonely = running.filter((node) => node.peers === 0 && others > 0)
  const count = `${entry?.peers ?? 0} of ${others} other nodes`
  if (lonely.length > 0) {
    return bad(
      name,
      `none at ${lonely.map((node) => node.name).join(', ')}`,
      'end partitions, and see whether the ports are open',
    )
  }
  if ((entry?.peers ?? 0) < others) return bad(name, count, 'end partitions, and see whether the ports are open')
  return good(name, count)
}
