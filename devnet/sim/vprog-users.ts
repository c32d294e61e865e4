/**
 * Users of lanes and covenants. They send to whatever node is up, as the others do (workload.ts), from accounts and draws of
 * their own, and from a little before the chain takes such transactions. One of them sends false proofs, for it is barred from
 * sending others soon after.
 */
import { hexKey } from '../../core/bytes.ts'
import { keccak256 } from '../../core/hash.ts'
import type { Random } from '../../core/random.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import { signQuickly } from '../../node/ingest/quick-sign.ts'
import { VPROG_GRAM, VprogTraffic } from '../../node/vprog/traffic.ts'
import { hasScripts } from '../../vm/execution/limits.ts'
import { intrinsicGas } from '../../vm/gas.ts'
import { FIRST_VPROG_USER, VPROG_USERS } from './genesis.ts'
import { PROOF_SECRET, simKey } from './keys.ts'
import type { Plan } from './plan.ts'

export interface VprogUserModules {
  readonly plan: Plan
  readonly random: Random
  /** A node that takes transactions now. */
  node(): ChainNode | undefined
  /** Whether the run has not had enough of them in final blocks. */
  isWanted(): boolean
}

/** Blocks before the activation from which on they try. */
const EAGER_BLOCKS = 2
/** Sent ahead of the chain, so that outputs to spend are there soon; for each block after that, what the plan says. */
const AHEAD = 6
/** While more are wanted. Blocks may be slow, and what waits long for one is forgotten before it can be spent. */
const WANTED_PER_BLOCK = 2
/** Then so many at once: blocks may be quick as well. */
const WANTED_AT_ONCE = 4
const FALSE_PROOFS = 0.06
/** Of blocks that settlements name, below the newest final one at most. */
const MAX_BLOCK_AGE = 6

export class VprogUsers {
  readonly #modules: VprogUserModules
  readonly #traffic: VprogTraffic
  #sent = 0
  /** Hashes of transactions that no honest verifier takes. */
  readonly forged = new Set<string>()
  refused = 0

  constructor(modules: VprogUserModules) {
    this.#modules = modules
    this.#traffic = new VprogTraffic(modules.random, PROOF_SECRET)
  }

  /** One more transaction, or several while they are wanted, if there is a node to take it and room for more. */
  async send(): Promise<void> {
    for (let left = this.#modules.isWanted() ? WANTED_AT_ONCE : 1; left > 0; left--) await this.#sendOne()
  }

  async #sendOne(): Promise<void> {
    const { plan, random, isWanted } = this.#modules
    const node = this.#modules.node()
    if (node === undefined) return
    const { height } = node.latest()
    const state = node.stateAt(height)
    const behind = height + 1 - plan.vprogsFrom
    if (state === undefined || behind < -EAGER_BLOCKS) return
    const room = (perBlock: number): boolean => this.#sent < AHEAD + perBlock * Math.max(0, behind)
    if (!room(plan.vprogsPerBlock) && !(room(WANTED_PER_BLOCK) && isWanted())) return
    const isFalse = random.chance(FALSE_PROOFS)
    const user = simKey(FIRST_VPROG_USER + (isFalse ? VPROG_USERS - 1 : random.below(VPROG_USERS - 1)))
    const nonce = node.pool().pendingNonce(user.address)
    const scene = { state, height: height + 1, block: this.#blockOf(node), sender: { address: user.address, nonce } }
    const action = isFalse ? this.#traffic.drawFalse(scene) : this.#traffic.draw(scene)
    if (action === undefined) return
    this.#sent++
    const fields = {
      ...({ type: 'native', chainId: plan.params.chainId, nonce, action } as const),
      ...{ maxPriorityFeePerGas: BigInt(random.below(3)), maxFeePerGas: 1_000_000n },
      gasLimit: intrinsicGas(action) + (hasScripts(action) ? VPROG_GRAM : 0),
    }
    const raw = signQuickly(fields, user.privateKey)
    if (isFalse) this.forged.add(hexKey(keccak256(raw)))
    const answer = await node.submit(raw)
    if (!answer.ok) this.refused++
  }

  /** Now and then the tip, which may be abandoned. */
  #blockOf(node: ChainNode) {
    const { random } = this.#modules
    const newest = random.chance(0.3) ? node.latest().height : node.finalized().height
    const block = node.blockByHeight(Math.max(0, newest - random.below(MAX_BLOCK_AGE)))?.block
    return block === undefined ? undefined : { hash: block.hash, seqCommit: block.header.seqCommit }
  }
}
