/**
 * Consensus, transactions and evidence by gossip (gossipsub v1.1): for transactions and evidence the way, for consensus the
 * way to everybody who is not a directly connected validator, and the fallback where a direct connection is missing.
 *
 *     proposal      by its author; whole up to 512 KiB where a neighbour lacks it, else announced (envelope.ts)
 *     vote          while some validator is not connected directly, and whenever it is said again (S8)
 *     certificate   a little later than by stream, unless one for the same view has come by: one of many is enough
 *
 * Validation before forwarding: accept passes on, ignore does not, reject counts against who handed it over (P4, and the
 * application score). What was accepted once is passed on again when it is said again (relay.ts).
 */
import { createHash } from 'node:crypto'
import { type GossipSub, TopicValidatorResult } from '@libp2p/gossipsub'
import type { Block, Certificate, Message, Proposal } from '../consensus/types.ts'
import type { Hash } from '../core/bytes.ts'
import { QuernError } from '../core/errors.ts'
import { Announcements, type AnnouncementsOptions, proposalKey } from './announcements.ts'
import {
  announcementEnvelope,
  decodeEnvelope,
  MAX_WHOLE_BYTES,
  SLOT_WINDOW_MS,
  slotMsOf,
  wholeEnvelope,
} from './envelope.ts'
import { OutgoingGossip } from './limits.ts'
import type { MessageType } from './message-types.ts'
import { type ProtocolNames, TOPICS, type Topic } from './protocols.ts'
import { Relay } from './relay.ts'
import type { NetworkMessage, PeerId, Verdict } from './transport.ts'
import { encodeNetworkMessage } from './wire.ts'

/** Certificates waiting for their moment; each is gone within a D. */
const MAX_PENDING_CERTIFICATES = 1_024
/** Of D, by chance: within it the first one's certificate reaches the others. */
const CERTIFICATE_DELAY = 0.5

export interface GossipOptions extends Omit<AnnouncementsOptions, 'deliver'> {
  readonly pubsub: GossipSub
  readonly names: ProtocolNames
  readonly nowMs: () => number
  isStarted(): boolean
  /** Cut off; what was on its way from it still comes. */
  isUnwelcome(peer: PeerId): boolean
  /** Whether the sender's limits have room. */
  admits(from: PeerId, type: MessageType, bytes: number): boolean
  deliver(from: PeerId, message: NetworkMessage, bytes: number): Promise<Verdict>
  onReceived(topic: Topic, bytes: number): void
  onSent(topic: Topic, bytes: number): void
  /** Could not be published. */
  onDropped(topic: Topic): void
}

/** The library takes this third argument, and does not declare it. */
interface Publisher {
  publish(topic: string, data: Uint8Array, options: { readonly floodPublish: boolean }): Promise<unknown>
}

const topicOf = (message: NetworkMessage): Topic => {
  if (message.type === 'transactions') return 'tx'
  if (message.type === 'evidence') return 'evidence'
  return message.message.type === 'proposal' ? 'block' : message.message.type
}

const MESSAGE_TYPE_OF: Readonly<Record<Topic, MessageType>> = {
  tx: 'transactions',
  block: 'proposal',
  vote: 'vote',
  certificate: 'certificate',
  evidence: 'evidence',
}

const keyOf = (payload: Uint8Array): string => createHash('sha256').update(payload).digest('base64')

const aboutOf = ({ epoch, view, kind }: Certificate): string => `${epoch}/${view}/${kind}`

export class Gossip {
  readonly #options: GossipOptions
  readonly #slotMs: number
  readonly #relay: Relay
  readonly #outgoing: OutgoingGossip
  /** Certificates to be published, by what they are about. */
  readonly #pending = new Map<string, NodeJS.Timeout>()
  readonly #announcements: Announcements

