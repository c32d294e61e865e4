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
 *
 * The library takes a message once, whatever became of it. What was not looked at, for a reason that lies with its sender or with us,
 * is therefore forgotten: the copies of other neighbours still count. Whoever is first must not decide for all.
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
import { forgetMessage } from './gossip-internals.ts'
import { OutgoingGossip } from './limits.ts'
import type { MessageType } from './message-types.ts'
import { type ProtocolNames, TOPICS, type Topic } from './protocols.ts'
import { Relay } from './relay.ts'
import type { NetworkMessage, PeerId, Verdict } from './transport.ts'
import { Unsaid } from './unsaid.ts'
import { encodeNetworkMessage } from './wire.ts'

/** Certificates waiting for their moment; each is gone within a D. */
const MAX_PENDING_CERTIFICATES = 1_024
/** Messages of peers whose hello is still on its way: some of each, which follows within a round trip. */
const MAX_UNGREETED = 256
/** Between looks whether somebody is there to hear what nobody heard. */
const UNSAID_MS = 250
/** Of D, by chance: within it the first one's certificate reaches the others. */
const CERTIFICATE_DELAY = 0.5

export interface GossipOptions extends Omit<AnnouncementsOptions, 'deliver'> {
  readonly pubsub: GossipSub
  readonly names: ProtocolNames
  /** Of any origin; never steps back. */
  readonly nowMs: () => number
  /** Unix time, which slots are counted in. */
  readonly unixMs: () => number
  /** Subscribes to the topics. */
  readonly listens: boolean
  isStarted(): boolean
  /** Whether there was a good hello; waits until that is known. */
  greeted(peer: PeerId): Promise<boolean>
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
  publish(
    topic: string,
    data: Uint8Array,
    options: { readonly floodPublish: boolean },
  ): Promise<{ readonly recipients: readonly unknown[] }>
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
  readonly #unsaid = new Unsaid<{ readonly topic: Topic; readonly envelope: Uint8Array }>()
  #unsaidTimer: NodeJS.Timeout | undefined
  #ungreeted = 0

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
    const { pubsub, names, listens } = this.#options
    if (!listens) return
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
    this.#unsaid.clear()
    clearTimeout(this.#unsaidTimer)
    this.#unsaidTimer = undefined
  }

  // ------------------------------------------------------------------------------------------------------ sending

