/** A stopped node's store behind `NodeApi`: what the read methods of JSON-RPC need, and nothing that a running node does. */
import { BlockTree } from '../../consensus/chain/block-tree.ts'
import type { Certificate, Header } from '../../consensus/types.ts'
import type { Hash } from '../../core/bytes.ts'
import { type Failure, QuernError, type Result } from '../../core/errors.ts'
import type { ExecutionRules } from '../../vm/execution/types.ts'
import type { Genesis } from '../../vm/genesis.ts'
import type { StateReader } from '../../vm/state/view.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'
import type { ExecutedBlock, Holdings, NodeApi } from '../api.ts'
import { ChainView } from '../chain-view.ts'
import { RpcError } from '../rpc/errors.ts'
import { FilterStore } from '../rpc/filters.ts'
import type { RpcContext } from '../rpc/method.ts'
import type { ChainStore } from '../storage/chain-store.ts'
import type { ChainEntry } from '../validator/entry.ts'
import type { VprogHistory } from '../vprog/history.ts'
import type { Call } from './call.ts'

const STOPPED: Failure = { code: 'NODE_STOPPED', message: 'this is the store of a stopped node: ask a running one' }

export class StoredNode implements NodeApi {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly rules: ExecutionRules
  readonly #store: ChainStore
  readonly #view: ChainView

  constructor(store: ChainStore, genesis: Genesis, rules: ExecutionRules) {
    this.genesis = genesis
    this.genesisHash = rules.genesisHash
    this.rules = rules
    this.#store = store
    const { head: block, state } = store
    const tree = new BlockTree<ChainEntry>({ block, state, transactions: [], receipts: [], layer: undefined })
    this.#view = new ChainView(store, tree, genesis.params, () => undefined)
  }

  latest(): Header & { readonly hash: Hash } {
    return this.#view.finalized()
  }

  finalized(): Header & { readonly hash: Hash } {
    return this.#view.finalized()
  }

  holdings(): Holdings {
    const { held } = this.#store
    return { mode: held.statesFrom === 0 ? 'archive' : 'full', ...held, requests: [] }
  }

  blockByHeight(height: number): ExecutedBlock | undefined {
    return this.#view.blockByHeight(height)
  }

  blockByHash(hash: Hash): ExecutedBlock | undefined {
    return this.#view.blockByHash(hash)
  }

  transactionByHash(hash: Hash): ReturnType<NodeApi['transactionByHash']> {
    return this.#view.transactionByHash(hash)
  }

  get vprogs(): VprogHistory {
    return this.#view.vprogs
  }

  stateAt(height: number): StateReader | undefined {
    return this.#view.stateAt(height)
  }

  stateProof(height: number, treeKeys: readonly Hash[]): Promise<Uint8Array | undefined> {
    return this.#view.stateProof(height, treeKeys)
  }

  async answerLight(): Promise<never> {
    throw new QuernError(STOPPED.code, STOPPED.message)
  }

  certificates(height: number): { readonly notarization?: Certificate; readonly finalization?: Certificate } {
    return this.#view.certificates(height)
  }

  validatorSet(epoch: number): ValidatorSet | undefined {
    return this.#view.validatorSet(epoch)
  }

  epochRandomness(epoch: number): Hash | undefined {
    return this.#view.epochRandomness(epoch)
  }

  nextBaseFee(): bigint {
    return this.#view.nextBaseFee()
  }

  async verifyProof(): Promise<never> {
    throw new QuernError(STOPPED.code, STOPPED.message)
  }

  async submit(): Promise<Result<Hash>> {
    return { ok: false, error: STOPPED }
  }

  pool(): ReturnType<NodeApi['pool']> {
    return {
      entries: () => [],
      get: () => undefined,
      pendingNonce: () => 0,
      counts: () => ({ pending: 0, queued: 0 }),
    }
  }

  peerCount(): number {
    return 0
  }

  syncing(): undefined {
    return undefined
  }

  subscribe(): () => void {
    return () => undefined
  }
}

/** Calls JSON-RPC methods without a network in between; answers are the same JSON. */
export async function callerOf(node: NodeApi, version: string): Promise<Call> {
  const { methods } = await import('../rpc/methods/index.ts')
  const context: RpcContext = {
    node,
    dev: undefined,
    filters: new FilterStore(node, () => 0),
    connection: undefined,
    clientVersion: version,
    methods,
  }
  return async <T>(name: string, params: readonly unknown[] = []) => {
    const method = methods.find((each) => each.name === name)
    if (method === undefined) throw new QuernError('METHOD_UNKNOWN', `there is no method ${name}`)
    try {
      const result: unknown = await method.call(context, params)
      return JSON.parse(JSON.stringify(result ?? null)) as T
    } catch (error) {
      throw error instanceof RpcError ? new QuernError(error.tag, error.message) : error
    }
  }
}