  constructor(options: GossipOptions) {
    this.#options = options
    this.#slotMs = slotMsOf(options.networkDelayMs)
    this.#relay = new Relay(this.#slotMs, options.nowMs)
    this.#outgoing = new OutgoingGossip(options)
    this.#announcements = new Announcements({
      ...options,
      deliver: async (from, proposal) => {
        const message: Message = { type: 'proposal', proposal }
        const payload = encodeNetworkMessage({ type: 'consensus', message })
        const verdict = await options.deliver(from, { type: 'consensus', message }, payload.length)
        if (verdict === 'accept') this.#accept(message, payload, keyOf(payload))
        return verdict
      },
    })
  }

  start(): void {
    const { pubsub, names } = this.#options
    for (const topic of TOPICS) {
      const name = names.topic(topic)
      pubsub.topicValidators.set(name, (from, { data }) => this.#validate(topic, from.toString(), data))
      pubsub.subscribe(name)
    }
  }

  /** Forgets what the node above knew: it may begin again from elsewhere. */
  clear(): void {
    for (const timer of this.#pending.values()) clearTimeout(timer)
    this.#pending.clear()
    this.#relay.clear()
    this.#announcements.clear()
  }

  // ------------------------------------------------------------------------------------------------------ sending

  /** `payload`: the message, encoded. */
  publish(message: NetworkMessage, payload: Uint8Array): void {
    if (message.type === 'consensus') this.#publishConsensus(message.message, payload)
    else this.#publish(topicOf(message), wholeEnvelope(0, payload))
  }

  #publishConsensus(message: Message, payload: Uint8Array): void {
    const key = keyOf(payload)
    const isRepeated = this.#relay.say(key)
    this.#accept(message, payload, key)
    // Everybody who could hear it here has it by stream. What has to be said again did not get through that way.
    const isWanted = isRepeated || this.#isNeeded(message.type)
    if (message.type === 'proposal') this.#publishProposal(message.proposal, payload, key, isWanted)
    else if (!isWanted) return
    else if (message.type === 'certificate') this.#publishSoon(aboutOf(message.certificate))
    else if (this.#relay.takeTurn(key)) this.#publish('vote', wholeEnvelope(this.#slot(), payload))
  }

  /** A consensus message that came by stream and was accepted. */
  accepted(message: Message, payload: Uint8Array): void {
    this.#accept(message, payload, keyOf(payload))
  }

  #accept(message: Message, payload: Uint8Array, key: string): void {
    this.#relay.accept(key)
    if (message.type === 'certificate') this.#relay.acceptCertificate(aboutOf(message.certificate), payload)
    if (message.type !== 'proposal') return
    const { epoch, view, block, signature } = message.proposal
    this.#relay.accept(proposalKey(epoch, view, block.hash, signature))
    this.#announcements.accepted(message.proposal)
  }

  /** A block that was accepted lately. */
  recentBlock(hash: Hash): Block | undefined {
    return this.#announcements.recentBlock(hash)
  }

  /** Whether somebody may be out there whom no stream of ours reaches. */
  #isNeeded(type: Message['type']): boolean {
    const { table, ownAddress } = this.#options
    if (!table.reachesAllValidators(ownAddress)) return true
    return type !== 'vote' && table.all().some(({ validator }) => validator === undefined)
  }

  /** Whole to neighbours who want it; to those beyond neighbours who all have it, word of it is enough. */
  #publishProposal(proposal: Proposal, payload: Uint8Array, wholeKey: string, isWanted: boolean): void {
    const { ownAddress: author } = this.#options
    const { epoch, view, block, signature } = proposal
    const isWhole = payload.length <= MAX_WHOLE_BYTES && (isWanted || author === undefined)
    const key = isWhole ? wholeKey : proposalKey(epoch, view, block.hash, signature)
    if (!this.#relay.takeTurn(key)) return
    const announcement = { epoch, view, blockHash: block.hash, signature }
    if (isWhole) this.#publish('block', wholeEnvelope(this.#slot(), payload))
    else if (author !== undefined)
      this.#publish('block', announcementEnvelope(this.#slot(), { ...announcement, author }))
  }

  #publishSoon(about: string): void {
    if (this.#pending.has(about) || this.#pending.size >= MAX_PENDING_CERTIFICATES) return
    if (this.#relay.dueCertificate(about) === undefined) return
    const delayMs = Math.random() * CERTIFICATE_DELAY * this.#options.networkDelayMs
    const timer = setTimeout(() => {
      this.#pending.delete(about)
      const payload = this.#relay.dueCertificate(about)
      if (payload === undefined) return
      this.#relay.relayedCertificate(about)
      this.#relay.takeTurn(keyOf(payload))
      this.#publish('certificate', wholeEnvelope(this.#slot(), payload))
    }, delayMs)
    this.#pending.set(about, timer)
  }

  #publish(topic: Topic, envelope: Uint8Array): void {
    const { pubsub, names, onSent, onDropped } = this.#options
    if (!this.#outgoing.hasRoom(MESSAGE_TYPE_OF[topic], envelope.length)) {
      onDropped(topic)
      return
    }
    // What is small goes to every neighbour at once; what is large goes through the mesh.
    const floodPublish = topic !== 'tx' && topic !== 'block'
    onSent(topic, envelope.length)
    ;(pubsub as unknown as Publisher)
      .publish(names.topic(topic), envelope, { floodPublish })
      .catch(() => onDropped(topic))
  }

  #slot(): number {
    return Math.floor(this.#options.nowMs() / this.#slotMs)
  }

  // ---------------------------------------------------------------------------------------------------- receiving

  async #validate(topic: Topic, from: PeerId, data: Uint8Array): Promise<TopicValidatorResult> {
    const { isStarted, isUnwelcome, admits, onReceived, penalize } = this.#options
    // All that a line had buffered is handed over in one turn of the event loop: a flood ends here, before it is decoded.
    if (!isStarted() || isUnwelcome(from)) return TopicValidatorResult.Ignore
    onReceived(topic, data.length)
    if (!admits(from, MESSAGE_TYPE_OF[topic], data.length)) return TopicValidatorResult.Ignore
    try {
      const verdict = await this.#judge(topic, from, data)
      if (verdict === 'accept') return this.#passOn(topic, data)
      return verdict === 'ignore' ? TopicValidatorResult.Ignore : TopicValidatorResult.Reject
    } catch (error) {
      if (!(error instanceof QuernError)) return TopicValidatorResult.Ignore
      penalize(from, error.code)
      return TopicValidatorResult.Reject
    }
  }

  /** Ignore: all of it together is more than a neighbour takes from one peer. */
  #passOn(topic: Topic, data: Uint8Array): TopicValidatorResult {
    const hasRoom = this.#outgoing.hasRoom(MESSAGE_TYPE_OF[topic], data.length)
    return hasRoom ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore
  }

  /** @throws QuernError of the decoders: reject */
  async #judge(topic: Topic, from: PeerId, data: Uint8Array): Promise<Verdict> {
    const { deliver, nowMs } = this.#options
    const envelope = decodeEnvelope(data)
    const isAnnouncement = envelope.type === 'announcement'
    if (topic !== (isAnnouncement ? 'block' : topicOf(envelope.message))) throw misplaced()
    if (!isAnnouncement && envelope.message.type !== 'consensus') {
      if (envelope.slot !== 0) throw misplaced()
      return deliver(from, envelope.message, data.length)
    }
    // Ignore: late or early, by clocks that may differ for honest reasons.
    if (Math.abs(envelope.slot * this.#slotMs - nowMs()) > SLOT_WINDOW_MS + this.#slotMs) return 'ignore'
    if (isAnnouncement) {
      const verdict = await this.#announcements.judge(from, envelope.announcement)
      if (verdict !== 'accept') return verdict
      const { epoch, view, blockHash, signature } = envelope.announcement
      return this.#relay.takeTurn(proposalKey(epoch, view, blockHash, signature)) ? 'accept' : 'ignore'
    }
    const { message, payload } = envelope
    const key = keyOf(payload)
    const isKnown = this.#relay.isAccepted(key)
    const verdict = isKnown ? 'accept' : await deliver(from, message, data.length)
    if (message.type === 'consensus' && message.message.type === 'certificate') {
      return this.#judgeCertificate(message.message.certificate, payload, key, verdict)
    }
    if (verdict !== 'accept') return verdict
    if (message.type === 'consensus') this.#accept(message.message, payload, key)
    return this.#relay.takeTurn(key) ? 'accept' : 'ignore'
  }

  /** Of several for one view, one goes round in each slot; a node that has another sends its own instead. */
  #judgeCertificate(certificate: Certificate, payload: Uint8Array, key: string, verdict: Verdict): Verdict {
    const about = aboutOf(certificate)
    if (verdict === 'accept') {
      this.#accept({ type: 'certificate', certificate }, payload, key)
      if (this.#relay.dueCertificate(about) === undefined) return 'ignore'
      this.#relay.relayedCertificate(about)
      return this.#relay.takeTurn(key) ? 'accept' : 'ignore'
    }
    if (verdict === 'ignore') this.#publishSoon(about)
    return verdict
  }
}

const misplaced = (): QuernError => new QuernError('GOSSIP_INVALID', 'gossip on another topic than its own; drop it')
