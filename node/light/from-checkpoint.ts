/**
 * A light client over one node's JSON-RPC, for programs that hold a checkpoint and nothing else. The genesis file comes from
 * that same node, which need not be trusted: signatures under another genesis hash than the network's do not verify, and
 * the parameters are those that the checkpoint's own state names.
 *
 *     const client = await lightFromCheckpoint({ url, checkpoint })
 *     const { value } = await client.account(address)
 */
import { genesisBlock } from '../../consensus/genesis.ts'
import { type Checkpoint, checkHorizon } from '../../consensus/light/trust.ts'
import { bls } from '../../core/bls.ts'
import { equalBytes, utf8 } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { jsonRpc } from '../../gpu/json-rpc.ts'
import { genesisHeadJson } from '../../vm/genesis/file.ts'
import { type Genesis, parseGenesis } from '../../vm/genesis.ts'
import { genesisParams } from '../../vm/state/tables.ts'
import { LightClient } from './light-client.ts'
import { rpcSource } from './source.ts'
import { resolveTrust } from './trust.ts'

export interface FromCheckpointOptions {
  /** JSON-RPC of a node. */
  readonly url: string
  readonly checkpoint?: Checkpoint
  /** Of the network; absent: the node is asked, and a checkpoint is needed. */
  readonly genesis?: Genesis
  /** Default: the clock. */
  readonly nowMs?: () => number
}

/** A full answer takes a second; a node that needs longer than this is not going to. */
const TIMEOUT_MS = 30_000

/**
 * @returns a client that has followed the chain to the newest block the node shows
 * @throws QuernError `TrustErrorCode`, `GENESIS_UNPROVED`, `RPC_UNREACHABLE`
 */
export async function lightFromCheckpoint(options: FromCheckpointOptions): Promise<LightClient> {
  const { url, checkpoint, nowMs = Date.now } = options
  if (options.genesis === undefined && checkpoint === undefined) {
    throw new QuernError('CHECKPOINT_NEEDED', 'give a checkpoint, HEIGHT:HASH, or the genesis file of the network')
  }
  const call = jsonRpc(url, TIMEOUT_MS)
  const genesis =
    options.genesis ??
    parseGenesis(((await call('chain_getGenesis', [])) as { readonly genesis?: unknown } | null)?.genesis, bls)
  const source = rpcSource(url, call)
  const rules = { params: genesis.params, genesisHash: genesisBlock(genesis).block.hash, bls }
  const trusted = await resolveTrust({
    genesis,
    rules,
    trustPeers: 0,
    sources: () => [source],
    nowMs: nowMs(),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  })
  const client = new LightClient({ rules, trusted, sources: () => [source], nowMs })
  if (options.genesis === undefined) await checkGenesis(client, genesis)
  await client.advance()
  const failure = checkHorizon(trusted, client.newest, nowMs(), rules.params)
  if (failure !== undefined) throw new QuernError(failure.code, failure.message, failure.meta)
  return client
}

/** Whoever could choose the parameters could choose how long old keys are good. @throws QuernError `GENESIS_UNPROVED` */
async function checkGenesis(client: LightClient, genesis: Genesis): Promise<void> {
  const { value } = await client.record(genesisParams, undefined)
  const said = utf8(JSON.stringify(genesisHeadJson(genesis)))
  if (value !== undefined && equalBytes(value, said)) return
  throw new QuernError(
    'GENESIS_UNPROVED',
    'the node shows a genesis file with other parameters than the state under the checkpoint; ask another node',
  )
}
