/**
 * What a byzantine validator has to act with: its own key and no other, the network, what its own honest node knows, and
 * chance. Everything that the parts in this folder do, they do through it.
 */
import type { Block, Message, Proposal, VoteKind } from '../../../consensus/types.ts'
import { proposalBytes, signerOf, signVote } from '../../../consensus/vote.ts'
import type { BlsScheme } from '../../../core/bls.ts'
import { type Address, equalBytes, type Hash, ZERO_HASH } from '../../../core/bytes.ts'
import type { Random } from '../../../core/random.ts'
import type { ChainNode } from '../../../node/chain-node.ts'
import type { NetworkMessage, PeerId } from '../../../p2p/transport.ts'
import { leaderOf } from '../../../vm/leader.ts'
import type { BlockLibrary } from '../block-library.ts'
import type { SimKey } from '../keys.ts'

/** The consensus message in it, if that is what it is. */
export const spoken = (message: NetworkMessage): Message | undefined =>
  message.type === 'consensus' ? message.message : undefined

export interface StageModules {
  readonly key: SimKey
  readonly random: Random
  readonly scheme: BlsScheme
  readonly genesisHash: Hash
  readonly networkDelayMs: number
  readonly library: BlockLibrary
  node(): ChainNode | undefined
  peers(): readonly PeerId[]
  /** To one, or to everybody. */
  tell(to: PeerId | undefined, message: NetworkMessage): void
  tellBytes(to: PeerId, bytes: Uint8Array): void
  after(delayMs: number, act: () => void): void
  isAlly(validator: Address): boolean
}

export class Stage {
  readonly modules: StageModules

  constructor(modules: StageModules) {
    this.modules = modules
  }

  get random(): Random {
    return this.modules.random
  }

  get peers(): readonly PeerId[] {
    return this.modules.peers()
  }

  say(message: Message, to?: PeerId): void {
    this.modules.tell(to, { type: 'consensus', message })
  }

  /** Our place in the set of an epoch; undefined while our node does not know it, or we are not in it. */
  indexIn(epoch: number): number | undefined {
    const members = this.modules.node()?.validatorSet(epoch)?.members ?? []
    const index = members.findIndex(({ address }) => equalBytes(address, this.modules.key.address))
    return index < 0 ? undefined : index
  }

  leads(epoch: number, view: number): boolean {
    const node = this.modules.node()
    const set = node?.validatorSet(epoch)
    const randomness = node?.epochRandomness(epoch)
    if (set === undefined || randomness === undefined) return false
    return equalBytes(set.members[leaderOf(set, randomness, view)]!.address, this.modules.key.address)
  }

  /** Signs whatever it is and sends it. */
  vote(kind: VoteKind, epoch: number, view: number, blockHash: Hash = ZERO_HASH, to?: PeerId): void {
    const validator = this.indexIn(epoch)
    if (validator === undefined) return
    const { scheme, key, genesisHash } = this.modules
    const vote = signVote({ kind, epoch, view, blockHash, validator }, genesisHash, signerOf(scheme, key.blsSecretKey))
    this.say({ type: 'vote', vote }, to)
  }

  /** All that helps a block to become final. */
  support(epoch: number, view: number, blockHash: Hash): void {
    this.vote('notarize', epoch, view, blockHash)
    this.vote('finalize', epoch, view, blockHash)
  }

  proposalOf(view: number, block: Block): Proposal {
    const { scheme, key, genesisHash } = this.modules
    const unsigned = { epoch: block.header.epoch, view, block }
    return { ...unsigned, signature: scheme.sign(key.blsSecretKey, proposalBytes(genesisHash, unsigned)) }
  }

  propose(view: number, block: Block, to?: PeerId): void {
    this.say({ type: 'proposal', proposal: this.proposalOf(view, block) }, to)
  }
}
