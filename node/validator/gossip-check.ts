/**
 * What becomes of consensus messages that came by gossip. The network passes them on once they are accepted here and counts
 * those that are rejected against their sender, so each is verified by itself, before the engine gets it:
 *
 *     ignore   another epoch, a final or far view, a known certificate or proposal, a third statement of one validator in one
 *              place: nobody's fault, or no use to others
 *     reject   a signer outside the set, a wrong shape, signature, quorum or body: whoever passed it on did not check, or lies
 *     accept   everything else; the engine takes it without verifying it again
 *
 * Cheap checks come first; a message costs at most one signature check, and a proposal the hash of its body. Messages for us
 * alone do not come here: the engine verifies them together, and blames their sender (PROTOCOL 5, 9).
 */
import { certificateFailure } from '../../consensus/certificate.ts'
import type { Simplex } from '../../consensus/simplex/engine.ts'
import { PROPOSAL_VIEWS_BEHIND } from '../../consensus/simplex/limits.ts'
import type { IgnoreCode } from '../../consensus/simplex/types.ts'
import type { Block, Certificate, Message, Proposal, Vote } from '../../consensus/types.ts'
import { verifyVote } from '../../consensus/vote.ts'
import type { BlsScheme } from '../../core/bls.ts'
import { equalBytes, type Hash } from '../../core/bytes.ts'
import type { Verdict } from '../../p2p/transport.ts'

/** Statements remembered, oldest forgotten first: three votes of each of 100 validators in 100 views. */
const MAX_REMEMBERED = 32_768

/** Different statements of one validator in one place that are worth passing on: two prove that it lies. */
const ENOUGH_FOR_EVIDENCE = 2

export interface GossipCheckModules {
  readonly engine: Pick<Simplex, 'refusalOf' | 'isLeaderSigned' | 'set' | 'view'>
  readonly genesisHash: Hash
  readonly bls: Pick<BlsScheme, 'verify' | 'verifyAggregate'>
  /** Whether the body, with the certificate in it, is the one that its header commits to. */
  isSoundBody(block: Block): boolean
}

interface Said {
  readonly blockHash: Hash
  readonly signature: Uint8Array
}

export interface GossipVerdict {
  readonly verdict: Verdict
  /** Why it was ignored, where the engine has a say in that. */
  readonly ignored?: IgnoreCode
}

const accept: GossipVerdict = { verdict: 'accept' }
const ignore: GossipVerdict = { verdict: 'ignore' }
const reject = (code: string): GossipVerdict => ({ verdict: { reject: code } })

export class GossipCheck {
  readonly #modules: GossipCheckModules
  /** By place and speaker. The engine has what was accepted only later, and a flood must not be verified until then. */
  readonly #said = new Map<string, readonly Said[]>()

  constructor(modules: GossipCheckModules) {
    this.#modules = modules
  }

  check(message: Message): GossipVerdict {
    const refusal = this.#modules.engine.refusalOf(message)
    if (refusal !== undefined) {
      return 'ignored' in refusal ? { verdict: 'ignore', ignored: refusal.ignored } : reject(refusal.rejected)
    }
    switch (message.type) {
      case 'vote':
        return this.#vote(message.vote)
      case 'certificate':
        return this.#certificate(message.certificate)
      case 'proposal':
        return this.#proposal(message.proposal)
    }
  }

  #vote(vote: Vote): GossipVerdict {
    const { engine, genesisHash, bls } = this.#modules
    const place = `${vote.epoch}/${vote.view}/${vote.kind}/${vote.validator}`
    const before = this.#said.get(place) ?? []
    // Said again, as S8 has it, for those who missed it: verified already.
    if (before.some((said) => isSame(said, vote))) return accept
    if (before.length >= ENOUGH_FOR_EVIDENCE) return ignore
    if (!verifyVote(vote, engine.set, genesisHash, bls)) return reject('VOTE_SIGNATURE')
    this.#remember(place, vote)
    return accept
  }

  #certificate(certificate: Certificate): GossipVerdict {
    const { engine, genesisHash, bls } = this.#modules
    const { epoch, view, kind, blockHash } = certificate
    const place = `${epoch}/${view}/${kind}`
    const before = this.#said.get(place) ?? []
    // S8: only the first of its kind and view is passed on. One for another block is news: a third of the power lied.
    if (before.length >= ENOUGH_FOR_EVIDENCE || before.some((said) => equalBytes(said.blockHash, blockHash))) {
      return ignore
    }
    const failure = certificateFailure(certificate, engine.set, genesisHash, bls)
    if (failure !== undefined) return reject(failure.code)
    this.#remember(place, certificate)
    return accept
  }

  #proposal(proposal: Proposal): GossipVerdict {
    const { engine, isSoundBody } = this.#modules
    const { epoch, view, block, signature } = proposal
    // Too old to be voted for; should its block be notarised after all, those who miss it fetch it by hash.
    if (view < engine.view - PROPOSAL_VIEWS_BEHIND) return { verdict: 'ignore', ignored: 'VIEW_PAST' }
    const place = `${epoch}/${view}`
    const before = this.#said.get(place) ?? []
    if (before.length >= ENOUGH_FOR_EVIDENCE || before.some((said) => equalBytes(said.blockHash, block.hash))) {
      return ignore
    }
    if (!engine.isLeaderSigned(proposal)) return reject('PROPOSAL_SIGNATURE')
    if (!isSoundBody(block)) return reject('BLOCK_BODY')
    this.#remember(place, { blockHash: block.hash, signature })
    return accept
  }

  #remember(place: string, { blockHash, signature }: Said): void {
    this.#said.set(place, [...(this.#said.get(place) ?? []), { blockHash, signature }])
    if (this.#said.size <= MAX_REMEMBERED) return
    const oldest = this.#said.keys().next().value
    if (oldest !== undefined) this.#said.delete(oldest)
  }
}

const isSame = (a: Said, b: Said): boolean =>
  equalBytes(a.blockHash, b.blockHash) && equalBytes(a.signature, b.signature)
