/**
 * A chain of lanes and covenants that branches: blocks grow on any block that is not final, the tip jumps between branches,
 * and becomes final as far as a test says. One validator, no network, no clock.
 */
import { buildBlock } from '../../../consensus/build.ts'
import { aggregateVotes } from '../../../consensus/certificate.ts'
import { BlockTree } from '../../../consensus/chain/block-tree.ts'
import { epochSetup } from '../../../consensus/context.ts'
import { candidatesOf, testGenesis, testKey } from '../../../consensus/testing/chain.ts'
import type { Block, Certificate, VoteKind } from '../../../consensus/types.ts'
import { revealBytes, signerOf, signVote } from '../../../consensus/vote.ts'
import type { BlsScheme } from '../../../core/bls.ts'
import { hexKey, utf8 } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { type KvStore, MemoryStore } from '../../../core/kv.ts'
import { type Random, randomStream } from '../../../core/random.ts'
import { standInScheme } from '../../../core/stand-in-bls.ts'
import { referenceKernel } from '../../../vm/compute/tile.ts'
import type { ExecutionRules } from '../../../vm/execution/types.ts'
import { intrinsicGas } from '../../../vm/gas.ts'
import type { Genesis } from '../../../vm/genesis.ts'
import { DIFFICULTY_FLOOR_MACS, PRESETS } from '../../../vm/params.ts'
import { accounts } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { decodeEnvelope, withSender } from '../../../vm/transaction/envelope.ts'
import type { Transaction } from '../../../vm/transaction/types.ts'
import { developmentKeyOf } from '../../../vm/zk/development.ts'
import type { NodeApi } from '../../api.ts'
import { ChainView } from '../../chain-view.ts'
import { executionRules } from '../../execution-rules.ts'
import { genesisEntry } from '../../genesis-entry.ts'
import { signQuickly } from '../../ingest/quick-sign.ts'
import { ChainStore } from '../../storage/chain-store.ts'
import { type ChainEntry, entryOf } from '../../validator/entry.ts'
import { inlineProofs } from '../../zk/proofs.ts'
import { VPROG_GRAM, VprogTraffic } from '../traffic.ts'

const PROOF_SECRET = sha256(utf8('branching chain'))

const PARAMS = {
  ...PRESETS.devnet,
  epochBlocks: 64,
  seedWindowBlocks: 4,
  laneWindowBlocks: 8,
  genesisDifficultyMacs: DIFFICULTY_FLOOR_MACS,
  devProofKey: hexKey(developmentKeyOf(PROOF_SECRET)),
}

/** Keys that hold money and do not validate. */
const USERS = [1, 2, 3] as const
const MAX_TRANSACTIONS = 4

export class BranchingChain {
  readonly genesis: Genesis
  readonly scheme: BlsScheme
  readonly store: ChainStore
  readonly rules: ExecutionRules
  readonly tree: BlockTree<ChainEntry>
  readonly view: ChainView
  readonly #random: Random
  readonly #traffic: VprogTraffic
  readonly #notarizations = new Map<string, Certificate>()
  #forks = 0

  private constructor(seed: number, genesis: Genesis, scheme: BlsScheme, store: ChainStore) {
    this.genesis = genesis
    this.scheme = scheme
    this.store = store
    const proofs = inlineProofs(genesis.params).verifier
    this.rules = executionRules(genesis, store.head.hash, { kernel: referenceKernel, bls: scheme, proofs })
    const final = { block: store.head, state: store.state, transactions: [], receipts: [], layer: undefined }
    this.tree = new BlockTree<ChainEntry>(final)
    this.view = new ChainView(store, this.tree, genesis.params, () => undefined)
    this.#random = randomStream(seed, 'branches')
    this.#traffic = new VprogTraffic(randomStream(seed, 'traffic'), PROOF_SECRET)
  }

  static async open(seed: number, kv: KvStore = new MemoryStore()): Promise<BranchingChain> {
    const scheme = standInScheme()
    const genesis = testGenesis(1, PARAMS, scheme)
    return new BranchingChain(seed, genesis, scheme, await ChainStore.open(kv, genesisEntry(genesis)))
  }

