/** Byzantine voters. */
import { signerBitmap } from '../../../consensus/certificate.ts'
import type { Message, VoteKind } from '../../../consensus/types.ts'
import { concatBytes, type Hash, ZERO_HASH } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { encodeNetworkMessage } from '../../../p2p/wire.ts'
import type { Actor } from '../machine.ts'
import { ownCertificate } from './forgery.ts'
import { lie } from './liar.ts'
import { type Stage, spoken } from './stage.ts'

/** Votes for everything in every view, and to nullify it. */
export function doubleVoter(stage: Stage): Actor {
  return {
    say: (message) => {
      const inner = spoken(message)
      if (inner?.type !== 'vote') return false
      const { epoch, view, blockHash, kind } = inner.vote
      const peers = stage.random.sample(stage.peers, stage.peers.length)
      // Not all to all: who hears which decides what a quorum may be made of.
      for (const peer of peers) {
        if (stage.random.chance(0.7)) stage.vote('nullify', epoch, view, ZERO_HASH, peer)
        if (kind !== 'nullify' && stage.random.chance(0.7)) stage.vote('finalize', epoch, view, blockHash, peer)
        if (kind !== 'nullify' && stage.random.chance(0.5)) stage.vote('notarize', epoch, view, sha256(blockHash), peer)
      }
      return false
    },
    hear: (_, message) => {
      const inner = spoken(message)
      // For whatever is proposed, whoever leads.
      if (inner?.type === 'proposal')
        stage.support(inner.proposal.epoch, inner.proposal.view, inner.proposal.block.hash)
      return true
    },
  }
}

/** Follows, and says nothing. */
export const silent = (): Actor => ({ say: () => true })

/** Says everything, long after. */
export function late(stage: Stage): Actor {
  const slowest = stage.random.between(1, 12) * stage.modules.networkDelayMs
  return {
    say: (message, to) => {
      stage.modules.after(stage.random.below(slowest), () => stage.modules.tell(to, message))
      return true
    },
  }
}

/** Never votes for a block; votes to nullify every view, as soon as anything is said in it. */
export function nullifier(stage: Stage): Actor {
  return {
    say: (message) => {
      const inner = spoken(message)
      if (inner?.type !== 'vote' && inner?.type !== 'proposal') return false
      const { epoch, view } = inner.type === 'vote' ? inner.vote : inner.proposal
      stage.vote('nullify', epoch, view)
      return true
    },
    hear: (_, message) => {
      const inner = spoken(message)
      if (inner?.type === 'proposal') stage.vote('nullify', inner.proposal.epoch, inner.proposal.view)
      return true
    },
  }
}

/** Certificates with too little power behind them, correctly signed by whoever is named; and with signers who did not sign. */
export function underCertifier(stage: Stage): Actor {
  function certify(kind: VoteKind, epoch: number, view: number, blockHash: Hash): void {
    const own = ownCertificate(stage, kind, epoch, view, blockHash)
    if (own === undefined) return
    const members = stage.modules.node()?.validatorSet(epoch)?.members ?? []
    const everybody = signerBitmap(members.keys(), members.length)
    const certificate = stage.random.chance(0.7) ? own : { ...own, signers: everybody }
    for (const peer of stage.random.sample(stage.peers, stage.random.between(1, stage.peers.length))) {
      stage.say({ type: 'certificate', certificate }, peer)
    }
  }
  return {
    hear: (_, message) => {
      const inner = spoken(message)
      if (inner?.type !== 'proposal' || stage.random.chance(0.5)) return true
      const { epoch, view, block } = inner.proposal
      const kind = stage.random.pick(['notarize', 'nullify', 'finalize'] as const)
      certify(kind, epoch, view, kind === 'nullify' ? ZERO_HASH : block.hash)
      return true
    },
  }
}

/** Speaks in others' names, swaps bodies under right headers, sends bytes that mean nothing, and lies when it is asked. */
export function forger(stage: Stage): Actor {
  const { random } = stage

  function forge(inner: Message): void {
    const peer = stage.peers.length === 0 ? undefined : random.pick(stage.peers)
    if (peer === undefined) return
    if (inner.type === 'vote') {
      const members = stage.modules.node()?.validatorSet(inner.vote.epoch)?.members.length ?? 1
      const blockHash = random.chance(0.5) ? inner.vote.blockHash : sha256(inner.vote.blockHash)
      const isNullify = blockHash.every((byte) => byte === 0)
      const kind: VoteKind = isNullify ? 'nullify' : random.pick(['notarize', 'finalize'])
      const vote = { ...inner.vote, kind, blockHash, validator: random.below(members) }
      stage.say({ type: 'vote', vote: { ...vote, signature: new Uint8Array(96).fill(7) } }, peer)
    }
    if (inner.type === 'proposal') {
      const { block } = inner.proposal
      stage.say(
        { type: 'proposal', proposal: { ...inner.proposal, block: { ...block, transactions: [block.hash] } } },
        peer,
      )
    }
    const bytes = encodeNetworkMessage({ type: 'consensus', message: inner })
    if (random.chance(0.1)) stage.modules.tellBytes(peer, bytes.subarray(0, random.below(bytes.length)))
    if (random.chance(0.1)) stage.modules.tellBytes(peer, concatBytes(bytes, Uint8Array.of(random.below(256))))
    if (random.chance(0.1)) stage.modules.tell(peer, { type: 'transactions', transactions: [sha256(bytes)] })
  }

  return {
    say: (message) => {
      const inner = spoken(message)
      if (inner !== undefined) forge(inner)
      return false
    },
    hear: (_, message) => {
      const inner = spoken(message)
      if (inner?.type === 'proposal') stage.modules.library.note(inner.proposal.block)
      if (inner !== undefined && random.chance(0.3)) forge(inner)
      return true
    },
    answer: (request, honest) => (random.chance(0.4) ? honest() : lie(stage, request, honest)),
  }
}
