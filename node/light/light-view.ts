/**
 * A light node as the JSON-RPC methods see a node: newest header, and a state that is fetched record by record. A method
 * runs over what was proved so far; where it meets something else it is stopped by `Missing`, what it missed is fetched
 * and proved, and it runs again. So every method that needs nothing but headers and records works here as it stands, and
 * whatever needs blocks, receipts or a mempool is refused by name.
 */

import { headerHash } from '../../consensus/header.ts'
import type { TrustedHeader } from '../../consensus/light/trust.ts'
import type { Certificate, Header } from '../../consensus/types.ts'
import { equalBytes, type Hash, hexKey } from '../../core/bytes.ts'
import { nextBaseFee } from '../../vm/fees.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { accounts, epochSets, epochs } from '../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../vm/state/view.ts'
import type { ValidatorSet } from '../../vm/validator-set.ts'
import type { ExecutedBlock, Holdings, NodeApi, NodeNetwork } from '../api.ts'
import { RPC_CODE, RpcError } from '../rpc/errors.ts'
import type { LightClient } from './light-client.ts'
import type { LightStore } from './light-store.ts'

/** What a method asked for and is not here yet. */
export class Missing extends Error {
  readonly what: { readonly height: number; readonly key?: Hash }

  constructor(what: Missing['what']) {
    super('not fetched yet')
    this.name = 'Missing'
    this.what = what
  }
}

export const lightNode = (what: string): RpcError =>
  new RpcError(
    RPC_CODE.methodNotSupported,
    'LIGHT_NODE',
    `a light node keeps headers alone and has no ${what}: ask a full node`,
  )

export interface LightViewOptions {
  readonly client: LightClient
  readonly store: LightStore
  readonly genesis: Genesis
  readonly network: NodeNetwork
}

/** Headers and records that were proved for one call, all read at one newest header. */
export class Facts {
  readonly newest: TrustedHeader
  readonly #headers = new Map<number, { readonly header: Header; readonly hash: Hash }>()
  readonly #records = new Map<string, Uint8Array | undefined>()

  constructor(newest: TrustedHeader) {
    this.newest = newest
    this.#headers.set(newest.header.height, newest)
  }

  /** @throws Missing */
  header(height: number): { readonly header: Header; readonly hash: Hash } {
    const known = this.#headers.get(height)
    if (known === undefined) throw new Missing({ height })
    return known
  }

  byHash(hash: Hash): { readonly header: Header; readonly hash: Hash } | undefined {
    return [...this.#headers.values()].find((known) => equalBytes(known.hash, hash))
  }

  /** @throws Missing */
  record(height: number, key: Hash): Uint8Array | undefined {
    const id = `${height}/${hexKey(key)}`
    if (!this.#records.has(id)) throw new Missing({ height, key })
    return this.#records.get(id)
  }

  /** Fetches what was missing, and proves it. @throws QuernError `LIGHT_UNANSWERED`, `BLOCK_PRUNED` */
  async learn({ height, key }: Missing['what'], client: LightClient): Promise<void> {
    const known = this.#headers.get(height)
    const header = known?.header ?? (await client.header(height))
    if (known === undefined) this.#headers.set(height, { header, hash: headerHash(header) })
    if (key === undefined) return
    const [value] = await client.state(header, [key])
    this.#records.set(`${height}/${hexKey(key)}`, value)
  }
}

export class LightView implements NodeApi {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly network: NodeNetwork
  readonly #options: LightViewOptions
  readonly #pinned: Facts | undefined

  /** @param facts absent: no call is under way, and what is asked for is the newest header alone */
  constructor(options: LightViewOptions, facts?: Facts) {
    this.#options = options
    this.genesis = options.genesis
    this.genesisHash = options.client.rules.genesisHash
    this.network = options.network
    this.#pinned = facts
  }

  get #facts(): Facts {
    return this.#pinned ?? new Facts(this.#options.client.newest)
  }

  latest(): Header & { readonly hash: Hash } {
    const { header, hash } = this.#facts.newest
    return { ...header, hash }
  }

  finalized(): Header & { readonly hash: Hash } {
    return this.latest()
  }

  holdings(): Holdings {
    const { height } = this.#facts.newest.header
    const from = Math.max(0, height - this.genesis.params.laneWindowBlocks)
    return { mode: 'light', blocksFrom: from, statesFrom: from, requests: ['status'] }
  }

  blockByHeight(height: number): ExecutedBlock | undefined {
    if (height > this.#facts.newest.header.height) return undefined
    return headerAlone(this.#facts.header(height))
  }

  blockByHash(hash: Hash): ExecutedBlock {
    const known = this.#facts.byHash(hash)
    if (known === undefined) throw lightNode('index of block hashes')
    return headerAlone(known)
  }

  transactionByHash(): never {
    throw lightNode('index of transactions')
  }

  get vprogs(): never {
    throw lightNode('index of lanes and covenants')
  }

  stateAt(height: number): StateReader | undefined {
    const facts = this.#facts
    if (height > facts.newest.header.height) return undefined
    return { get: (key) => facts.record(height, key) }
  }

  async stateProof(height: number, treeKeys: readonly Hash[]): Promise<Uint8Array> {
    return (await this.#options.client.stateProof(this.#facts.header(height).header, treeKeys)).proof
  }

  async answerLight(): Promise<never> {
    throw lightNode('state to prove anything with')
  }

  certificates(height: number): { readonly finalization?: Certificate } {
    const finalization = this.#options.store.header(height)?.finalization
    return finalization === undefined ? {} : { finalization }
  }

  validatorSet(epoch: number): ValidatorSet | undefined {
    const { set, header } = this.#facts.newest
    return epoch === set.epoch ? set : readRecord(this.stateAt(header.height)!, epochSets, epoch)
  }

  epochRandomness(epoch: number): Hash | undefined {
    return readRecord(this.stateAt(this.#facts.newest.header.height)!, epochs, epoch)?.randomness
  }

  nextBaseFee(): bigint {
    return nextBaseFee(this.#facts.newest.header, this.genesis.params.baseFeeFloorWei)
  }

  async verifyProof(): Promise<never> {
    throw lightNode('verifier of proofs')
  }

  async submit(): Promise<never> {
    throw lightNode('mempool')
  }

  pool(): ReturnType<NodeApi['pool']> {
    const none = (): never => {
      throw lightNode('mempool')
    }
    const state = this.stateAt(this.#facts.newest.header.height)!
    const pendingNonce = (address: Uint8Array): number => readRecord(state, accounts, address)?.nonce ?? 0
    return { entries: none, get: none, counts: none, pendingNonce }
  }

  peerCount(): number {
    return this.network.peers().length
  }

  syncing(): undefined {}

  /** Nothing is told: methods that subscribe are refused (light-methods.ts). */
  subscribe(): () => void {
    return () => {}
  }
}

/** What else it would hold is refused when it is looked at. */
const headerAlone = ({ header, hash }: { readonly header: Header; readonly hash: Hash }): ExecutedBlock => ({
  block: {
    hash,
    header,
    get transactions(): never {
      throw lightNode('transactions')
    },
    get parentCertificate(): never {
      throw lightNode('certificates within blocks')
    },
  },
  get transactions(): never {
    throw lightNode('transactions')
  },
  get receipts(): never {
    throw lightNode('receipts')
  },
  final: true,
})