  /** What a node would answer. */
  get reads(): Pick<NodeApi, 'vprogs' | 'holdings' | 'latest' | 'blockByHeight'> {
    const { view, store } = this
    return {
      vprogs: view.vprogs,
      holdings: () => ({ mode: 'full', ...store.held, requests: [] }),
      latest: () => view.latest(),
      blockByHeight: (height) => view.blockByHeight(height),
    }
  }

  /** A block on an open one or on the last final one. */
  grow(parent: ChainEntry = this.tree.tip): ChainEntry {
    const { block } = parent
    const { header } = block
    const height = header.height + 1
    const { set } = epochSetup(parent.state, 0)
    const [member] = set.members
    // Siblings differ at least in their views.
    const view = header.view + 1 + (this.#forks++ % 3)
    const applied = buildBlock(
      {
        parent,
        parentCertificate: height === 1 ? undefined : this.#notarization(block),
        view,
        timestampMs: 0,
        proposer: member!.address,
        randomnessReveal: this.scheme.sign(testKey(0).blsSecretKey, revealBytes(this.rules.genesisHash, 0, view)),
        candidates: candidatesOf(this.#transactions(parent)),
      },
      this.rules,
    )
    const entry = entryOf(applied)
    this.tree.add(entry)
    return this.tree.get(applied.block.hash)!
  }

  moveTip(to: ChainEntry): void {
    this.tree.setTip(to.block.hash)
  }

  /** So many blocks of the tip's branch, as `writeFinal` does it; the last is final directly. */
  async finalise(blocks: number): Promise<void> {
    const branch = this.tree.branch(this.tree.tip.block.hash)!.slice(0, blocks)
    for (const [i, { block, layer, transactions, receipts }] of branch.entries()) {
      await this.store.commit({
        ...{ block, transactions, receipts, writes: layer!.writes, update: layer!.update },
        notarization: this.#notarization(block),
        finalization: i === branch.length - 1 ? this.#certify('finalize', block) : undefined,
      })
      layer!.settle()
      this.tree.finalise(block.hash)
    }
  }

  /** A final chain of so many blocks more. */
  async run(blocks: number): Promise<void> {
    for (let left = blocks; left > 0; left--) {
      this.moveTip(this.grow())
      await this.finalise(1)
    }
  }

  #notarization(block: Block): Certificate {
    const id = hexKey(block.hash)
    const known = this.#notarizations.get(id) ?? this.#certify('notarize', block)
    this.#notarizations.set(id, known)
    return known
  }

  #certify(kind: VoteKind, { header, hash }: Block): Certificate {
    const { set } = epochSetup(this.store.state, 0)
    const vote = { kind, epoch: 0, view: header.view, blockHash: hash, validator: 0 }
    const signer = signerOf(this.scheme, testKey(0).blsSecretKey)
    return aggregateVotes([signVote(vote, this.rules.genesisHash, signer)], set, this.scheme)
  }

  /** Of kinds 16 and 17; now and then a transfer among them. */
  #transactions({ state, block }: ChainEntry): Transaction[] {
    const nonces = new Map<number, number>()
    return Array.from({ length: this.#random.below(MAX_TRANSACTIONS + 1) }, () => {
      const user = this.#random.pick(USERS)
      const { owner: address, privateKey } = testKey(user)
      const nonce = nonces.get(user) ?? readRecord(state, accounts, address)?.nonce ?? 0
      nonces.set(user, nonce + 1)
      const drawn = this.#random.chance(0.1)
        ? undefined
        : this.#traffic.draw({
            state,
            height: block.header.height + 1,
            block: { hash: block.hash, seqCommit: block.header.seqCommit },
            sender: { address, nonce },
          })
      const action = drawn ?? ({ kind: 'TRANSFER', to: address, value: 1n, memo: new Uint8Array(0) } as const)
      const { chainId } = PARAMS
      const raw = signQuickly(
        {
          ...({ type: 'native', chainId, nonce, action } as const),
          ...{ maxPriorityFeePerGas: 1_000n, maxFeePerGas: 1_000_000n },
          gasLimit: intrinsicGas(action) + (drawn === undefined || drawn.inputs.length === 0 ? 0 : VPROG_GRAM),
        },
        privateKey,
      )
      return withSender(decodeEnvelope(raw, chainId), address)
    })
  }
}
