/**
 * The node behind the devnet's URL, which `dev_revert` replaces. Clients keep their connection and their subscriptions;
 * they see the chain go back as they would see a branch abandoned.
 */
import type { NodeApi, NodeEvent } from '../node/api.ts'

export class CurrentNode {
  readonly #listeners = new Set<(event: NodeEvent) => void>()
  #node: NodeApi
  #unsubscribe: () => void
  readonly api: NodeApi

  constructor(node: NodeApi) {
    this.#node = node
    this.#unsubscribe = this.#follow(node)
    this.api = this.#forward()
  }

  replace(node: NodeApi): void {
    this.#unsubscribe()
    this.#node = node
    this.#unsubscribe = this.#follow(node)
  }

  #follow(node: NodeApi): () => void {
    return node.subscribe((event) => {
      for (const listener of [...this.#listeners]) listener(event)
    })
  }

  /** Everything goes to whichever node is behind the URL at the moment of the call. */
  #forward(): NodeApi {
    const current = () => this.#node
    return {
      get vprogs() {
        return current().vprogs
      },
      genesis: this.#node.genesis,
      genesisHash: this.#node.genesisHash,
      network: this.#node.network,
      validator: this.#node.validator,
      rules: this.#node.rules,
      latest: () => this.#node.latest(),
      finalized: () => this.#node.finalized(),
      holdings: () => this.#node.holdings(),
      blockByHeight: (height) => this.#node.blockByHeight(height),
      blockByHash: (hash) => this.#node.blockByHash(hash),
      transactionByHash: (hash) => this.#node.transactionByHash(hash),
      stateAt: (height) => this.#node.stateAt(height),
      stateProof: (height, keys) => this.#node.stateProof(height, keys),
      answerLight: (request) => this.#node.answerLight(request),
      certificates: (height) => this.#node.certificates(height),
      validatorSet: (epoch) => this.#node.validatorSet(epoch),
      epochRandomness: (epoch) => this.#node.epochRandomness(epoch),
      nextBaseFee: () => this.#node.nextBaseFee(),
      verifyProof: (operands) => this.#node.verifyProof(operands),
      submit: (raw) => this.#node.submit(raw),
      pool: () => this.#node.pool(),
      peerCount: () => this.#node.peerCount(),
      syncing: () => this.#node.syncing(),
      subscribe: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
    }
  }
}
