/**
 * A chain made block after block, without network, clock or waiting: for tests, fixtures and measurements. The blocks are
 * what validators would have made: leaders in their turn, missed views, absent voters, real certificates, epochs whose last
 * block is notarised again in a later view, blocks that no finalization names. Equal plans give equal bytes.
 *
 *     const maker = await ChainMaker.open(new MemoryStore())
 *     await maker.run(500)
 *     maker.chain.stateAt(250)
 *
 * The signatures of a certificate are summed before they are made: one by the sum of the secret keys is, to the bit, the
 * aggregate of one by each of them.
 */
import { buildBlock, type Candidates } from '../../consensus/build.ts'
import { signerBitmap } from '../../consensus/certificate.ts'
import { epochSetup } from '../../consensus/context.ts'
import type { Block, Certificate, VoteKind } from '../../consensus/types.ts'
import type { AppliedBlock } from '../../consensus/validate.ts'
import { revealBytes, voteBytes } from '../../consensus/vote.ts'
import { bls } from '../../core/bls.ts'
import { bigIntToBytes, bytesToBigInt, hexKey } from '../../core/bytes.ts'
import { assert } from '../../core/errors.ts'
import type { KvStore } from '../../core/kv.ts'
import { type Random, randomStream } from '../../core/random.ts'
import { loadTileKernel } from '../../gpu/wasm/kernel.ts'
import { hasScripts } from '../../vm/execution/limits.ts'
import type { ExecutionRules } from '../../vm/execution/types.ts'
import { intrinsicGas } from '../../vm/gas.ts'
import type { Genesis } from '../../vm/genesis.ts'
import { leaderOf } from '../../vm/leader.ts'
import { epochOf, isLastBlockOfEpoch } from '../../vm/params.ts'
import { accounts } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { decodeEnvelope, decodeOptions, withSender } from '../../vm/transaction/envelope.ts'
import type { EnvelopeFields } from '../../vm/transaction/format.ts'
import type { Transaction } from '../../vm/transaction/types.ts'
import { isQuorum, totalPower, type ValidatorSet } from '../../vm/validator-set.ts'
import { executionRules } from '../execution-rules.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { signQuickly } from '../ingest/quick-sign.ts'
import { ChainStore } from '../storage/chain-store.ts'
import { VPROG_GRAM, VprogTraffic } from '../vprog/traffic.ts'
import { inlineProofs } from '../zk/proofs.ts'
import { type ChainPlan, MADE_PLAN, madeGenesis, makerKey, PROOF_SECRET } from './chain-plan.ts'
import { isAway, MAX_JOINERS, Traffic, type Wish } from './traffic.ts'

/** Order of the group that BLS secret keys belong to. */
const BLS_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n

/** Chances, each for one block. */
const VIEW_MISSED = 0.04
const VOTER_ABSENT = 0.08
const NOT_FINALISED_DIRECTLY = 0.1
const NOTARISED_AGAIN = 0.5
const FULL_BLOCK = 0.02
/** Of a transaction, once there are lanes and covenants, and of one of those to bring a false proof. */
const IS_VPROG = 0.4
const FALSE_PROOF = 0.05

export interface Tally {
  done: number
  failed: number
}

export class ChainMaker {
  readonly plan: ChainPlan
  readonly genesis: Genesis
  readonly chain: ChainStore
  /** What happened to transactions, by kind. */
  readonly tally = new Map<string, Tally>()
  /** Failures, by code. */
  readonly failures = new Map<string, number>()
  readonly #rules: ExecutionRules
  readonly #random: Random
  readonly #traffic: Traffic
  readonly #vprogRandom: Random
  readonly #vprogs: VprogTraffic
  /** By owner: secret key, and the number of a joiner. */
  readonly #members: ReadonlyMap<string, { readonly secret: bigint; readonly joiner: number | undefined }>

