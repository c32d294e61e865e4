/**
 * The users of a run. They send to whatever node is up, a little for each block that becomes final, and what the run has to
 * have and lacks comes first, again and again, until it is in a final block: messages get lost, nodes crash with what waits in
 * them, and leaders leave out what they like.
 */
import type { ChainNode } from '../../node/chain-node.ts'
import { signQuickly } from '../../node/ingest/quick-sign.ts'
import { intrinsicGas } from '../../vm/gas.ts'
import type { StateReader } from '../../vm/state/view.ts'
import type { EnvelopeFields } from '../../vm/transaction/format.ts'
import { type DrawModules, type DrawnKind, makeDraws, type Wish } from './draws.ts'

export interface WorkloadModules extends DrawModules {
  /** A node that takes transactions now. */
  node(): ChainNode | undefined
  /** Kinds of which the run has not had enough in final blocks. */
  wanted(): readonly string[]
}

/** Sent ahead of the chain, and for each block that is final somewhere: enough for all kinds, and signing is dear. */
const AHEAD = 8
const PER_BLOCK = 1
/** Times that something is drawn that nobody can do before the round is over. */
const MAX_DRAWS = 4
/** What is wanted goes before the rest in this share of rounds, so that it does not come in one block. */
const WANTED_FIRST = 0.6

/** Beyond the budget what is wanted goes in this share of rounds: what was sent may be on its way. */
const WANTED_BEYOND = 0.25

const WEIGHTS: readonly (readonly [kind: DrawnKind, weight: number])[] = [
  ['TRANSFER', 28],
  ['DELEGATE', 14],
  ['UNDELEGATE', 8],
  ['CLAIM', 10],
  ['STAKE', 8],
  ['UNSTAKE', 4],
  ['UPDATE_VALIDATOR', 8],
  ['REGISTER_WORKER', 8],
  ['SUBMIT_RESULT', 8],
  ['UNJAIL', 4],
]
const TOTAL_WEIGHT = WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0)

export class Workload {
  readonly #modules: WorkloadModules
  readonly #draws: ReturnType<typeof makeDraws>
  submitted = 0
  refused = 0

  constructor(modules: WorkloadModules) {
    this.#modules = modules
    this.#draws = makeDraws(modules)
  }

  /** One more transaction, if there is a node to take it and room for more. */
  async send(): Promise<void> {
    const { plan, random } = this.#modules
    const node = this.#modules.node()
    const tip = node?.latest().height
    const state = tip === undefined ? undefined : node?.stateAt(tip)
    if (node === undefined || state === undefined) return
    const wish = this.#wish(node, state)
    if (wish === undefined) return
    const fields: EnvelopeFields = {
      type: 'native',
      chainId: plan.params.chainId,
      nonce: node.pool().pendingNonce(wish.from.address),
      maxPriorityFeePerGas: BigInt(random.below(3)),
      maxFeePerGas: 1_000_000n,
      gasLimit: intrinsicGas(wish.action),
      action: wish.action,
    }
    const answer = await node.submit(signQuickly(fields, wish.from.privateKey))
    if (answer.ok) this.submitted++
    else this.refused++
  }

  #wish(node: ChainNode, state: StateReader): Wish | undefined {
    const { random } = this.#modules
    const wanted = this.#modules.wanted()
    const isOverdrawn = this.submitted + this.refused >= AHEAD + PER_BLOCK * node.finalized().height
    if (isOverdrawn && (wanted.length === 0 || !random.chance(WANTED_BEYOND))) return undefined
    for (let draws = 0; draws < MAX_DRAWS; draws++) {
      const isWanted = wanted.length > 0 && (isOverdrawn || random.chance(WANTED_FIRST))
      const kind = isWanted ? random.pick(wanted) : this.#anyKind()
      const wish = this.#draws[kind as DrawnKind]?.(node, state)
      if (wish !== undefined) return wish
    }
    return undefined
  }

  #anyKind(): DrawnKind {
    let left = this.#modules.random.below(TOTAL_WEIGHT)
    for (const [kind, weight] of WEIGHTS) {
      left -= weight
      if (left < 0) return kind
    }
    return 'TRANSFER'
  }
}