  /** `payload`: the message, encoded. */
  publish(message: NetworkMessage, payload: Uint8Array): void {
    if (message.type === 'consensus') this.#publishConsensus(message.message, payload)
    else void this.#say(topicOf(message), wholeEnvelope(0, payload))
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

  /** Consensus: it says again by itself what did not get through. */
  #publish(topic: Topic, envelope: Uint8Array): void {
    if (this.#outgoing.hasRoom(MESSAGE_TYPE_OF[topic], envelope.length)) void this.#hand(topic, envelope)
    else this.#options.onDropped(topic)
  }

  /** Once: what nobody heard waits until somebody does, and what comes after it as well. */
  async #say(topic: Topic, envelope: Uint8Array): Promise<void> {
    if (this.#unsaid.size === 0 && (await this.#isHeard(topic, envelope))) return
    if (!this.#options.isStarted()) return
    for (const lost of this.#unsaid.push({ topic, envelope }, envelope.length)) this.#options.onDropped(lost.topic)
    this.#waitForNeighbours()
  }

  #waitForNeighbours(): void {
    this.#unsaidTimer ??= setTimeout(() => void this.#sayUnsaid(), UNSAID_MS).unref()
  }

  async #sayUnsaid(): Promise<void> {
    for (let next = this.#unsaid.peek(); next !== undefined; next = this.#unsaid.peek()) {
      if (!(await this.#isHeard(next.topic, next.envelope))) break
      if (this.#unsaid.peek() === next) this.#unsaid.shift()
    }
    this.#unsaidTimer = undefined
    if (this.#unsaid.size > 0) this.#waitForNeighbours()
  }

  /** Hands it to the neighbours; whether there was any, and room. */
  async #isHeard(topic: Topic, envelope: Uint8Array): Promise<boolean> {
    const { pubsub, names } = this.#options
    const name = names.topic(topic)
    if (pubsub.getSubscribers(name).length === 0) return false
    if (!this.#outgoing.hasRoom(MESSAGE_TYPE_OF[topic], envelope.length)) return false
    // Let go when a peer said it, or said to nobody: to the library that is a repetition.
    forgetMessage(pubsub, name, envelope)
    return (await this.#hand(topic, envelope)) > 0
  }

  /** Returns how many took it. */
  async #hand(topic: Topic, envelope: Uint8Array): Promise<number> {
    const { pubsub, names, onSent, onDropped } = this.#options
    // What is small goes to every neighbour at once; what is large goes through the mesh.
    const floodPublish = topic !== 'tx' && topic !== 'block'
    onSent(topic, envelope.length)
    try {
      const publisher = pubsub as unknown as Publisher
      return (await publisher.publish(names.topic(topic), envelope, { floodPublish })).recipients.length
    } catch {
      onDropped(topic)
      return 0
    }
  }

  #slot(): number {
    return Math.floor(this.#options.unixMs() / this.#slotMs)
  }

  // ---------------------------------------------------------------------------------------------------- receiving

  async #validate(topic: Topic, from: PeerId, data: Uint8Array): Promise<TopicValidatorResult> {
    const { isStarted, isUnwelcome, admits, onReceived, penalize } = this.#options
    if (!isStarted()) return TopicValidatorResult.Ignore
    // All that a line had buffered is handed over in one turn of the event loop: a flood ends here, before it is decoded.
    if (isUnwelcome(from)) return this.#letGo(topic, data)
    onReceived(topic, data.length)
    if (!admits(from, MESSAGE_TYPE_OF[topic], data.length) || !(await this.#isGreeted(from))) {
      return this.#letGo(topic, data)
    }
    try {
      const verdict = await this.#judge(topic, from, data)
      if (verdict === 'accept') return this.#passOn(topic, data)
      if (verdict === 'later') return this.#letGo(topic, data)
      return verdict === 'ignore' ? TopicValidatorResult.Ignore : TopicValidatorResult.Reject
    } catch (error) {
      if (!(error instanceof QuernError)) return TopicValidatorResult.Ignore
      penalize(from, error.code)
      // A newer version's: whoever passes it on may understand it.
      return error.code === 'HEADER_VERSION' ? TopicValidatorResult.Ignore : TopicValidatorResult.Reject
    }
  }

  /** Ignore, but not the copies of others. */
  #letGo(topic: Topic, data: Uint8Array): TopicValidatorResult {
    const { pubsub, names } = this.#options
    forgetMessage(pubsub, names.topic(topic), data)
    return TopicValidatorResult.Ignore
  }

  /** A first message may overtake the hello, which is on another stream. */
  async #isGreeted(peer: PeerId): Promise<boolean> {
    const { table, greeted } = this.#options
    if (table.get(peer) !== undefined) return true
    if (this.#ungreeted >= MAX_UNGREETED) return false
    this.#ungreeted++
    const isGood = await greeted(peer)
    this.#ungreeted--
    return isGood
  }

  /** Ignore: all of it together is more than a neighbour takes from one peer. */
  #passOn(topic: Topic, data: Uint8Array): TopicValidatorResult {
    const hasRoom = this.#outgoing.hasRoom(MESSAGE_TYPE_OF[topic], data.length, 'passed on')
    return hasRoom ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore
  }

  /** @throws QuernError of the decoders: reject */
  async #judge(topic: Topic, from: PeerId, data: Uint8Array): Promise<Verdict> {
    const { deliver, unixMs } = this.#options
    const envelope = decodeEnvelope(data)
    const isAnnouncement = envelope.type === 'announcement'
    if (topic !== (isAnnouncement ? 'block' : topicOf(envelope.message))) throw misplaced()
    if (!isAnnouncement && envelope.message.type !== 'consensus') {
      if (envelope.slot !== 0) throw misplaced()
      return deliver(from, envelope.message, data.length)
    }
    // Ignore: late or early, by clocks that may differ for honest reasons.
    if (Math.abs(envelope.slot * this.#slotMs - unixMs()) > SLOT_WINDOW_MS + this.#slotMs) return 'ignore'
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