  private constructor(plan: ChainPlan, genesis: Genesis, chain: ChainStore) {
    this.plan = plan
    this.genesis = genesis
    this.chain = chain
    const genesisHash = chain.head.hash
    const kernel = loadTileKernel()
    this.#rules = executionRules(genesis, genesisHash, { kernel, bls, proofs: inlineProofs(plan.params).verifier })
    this.#random = randomStream(plan.seed, 'blocks')
    this.#traffic = new Traffic({ plan, random: randomStream(plan.seed, 'traffic'), kernel, genesisHash })
    this.#vprogRandom = randomStream(plan.seed, 'vprogs')
    this.#vprogs = new VprogTraffic(this.#vprogRandom, PROOF_SECRET)
    const member = (role: 'validator' | 'joiner') => (_: unknown, i: number) => {
      const { owner, blsSecretKey } = makerKey(role, i)
      const joiner = role === 'joiner' ? i : undefined
      return [hexKey(owner), { secret: bytesToBigInt(blsSecretKey), joiner }] as const
    }
    this.#members = new Map([
      ...Array.from({ length: plan.validators }, member('validator')),
      ...Array.from({ length: MAX_JOINERS }, member('joiner')),
    ])
  }

  /** @param store empty */
  static async open(store: KvStore, changes: Partial<ChainPlan> = {}): Promise<ChainMaker> {
    const plan = { ...MADE_PLAN, ...changes }
    const genesis = madeGenesis(plan)
    const chain = await ChainStore.open(store, genesisEntry(genesis))
    assert(chain.head.header.height === 0, 'a made chain begins in an empty store')
    return new ChainMaker(plan, genesis, chain)
  }

  /** Makes so many blocks more. The last one is finalised directly, as the head of a node is. */
  async run(blocks: number): Promise<void> {
    for (let left = blocks; left > 0; left--) await this.next(left === 1)
  }

  /** The next block, committed. */
  async next(isHead = true): Promise<AppliedBlock> {
    const { params } = this.plan
    const parent = this.chain.head
    const height = parent.header.height + 1
    const epoch = epochOf(height, params)
    const setup = epochSetup(this.chain.state, epoch)
    const view = this.#nextView(parent, epoch, setup)
    const leader = setup.set.members[leaderOf(setup.set, setup.randomness, view)]!
    const reveal = revealBytes(this.#rules.genesisHash, epoch, view)
    const applied = buildBlock(
      {
        parent: { block: parent, state: this.chain.state },
        parentCertificate: height === 1 ? undefined : this.chain.notarization(height - 1),
        view,
        timestampMs: parent.header.timestampMs + params.blockIntervalMs + this.#random.below(100),
        proposer: leader.address,
        randomnessReveal: this.#sign([leader.address], reveal),
        candidates: this.#candidates(height, epoch, view),
      },
      this.#rules,
    )
    const isLast = isLastBlockOfEpoch(height, params)
    const isAgain = this.#random.chance(NOTARISED_AGAIN) && isLast
    const isDirect = !this.#random.chance(NOT_FINALISED_DIRECTLY) || isLast || isHead
    const at = isAgain ? view + 1 : view
    await this.chain.commit({
      block: applied.block,
      transactions: applied.transactions,
      receipts: applied.outcome.receipts,
      writes: applied.state.writes,
      update: applied.state.update,
      notarization: this.#certify('notarize', applied.block, setup.set, at),
      // The chance of who is absent is drawn in any case, so that a longer run begins as a shorter one does.
      finalization: keepIf(isDirect, this.#certify('finalize', applied.block, setup.set, at)),
    })
    applied.state.settle()
    this.#count(applied)
    return applied
  }

  #isAway(owner: Uint8Array, epoch: number): boolean {
    const { joiner } = this.#member(owner)
    return joiner !== undefined && isAway(joiner, epoch)
  }

  #member(owner: Uint8Array) {
    const member = this.#members.get(hexKey(owner))
    assert(member !== undefined, 'the maker has the keys of every validator')
    return member
  }

  /** The next view whose leader is there and in the mood. */
  #nextView(parent: Block, epoch: number, { set, randomness }: ReturnType<typeof epochSetup>): number {
    const isFirst = parent.header.height === 0 || parent.header.epoch !== epoch
    let view = isFirst ? 0 : parent.header.view + 1
    while (
      this.#random.chance(VIEW_MISSED) ||
      this.#isAway(set.members[leaderOf(set, randomness, view)]!.address, epoch)
    ) {
      view++
    }
    return view
  }

  #sign(owners: readonly Uint8Array[], message: Uint8Array): Uint8Array {
    const sum = owners.reduce((total, owner) => (total + this.#member(owner).secret) % BLS_ORDER, 0n)
    return bls.sign(bigIntToBytes(sum, 32), message)
  }

  /** By those who are there, or by all where that is no quorum. */
  #certify(kind: VoteKind, block: Block, set: ValidatorSet, view: number): Certificate {
    const { epoch } = set
    const isThere = set.members.map(
      ({ address }) => !this.#random.chance(VOTER_ABSENT) && !this.#isAway(address, epoch),
    )
    const power = set.members.reduce((sum, member, i) => (isThere[i] ? sum + member.power : sum), 0n)
    const enough = isQuorum(power, totalPower(set))
    const indexes = set.members.flatMap((_, i) => (isThere[i] || !enough ? [i] : []))
    const message = voteBytes(this.#rules.genesisHash, { kind, epoch, view, blockHash: block.hash })
    return {
      kind,
      epoch,
      view,
      blockHash: block.hash,
      signers: signerBitmap(indexes, set.members.length),
      signature: this.#sign(
        indexes.map((i) => set.members[i]!.address),
        message,
      ),
    }
  }

  /** Drawn one by one while the block has room; what does not fit was never sent. */
  #candidates(height: number, epoch: number, view: number): Candidates {
    const { plan } = this
    const { state } = this.chain
    const scene = { state, height, epoch, view, hashAt: (at: number) => this.chain.blockAt(at)!.block.hash }
    const isFull = this.#random.chance(FULL_BLOCK)
    const drawn = this.#random.below(2 * plan.transactionsPerBlock + 1)
    let left = plan.transfersPerBlock ?? (isFull ? Math.floor((plan.params.gasLimit * 0.9) / 21_000) : drawn)
    const isTransfer = plan.transfersPerBlock !== undefined || isFull
    const nonces = new Map<string, number>()
    let last = ''
    return {
      next: () => {
        if (left-- <= 0) return undefined
        const nonceOf = (owner: Uint8Array) =>
          nonces.get(hexKey(owner)) ?? readRecord(state, accounts, owner)?.nonce ?? 0
        const wish = isTransfer
          ? this.#traffic.transfer()
          : (this.#vprogWish(height, nonceOf) ?? this.#traffic.wish(scene))
        last = hexKey(wish.from.owner)
        const nonce = nonceOf(wish.from.owner)
        nonces.set(last, nonce + 1)
        return this.#signed(wish, nonce)
      },
      skipSender: () => {
        nonces.set(last, nonces.get(last)! - 1)
      },
    }
  }

  /** Something for lanes and outputs, where the chain has them and somebody wants it. */
  #vprogWish(height: number, nonceOf: (owner: Uint8Array) => number): Wish | undefined {
    const { vprogsFrom, users } = this.plan
    const random = this.#vprogRandom
    if (vprogsFrom === undefined || height < vprogsFrom || !random.chance(IS_VPROG)) return undefined
    const from = makerKey('user', random.below(users))
    const { block } = this.chain.blockAt(Math.max(0, height - 1 - random.below(4)))!
    const scene = {
      state: this.chain.state,
      height,
      block: { hash: block.hash, seqCommit: block.header.seqCommit },
      sender: { address: from.owner, nonce: nonceOf(from.owner) },
    }
    const action = random.chance(FALSE_PROOF) ? this.#vprogs.drawFalse(scene) : this.#vprogs.draw(scene)
    return action === undefined ? undefined : { from, action }
  }

  #signed({ from, action }: Wish, nonce: number): Transaction {
    const { chainId } = this.plan.params
    const isPlain = action.kind === 'TRANSFER' && action.memo.length === 0
    const type = isPlain ? this.#random.pick(['legacy', 'eip1559', 'native'] as const) : 'native'
    const maxFeePerGas = 1_000_000n
    const fields: EnvelopeFields = {
      type,
      chainId,
      nonce,
      maxPriorityFeePerGas: type === 'legacy' ? maxFeePerGas : BigInt(this.#random.below(3_000)),
      maxFeePerGas,
      gasLimit: intrinsicGas(action) + (hasScripts(action) ? VPROG_GRAM : 0),
      action,
    }
    const raw = signQuickly(fields, from.privateKey)
    return withSender(decodeEnvelope(raw, chainId, decodeOptions(this.plan.params)), from.owner)
  }

  #count({ transactions, outcome }: AppliedBlock): void {
    for (const [i, { action }] of transactions.entries()) {
      const receipt = outcome.receipts[i]!
      const tally = this.tally.get(action.kind) ?? { done: 0, failed: 0 }
      this.tally.set(action.kind, tally)
      if (receipt.status === 1) tally.done++
      else tally.failed++
      if (receipt.error !== undefined) this.failures.set(receipt.error, (this.failures.get(receipt.error) ?? 0) + 1)
    }
  }
}

const keepIf = <T>(condition: boolean, value: T): T | undefined => (condition ? value : undefined)
