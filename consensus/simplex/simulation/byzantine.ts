/** What faulty validators do instead. They hold their own keys and no others. */
import { equalBytes, ZERO_HASH } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import type { Block, Certificate, Message, VoteKind } from '../../types.ts'
import { proposalBytes, signVote } from '../../vote.ts'
import type { Host } from './host.ts'
import { checkBody, childBlock, GENESIS_HASH, INVALID_MARK } from './network.ts'
import type { Misdeed } from './plan.ts'
import type { World } from './world.ts'

export class Byzantine {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  #misdeed(host: Host): Misdeed | undefined {
    return host.key === undefined ? undefined : this.#world.plan.byzantine.get(host.key.index)
  }

  /** The first byte is what a block says of itself. */
  payload(host: Host, random: Uint8Array): Uint8Array {
    const payload = random.slice()
    payload[0] = this.#misdeed(host) === 'invalidBlocks' ? INVALID_MARK : payload[0]! & 0x7f
    return payload
  }

  /** True when the block was dealt with otherwise than by proposing it to all. */
  propose(host: Host, block: Block, parent: Block, certificate: Certificate | undefined): boolean {
    const misdeed = this.#misdeed(host)
    if (misdeed !== 'equivocate' && misdeed !== 'withhold' && misdeed !== 'fork') return false
    const { epoch, view, proposer } = block.header
    const payload = this.payload(host, sha256(block.hash))
    const place = { epoch, view, proposer }
    if (misdeed === 'fork') {
      const older = this.#world.random.pick(host.parents)
      const { header, hash } = older.block
      const fork = childBlock(header, hash, older.notarization, place, payload)
      for (const to of this.#world.hosts) this.#propose(host, to, fork)
      this.#vote(host, 'notarize', epoch, view, fork.hash)
      this.#vote(host, 'finalize', epoch, view, fork.hash)
      return true
    }
    const other = misdeed === 'withhold' ? block : childBlock(parent.header, parent.hash, certificate, place, payload)
    for (const to of this.#world.hosts) {
      if (misdeed === 'withhold' && this.#world.random.chance(0.5)) continue
      this.#propose(host, to, this.#world.random.chance(0.5) ? block : other)
    }
    for (const each of [block, other]) {
      this.#vote(host, 'notarize', epoch, view, each.hash)
      this.#vote(host, 'finalize', epoch, view, each.hash)
    }
    return true
  }

  #propose(host: Host, to: Host, block: Block): void {
    const { epoch, view } = block.header
    const unsigned = { epoch, view, block }
    const signature = this.#world.scheme.sign(host.key!.secretKey, proposalBytes(GENESIS_HASH, unsigned))
    this.#world.send(host, to, { type: 'proposal', proposal: { ...unsigned, signature } })
  }

  #indexIn(host: Host, epoch: number): number {
    const { members } = this.#world.contextOf(epoch).set
    return members.findIndex(({ address }) => equalBytes(address, host.key!.address))
  }

  #vote(host: Host, kind: VoteKind, epoch: number, view: number, blockHash: Uint8Array): void {
    const key = host.key!
    const validator = this.#indexIn(host, epoch)
    if (validator < 0) return
    const signer = {
      publicKey: key.publicKey,
      sign: (message: Uint8Array) => this.#world.scheme.sign(key.secretKey, message),
    }
    const vote = signVote({ kind, epoch, view, blockHash, validator }, GENESIS_HASH, signer)
    for (const to of this.#world.hosts) this.#world.send(host, to, { type: 'vote', vote })
  }

  /** True when the message was dealt with otherwise than by sending it to all. */
  say(host: Host, message: Message): boolean {
    switch (this.#misdeed(host)) {
      case 'silent':
        return true
      case 'doubleVote': {
        if (message.type !== 'vote') return false
        const { epoch, view, blockHash, kind } = message.vote
        this.#vote(host, 'nullify', epoch, view, ZERO_HASH)
        if (kind !== 'nullify') this.#vote(host, 'finalize', epoch, view, blockHash)
        this.#vote(host, 'notarize', epoch, view, sha256(blockHash))
        return false
      }
      case 'forge':
        this.#forge(host, message)
        return false
      default:
        return false
    }
  }

  /** What faulty validators make of a proposal that comes by. */
  hear(host: Host, message: Message): void {
    const misdeed = this.#misdeed(host)
    // Bodies that are swapped already come from another forger; together they would go on for ever.
    if (misdeed === undefined || message.type !== 'proposal' || !checkBody(message.proposal.block)) return
    const { block, epoch, view } = message.proposal
    if (misdeed === 'equivocate' || misdeed === 'fork') {
      // The faulty back one another: whatever one of them proposes, all vote for.
      if (!this.#world.isByzantine(block.header.proposer)) return
      this.#vote(host, 'notarize', epoch, view, block.hash)
      this.#vote(host, 'finalize', epoch, view, block.hash)
    }
    if (misdeed !== 'forge') return
    const swapped = { ...block, transactions: [sha256(block.hash)] }
    for (const to of this.#world.hosts) {
      this.#world.send(host, to, { type: 'proposal', proposal: { ...message.proposal, block: swapped } })
    }
  }

  #forge(host: Host, message: Message): void {
    if (message.type !== 'vote') return
    const { members } = this.#world.contextOf(message.vote.epoch).set
    const validator = this.#world.random.below(members.length)
    const blockHash = this.#world.random.chance(0.5) ? message.vote.blockHash : sha256(message.vote.blockHash)
    const kind: VoteKind = equalBytes(blockHash, ZERO_HASH)
      ? 'nullify'
      : this.#world.random.pick(['notarize', 'finalize'])
    const vote = { ...message.vote, kind, validator, blockHash, signature: new Uint8Array(96).fill(7) }
    for (const to of this.#world.hosts) this.#world.send(host, to, { type: 'vote', vote })
  }
}
