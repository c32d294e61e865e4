/** Consensus messages on their way from the network to the engine, with what the network should make of them. */
import { verifyCertificate } from '../../consensus/certificate.ts'
import type { BlockTree } from '../../consensus/chain/block-tree.ts'
import { epochSetup } from '../../consensus/context.ts'
import type { Input } from '../../consensus/simplex/types.ts'
import type { Certificate, Message } from '../../consensus/types.ts'
import type { BlsScheme } from '../../core/bls.ts'
import type { Hash } from '../../core/bytes.ts'
import type { Origin, PeerId, Verdict } from '../../p2p/transport.ts'
import type { ChainEntry } from './entry.ts'
import type { GossipCheck } from './gossip-check.ts'
import type { VoteHold } from './vote-hold.ts'

export interface MessageIntakeModules {
  readonly gossip: GossipCheck
  readonly hold: VoteHold
  readonly tree: BlockTree<ChainEntry>
  readonly genesisHash: Hash
  readonly bls: BlsScheme
  push(input: Extract<Input, { readonly type: 'message' }>): void
}

export class MessageIntake {
  readonly #modules: MessageIntakeModules

  constructor(modules: MessageIntakeModules) {
    this.#modules = modules
  }

  /**
   * Of a vote or certificate for us alone nothing is said: the engine verifies it with others, blames its sender if it is bad,
   * and it is not passed on. A proposal is judged whichever way it came: others hear of it by gossip as soon as it is known to
   * be good here. For gossip see GossipCheck.
   */
  receive(from: PeerId, message: Message, origin: Origin): Verdict {
    const { gossip, hold, push } = this.#modules
    if (origin === 'direct' && message.type !== 'proposal') {
      if (message.type === 'certificate') this.#releaseHold(message.certificate)
      push({ type: 'message', message, from })
      return 'ignore'
    }
    const { verdict, ignored } = gossip.check(message)
    if (verdict === 'accept') {
      if (message.type === 'certificate') hold.release(message.certificate.blockHash)
      push({ type: 'message', message, from, isVerified: true })
    } else if (ignored === 'EPOCH_AHEAD' || (origin === 'direct' && verdict === 'ignore')) {
      // Not ours to judge, but the engine learns from it that it may be behind, or that what it let go is here again.
      push({ type: 'message', message, from })
    }
    return verdict
  }

  /** Only a certificate that verifies ends a hold: anybody can claim one. */
  #releaseHold(certificate: Certificate): void {
    const { hold, tree, genesisHash, bls } = this.#modules
    const entry = hold.holds(certificate.blockHash) ? tree.get(certificate.blockHash) : undefined
    if (entry === undefined || certificate.epoch !== entry.block.header.epoch) return
    const { set } = epochSetup(entry.state, certificate.epoch)
    if (verifyCertificate(certificate, set, genesisHash, bls)) hold.release(certificate.blockHash)
  }
}
