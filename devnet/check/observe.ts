/** Watches a network over JSON-RPC for some seconds. It asks only; nothing it does changes anything. */
import { QuernError } from '../../core/errors.ts'
import { type JsonObject, jsonRpc } from '../../gpu/json-rpc.ts'
import type { Observations, SeenNode } from './verdict.ts'

/** A node that needs longer is stopped or overloaded, which is a finding. */
const ANSWER_LIMIT_MS = 3_000
const POLL_MS = 100
/** Blocks whose voters are counted: enough that a validator missing from all of them is not just slow. */
const VOTED_BLOCKS = 32
/** Final blocks by which every node must rise; then there is no need to watch longer. */
const ENOUGH_BLOCKS = 2

interface Status {
  readonly genesis_hash: string
  readonly finalized_height: number
  readonly finalized_hash: string
  readonly epoch: number
  readonly peers: number
}

/** As dev_getNodes gives it. */
interface ListedNode {
  readonly name: string
  readonly pid: number | null
  readonly rpc: string | null
  readonly finalized_height: number | null
  readonly finalized_hash: string | null
}

/** What a node says of itself; or what the node behind the URL, in the same process, says of it. */
interface Sample {
  readonly name: string
  readonly runs: boolean
  readonly trouble?: string
  readonly client?: Client
  readonly status?: Partial<Status>
}

type Client = <T>(method: string, params?: readonly unknown[] | JsonObject) => Promise<T>

function clientOf(url: string): Client {
  const call = jsonRpc(url, ANSWER_LIMIT_MS)
  return async <T>(method: string, params: readonly unknown[] | JsonObject = []) => (await call(method, params)) as T
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * @param url of the node to begin with; a devnet's names the others
 * @param seconds to wait at most for the height to rise
 * @throws QuernError when that node does not answer: `RPC_UNREACHABLE`, `RPC_ANSWER_INVALID`
 */
export async function observe(url: string, seconds: number): Promise<Observations> {
  const entry = clientOf(url)
  const startMs = performance.now()
  const elapsed = (): number => (performance.now() - startMs) / 1000
  const before = await sampleAll(entry, url)
  const queuedFrom = await queuedWei(entry)
  let after = before
  while (elapsed() < seconds && !haveRisen(before, after)) {
    await pause(POLL_MS)
    after = await sampleAll(entry, url)
  }
  const [first] = after
  const finalHeight = first?.status?.finalized_height ?? 0
  const epoch = first?.status?.epoch ?? 0
  const nodes: SeenNode[] = []
  for (const [i, sample] of after.entries()) {
    nodes.push(await seenNode(entry, sample, before[i], i === 0 ? undefined : finalHeight))
  }
  return {
    seconds: elapsed(),
    nodes,
    members: (await entry<{ address: string }[]>('chain_getValidators', [epoch])).map(({ address }) => address),
    voters: await votersOf(entry, finalHeight),
    lastEpoch: epoch === 0 ? undefined : await entry('poc_getEpoch', [epoch - 1]),
    queuedWei: { from: queuedFrom, to: await queuedWei(entry) },
    paidWorkers: (await entry<{ paid: string }[]>('poc_getWorkers')).filter(({ paid }) => paid !== '0').length,
  }
}

/** The node behind the URL first. */
async function sampleAll(entry: Client, url: string): Promise<readonly Sample[]> {
  const listed = await listedNodes(entry)
  // In a devnet of one validator that one answers here; in others the follower, last in the list.
  const entryName = listed.at(-1)?.name ?? url
  const others = listed.slice(0, -1).map((node): Promise<Sample> | Sample => {
    const { name } = node
    if (node.pid === null) return { name, runs: false }
    if (node.rpc !== null) return sampleOver(name, clientOf(node.rpc))
    if (node.finalized_height === null || node.finalized_hash === null) return { name, runs: false }
    const { finalized_height, finalized_hash } = node
    return { name, runs: true, status: { finalized_height, finalized_hash } }
  })
  const status = await entry<Status>('chain_getStatus')
  return [{ name: entryName, runs: true, client: entry, status }, ...(await Promise.all(others))]
}

async function sampleOver(name: string, client: Client): Promise<Sample> {
  try {
    return { name, runs: true, client, status: await client<Status>('chain_getStatus') }
  } catch (error) {
    if (!(error instanceof QuernError)) throw error
    return { name, runs: true, trouble: error.code }
  }
}

/** None on networks that are no devnet: then the node asked is the only one known. */
async function listedNodes(entry: Client): Promise<readonly ListedNode[]> {
  try {
    return await entry<ListedNode[]>('dev_getNodes')
  } catch (error) {
    if (error instanceof QuernError && error.code !== 'RPC_UNREACHABLE') return []
    throw error
  }
}

function haveRisen(before: readonly Sample[], after: readonly Sample[]): boolean {
  return after.every(({ runs, status }, i) => {
    const from = before[i]?.status?.finalized_height ?? 0
    return !runs || (status?.finalized_height ?? 0) >= from + ENOUGH_BLOCKS
  })
}

/** @param entryHeight of the node behind the URL, which the others are compared with; undefined for itself */
async function seenNode(
  entry: Client,
  sample: Sample,
  before: Sample | undefined,
  entryHeight: number | undefined,
): Promise<SeenNode> {
  const { name, runs, trouble, status } = sample
  return {
    name,
    runs,
    trouble,
    genesisHash: status?.genesis_hash,
    fromHeight: before?.status?.finalized_height,
    toHeight: status?.finalized_height,
    peers: status?.peers,
    compared: entryHeight === undefined ? undefined : await compare(entry, sample, entryHeight),
  }
}

async function compare(entry: Client, { client, status }: Sample, entryHeight: number): Promise<SeenNode['compared']> {
  const reached = status?.finalized_height
  const tipHash = status?.finalized_hash
  if (reached === undefined || tipHash === undefined) return undefined
  const height = Math.min(reached, entryHeight)
  const hash = height === reached ? tipHash : client && (await hashAt(client, height))
  const expected = await hashAt(entry, height)
  return hash === undefined || expected === undefined ? undefined : { height, hash, expected }
}

async function hashAt(client: Client, height: number): Promise<string | undefined> {
  try {
    return (await client<{ hash: string } | null>('chain_getHeader', [height]))?.hash
  } catch (error) {
    if (error instanceof QuernError) return undefined
    throw error
  }
}

const queuedWei = async (entry: Client): Promise<bigint> =>
  BigInt((await entry<{ payout_queue: string }>('chain_getSupply')).payout_queue)

/** Block 1 pays nobody: nobody votes on genesis. */
async function votersOf(entry: Client, finalHeight: number): Promise<string[][]> {
  const voters: string[][] = []
  for (let height = finalHeight; height > 1 && voters.length < VOTED_BLOCKS; height--) {
    const paid = await entry<{ voters: { validator: string }[] } | null>('chain_getRewards', [height])
    if (paid !== null) voters.push(paid.voters.map(({ validator }) => validator))
  }
  return voters
}
