/** One engine among four equal validators, played by hand. Test-only. */
import { type Hash, ZERO_HASH } from '../../core/bytes.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import { leaderOf } from '../../vm/leader.ts'
import { aggregateVotes } from '../certificate.ts'
import type { Block, Certificate, Message, Proposal, Vote, VoteKind } from '../types.ts'
import { proposalBytes, type Signer, signVote } from '../vote.ts'
import { Simplex } from './engine.ts'
import {
  BLOCK_INTERVAL_MS,
  checkBody,
  childBlock,
  contextOf,
  GENESIS,
  GENESIS_HASH,
  makeKeys,
  NETWORK_DELAY_MS,
} from './simulation/network.ts'
import type { Input, JournalRecord, Output, SimplexOptions } from './types.ts'

export const scheme = standInScheme()
export const keys = makeKeys(scheme, 4)
export const contextAt = (epoch: number) => contextOf(keys, 1, epoch)
export const EVERYBODY = [0, 1, 2, 3] as const

export const signerOfKey = (index: number): Signer => ({
  publicKey: keys[index]!.publicKey,
  sign: (message) => scheme.sign(keys[index]!.secretKey, message),
})

export const leaderIn = (view: number, epoch = 0): number => {
  const { set, randomness } = contextAt(epoch)
  return leaderOf(set, randomness, view)
}

/** Somebody who leads none of these views. */
export function followerOf(...views: number[]): number {
  const leaders = views.map((view) => leaderIn(view))
  const follower = EVERYBODY.find((index) => !leaders.includes(index))
  if (follower === undefined) throw new Error('everybody leads one of these views')
  return follower
}

/** The first view after `from` that `index` leads. */
export function viewLedBy(index: number, from = 0): number {
  let view = from
  while (leaderIn(view) !== index) view++
  return view
}

export const vote = (kind: VoteKind, view: number, blockHash: Hash, validator: number, epoch = 0): Vote =>
  signVote({ kind, epoch, view, blockHash, validator }, GENESIS_HASH, signerOfKey(validator))

export const certificate = (
  kind: VoteKind,
  view: number,
  blockHash: Hash = ZERO_HASH,
  validators: readonly number[] = [0, 1, 2],
  epoch = 0,
): Certificate =>
  aggregateVotes(
    validators.map((validator) => vote(kind, view, blockHash, validator, epoch)),
    contextAt(epoch).set,
    scheme,
  )

export const GENESIS_BLOCK = GENESIS.block

/** A block of the view's leader on a parent that was notarised in `parentView`. */
export function blockAt(
  view: number,
  parent: Block = GENESIS_BLOCK,
  payload = 1,
  parentView = parent.header.view,
): Block {
  const notarization = parent === GENESIS_BLOCK ? undefined : certificate('notarize', parentView, parent.hash)
  const proposer = keys[leaderIn(view)]!.address
  return childBlock(parent.header, parent.hash, notarization, { epoch: 0, view, proposer }, Uint8Array.of(payload))
}

export function proposal(view: number, block: Block, leader = leaderIn(view)): Proposal {
  const unsigned = { epoch: 0, view, block }
  return { ...unsigned, signature: signerOfKey(leader).sign(proposalBytes(GENESIS_HASH, unsigned)) }
}

type OutputOf<Type extends Output['type']> = Extract<Output, { readonly type: Type }>

/** An engine and what it said since the last look. */
export class Bench {
  readonly engine: Simplex
  readonly records: JournalRecord[] = []
  #said: Output[] = []

  constructor(me: number | undefined, overrides: Partial<SimplexOptions> = {}) {
    this.engine = new Simplex({
      genesisHash: GENESIS_HASH,
      epochBlocks: 100,
      blockIntervalMs: BLOCK_INTERVAL_MS,
      networkDelayMs: NETWORK_DELAY_MS,
      scheme,
      ...(me !== undefined && { signer: signerOfKey(me) }),
      checkBody,
      head: GENESIS,
      context: contextAt(0),
      ...overrides,
    })
    this.step({ type: 'start' })
  }

  step(input: Input): Output[] {
    const outputs = this.engine.step(input)
    for (const output of outputs) if (output.type === 'persist') this.records.push(output.record)
    this.#said.push(...outputs)
    return outputs
  }

  hear(message: Message, from = 'peer'): Output[] {
    return this.step({ type: 'message', message, from })
  }

  hearVote(kind: VoteKind, view: number, blockHash: Hash, validator: number): Output[] {
    return this.hear({ type: 'vote', vote: vote(kind, view, blockHash, validator) })
  }

  hearCertificate(kind: VoteKind, view: number, blockHash: Hash = ZERO_HASH): Output[] {
    return this.hear({ type: 'certificate', certificate: certificate(kind, view, blockHash) })
  }

  hearProposal(view: number, block: Block): Output[] {
    return this.hear({ type: 'proposal', proposal: proposal(view, block) })
  }

  validate(block: Block, verdict: 'valid' | 'invalid' | 'retry' = 'valid'): Output[] {
    return this.step({ type: 'validated', blockHash: block.hash, verdict })
  }

  timer(which: 'propose' | 'advance'): Output[] {
    return this.step({ type: 'timer', id: `${which}/${this.engine.epoch}/${this.engine.view}` })
  }

  tick(): Output[] {
    return this.step({ type: 'timer', id: 'resend' })
  }

  /** Everything since the last call. */
  said(): Output[] {
    return this.#said.splice(0)
  }
}

export const ofType = <Type extends Output['type']>(outputs: readonly Output[], type: Type): OutputOf<Type>[] =>
  outputs.filter((output): output is OutputOf<Type> => output.type === type)

/** Broadcast votes as `kind/view`, in order. */
export const votesIn = (outputs: readonly Output[]): string[] =>
  ofType(outputs, 'broadcast').flatMap(({ message }) =>
    message.type === 'vote' ? [`${message.vote.kind}/${message.vote.view}`] : [],
  )

/** Outputs as short words, for the order of things. */
export const wordsIn = (outputs: readonly Output[]): string[] =>
  outputs.map((output) => {
    if (output.type === 'persist') {
      const { record } = output
      return `persist ${record.type === 'vote' ? record.vote.kind : record.type === 'certificate' ? `${record.certificate.kind} certificate` : record.type}`
    }
    if (output.type === 'broadcast') {
      const { message } = output
      return `send ${message.type === 'vote' ? message.vote.kind : message.type === 'certificate' ? `${message.certificate.kind} certificate` : message.type}`
    }
    if (output.type === 'setTimer' || output.type === 'cancelTimer') return `${output.type} ${output.id}`
    if (output.type === 'ignored' || output.type === 'rejected') return `${output.type} ${output.code}`
    if (output.type === 'halt') return `halt ${output.code}`
    return output.type
  })
