/**
 * From winning tiles to SUBMIT_RESULT transactions in a node's pool, and on until each is in a final block or too late.
 *
 *     add -> queue -> slot (a nonce of ours) -> accepted | rejected | late
 *              ^            |
 *              +------------+  its nonce went to another transaction
 *
 * Nonces are counted here, so results need not wait for each other. What a node has lost is sent again as it was; what
 * is stuck is signed again at a higher price in its own place; a nonce that nobody fills any more is filled, so that those
 * behind it can go on. One result never stands in two transactions that can both be included, unless somebody else signs
 * with the same key: then a nonce may turn out to be theirs.
 */
import { setMaxListeners } from 'node:events'
import type { Address, Hash } from '../core/bytes.ts'
import { messageOf } from '../core/errors.ts'
import { backoffMs, orAborted } from './backoff.ts'
import type { ChainClient, Fees, Nonces, Work } from './chain-client.ts'
import { above, type Claim, type Outcome, type Slot, signVersion } from './slot.ts'
import { isAmbiguous, isFinalVerdict, tagOf } from './verdict.ts'
import type { Found, LateReason, WorkerEvent } from './worker-events.ts'

/**
 * Four blocks full of results (PROTOCOL 11, maxResultsPerBlock): included ones count until they are final, a block or two
 * later. More would only wait in a pool instead of here, and a pool takes 1,024 of one sender.
 */
const MAX_PENDING = 256
/** Questions at once: a full block of results is looked up in four rounds. */
const LOOKUPS_AT_ONCE = 16
/** Results of many minutes at the chain's own pace; of more the oldest, which has least time left, is given up. */
const MAX_QUEUED = 1_024
/** Sends of one result that were refused for passing reasons: by then most are stale, and others wait. */
const MAX_TRIES = 8
/** Final blocks without it after which a transaction is stuck, and a missing one is taken for lost. */
const STUCK_BLOCKS = 3
/** Each raises the price by an eighth at least: this many make it 2.5 times the first, or follow the base fee up. */
const MAX_VERSIONS = 9

export interface OutboxOptions {
  readonly client: ChainClient
  readonly address: Address
  readonly privateKey: Uint8Array
  readonly signal: AbortSignal
  readonly emit: (event: WorkerEvent) => void
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #queue: Claim[] = []
  readonly #slots = new Map<number, Slot>()
  #chainId: number
  /** A nonce nobody has filled, and since which final height. */
  #gap: { readonly nonce: number; readonly sinceHeight: number } | undefined
  #refusals = 0
  #quietUntilMs = 0

  constructor(options: OutboxOptions, chainId: number) {
    this.#options = options
    this.#chainId = chainId
    // Each question listens to it, here and where it is carried; Node.js takes more than ten for a leak.
    setMaxListeners(4 * LOOKUPS_AT_ONCE, options.signal)
  }

  counts(): { readonly pending: number; readonly queued: number } {
    const pending = [...this.#slots.values()].filter(({ claim }) => claim !== undefined).length
    return { pending, queued: this.#queue.length }
  }

  /** Ms until there is a point in another `step` without a new block. */
  waitMs(): number {
    if (this.#queue.length === 0 || this.#slots.size >= MAX_PENDING) return Number.POSITIVE_INFINITY
    return Math.max(0, this.#quietUntilMs - performance.now())
  }

  add(work: Work, found: Found, resultHash: Hash): void {
    this.#queue.push({ work, found, resultHash, tries: 0, announced: false })
    if (this.#queue.length <= MAX_QUEUED) return
    const oldest = this.#queue.shift()
    if (oldest !== undefined) this.#late(oldest, 'QUEUE_FULL')
  }

  /** The chain began anew: nothing from before can be paid, and nonces start again. */
  reset(chainId: number): void {
    this.#chainId = chainId
    const claims = [...[...this.#slots.values()].flatMap(({ claim }) => claim ?? []), ...this.#queue]
    this.#slots.clear()
    this.#queue.length = 0
    this.#gap = undefined
    this.#quietUntilMs = 0
    for (const claim of claims) this.#late(claim, 'CHAIN_RESET')
  }

  /**
   * Looks what became of what was sent, mends it, and sends what waits. Safe to repeat after a failure.
   * @param finalHeight height of the newest final block
   * @throws QuernError as `ChainClient` does when nobody answered, and the signal's reason
   */
  async step(finalHeight: number): Promise<void> {
    if (this.#slots.size === 0 && this.#queue.length === 0) return
    const { client, address, signal } = this.#options
    const nonces = await orAborted(client.nonces(address, signal), signal)
    await this.#settle(nonces.included, finalHeight)
    this.#expire(finalHeight)
    this.#trim(nonces)
    await this.#resend(nonces.pending, finalHeight)
    if (this.#slots.size === 0 && this.#queue.length === 0) return
    if (performance.now() < this.#quietUntilMs) return
    if (!this.#hasToSign(nonces, finalHeight)) return
    const fees = await orAborted(client.fees(signal), signal)
    await this.#fillGap(nonces, fees, finalHeight)
    await this.#raiseStuck(nonces, fees, finalHeight)
    await this.#sendQueued(nonces, fees, finalHeight)
  }

  /** Prices are asked for only then: most blocks bring nothing new. */
  #hasToSign({ pending }: Nonces, finalHeight: number): boolean {
    const slots = this.#ascending()
    const top = slots.at(-1)
    const isWaiting = (slot: Slot): boolean => slot.evicted || finalHeight - slot.sentHeight >= STUCK_BLOCKS
    return this.#queue.length > 0 || (top !== undefined && pending < top.nonce) || slots.some(isWaiting)
  }

  #ascending(): Slot[] {
    return [...this.#slots.values()].sort((a, b) => a.nonce - b.nonce)
  }

  #announce(claim: Claim, transaction: Hash): void {
    if (claim.announced) return
    claim.announced = true
    this.#options.emit({ type: 'submitted', found: claim.found, transaction })
  }

  #late({ found }: Claim, reason: LateReason): void {
    this.#options.emit({ type: 'late', found, reason })
  }

  /** Those whose nonce is used: by one of our versions in a final block, or by somebody else's transaction. */
  async #settle(included: number, finalHeight: number): Promise<void> {
    const used = this.#ascending().filter(({ nonce }) => nonce < included)
    for (let from = 0; from < used.length; from += LOOKUPS_AT_ONCE) {
      const slots = used.slice(from, from + LOOKUPS_AT_ONCE)
      const outcomes = await Promise.all(slots.map((slot) => this.#outcomeOf(slot)))
      for (const [i, slot] of slots.entries()) this.#settleOne(slot, outcomes[i], finalHeight)
    }
  }

  #settleOne(slot: Slot, outcome: Outcome | undefined, finalHeight: number): void {
    const { claim, nonce } = slot
    if (claim === undefined) this.#slots.delete(nonce)
    else if (outcome !== undefined) {
      if (outcome.status.height > finalHeight) return
      this.#slots.delete(nonce)
      this.#announce(claim, outcome.transaction)
      this.#report(claim, outcome)
    } else {
      // Nodes may be a block apart, and one answer may come from another than the next.
      slot.missingHeight ??= finalHeight
      if (finalHeight - slot.missingHeight < STUCK_BLOCKS) return
      this.#slots.delete(nonce)
      this.#queue.unshift(claim)
    }
  }

  async #outcomeOf({ claim, versions }: Slot): Promise<Outcome | undefined> {
    const { client, signal } = this.#options
    if (claim === undefined) return undefined
    for (const { hash: transaction, claim: carried } of versions.toReversed()) {
      if (carried !== claim) continue
      const status = await orAborted(client.status(transaction, signal), signal)
      if (status.status !== 'pending') return { transaction, status }
    }
    return undefined
  }

  #report({ found }: Claim, outcome: Outcome): void {
    const { emit } = this.#options
    const { transaction, status } = outcome
    if (status.status === 'accepted') emit({ type: 'accepted', found, transaction })
    else emit({ type: 'rejected', found, tag: status.tag })
  }

  #expire(finalHeight: number): void {
    const isOver = ({ work }: Claim): boolean => finalHeight > work.expiresHeight
    for (const slot of this.#slots.values()) {
      if (slot.claim === undefined || !isOver(slot.claim)) continue
      this.#late(slot.claim, 'WINDOW_PASSED')
      slot.claim = undefined
    }
    for (const claim of this.#queue.filter(isOver)) {
      this.#queue.splice(this.#queue.indexOf(claim), 1)
      this.#late(claim, 'WINDOW_PASSED')
    }
  }

  /** Empty slots at the end that no pool has are free again. */
  #trim({ pending }: Nonces): void {
    for (const slot of this.#ascending().reverse()) {
      if (slot.claim !== undefined || slot.nonce < pending) break
      this.#slots.delete(slot.nonce)
    }
  }

  /** What the node has lost (it restarted, or is another one), and what it may never have had. */
  async #resend(pending: number, finalHeight: number): Promise<void> {
    const { client, signal } = this.#options
    for (const slot of this.#ascending()) {
      const version = slot.versions.at(-1)
      if (slot.claim === undefined || version === undefined || slot.missingHeight !== undefined || slot.evicted)
        continue
      if (slot.confirmed && (slot.nonce < pending || slot.sentHeight >= finalHeight)) continue
      try {
        await orAborted(client.send(version.raw, signal), signal)
        slot.sentHeight = finalHeight
        slot.confirmed = true
        this.#announce(slot.claim, version.hash)
      } catch (error) {
        await this.#resendRefused(slot, slot.claim, error)
      }
    }
  }

  async #resendRefused(slot: Slot, claim: Claim, error: unknown): Promise<void> {
    const tag = this.#refusalOf(error)
    // Its nonce has been used since; by what, the next look will tell.
    if (tag === 'TX_NONCE_TOO_LOW') return
    if (tag === 'REPLACEMENT_UNDERPRICED') {
      this.#slots.delete(slot.nonce)
      this.#queue.unshift(claim)
    } else if (isFinalVerdict(tag)) {
      if ((await this.#outcomeOf(slot)) !== undefined) return
      this.#giveUp(slot, claim, tag)
    } else {
      slot.evicted = true
      this.#waitAfter(tag, messageOf(error))
    }
  }

  /**
   * @returns the code of a refusal
   * @throws the error itself where the bytes may have arrived all the same; they are sent again by the next step
   */
  #refusalOf(error: unknown): string {
    this.#options.signal.throwIfAborted()
    const tag = tagOf(error)
    if (isAmbiguous(tag)) throw error
    return tag
  }

  #giveUp(slot: Slot, claim: Claim, tag: string): void {
    slot.claim = undefined
    slot.versions = []
    this.#refused(claim, tag)
  }

  #refused(claim: Claim, tag: string): void {
    if (tag === 'RESULT_SEED_STALE') this.#late(claim, 'WINDOW_PASSED')
    else this.#options.emit({ type: 'rejected', found: claim.found, tag })
  }

  #waitAfter(tag: string, message: string): void {
    const retryMs = backoffMs(++this.#refusals)
    this.#quietUntilMs = performance.now() + retryMs
    this.#options.emit({ type: 'trouble', tag, message, retryMs })
  }

  /** A nonce below ours that is in no pool keeps all behind it waiting. */
  async #fillGap({ pending, included }: Nonces, fees: Fees, finalHeight: number): Promise<void> {
    const top = this.#ascending().at(-1)?.nonce ?? -1
    const slot = this.#slots.get(pending)
    if (pending < included || pending >= top || (slot !== undefined && slot.claim !== undefined)) {
      this.#gap = undefined
      return
    }
    if (this.#gap?.nonce !== pending) this.#gap = { nonce: pending, sinceHeight: finalHeight }
    // Whoever else signs with this key may be about to send it.
    if (finalHeight - this.#gap.sinceHeight < STUCK_BLOCKS) return
    await this.#place(pending, this.#queue.shift(), fees, finalHeight)
  }

  async #raiseStuck({ included, pending }: Nonces, fees: Fees, finalHeight: number): Promise<void> {
    for (const slot of this.#ascending()) {
      const { nonce, claim, versions, sentHeight } = slot
      const last = versions.at(-1)
      if (nonce < included || last === undefined || versions.length >= MAX_VERSIONS) continue
      if (!slot.evicted) {
        if (nonce >= pending || finalHeight - sentHeight < STUCK_BLOCKS) continue
        // The first in line waits for its price alone; others wait for it, unless the base fee has left them behind.
        if (nonce !== included && last.fees.maxFeePerGas >= fees.nextBlockPerGas) continue
      }
      await this.#place(nonce, claim ?? this.#queue.shift(), fees, finalHeight)
      if (performance.now() < this.#quietUntilMs) return
    }
  }

  async #sendQueued({ included, pending }: Nonces, fees: Fees, finalHeight: number): Promise<void> {
    while (this.#slots.size < MAX_PENDING && performance.now() >= this.#quietUntilMs) {
      const claim = this.#queue.shift()
      if (claim === undefined) return
      const top = this.#ascending().at(-1)?.nonce ?? -1
      await this.#place(Math.max(top + 1, pending, included), claim, fees, finalHeight)
    }
  }

  /** Signs for `nonce`, above what stands there already, and sends it. Without a claim: a transfer of nothing to oneself. */
  async #place(nonce: number, claim: Claim | undefined, fees: Fees, finalHeight: number): Promise<void> {
    const { client, signal, emit } = this.#options
    const old = this.#slots.get(nonce)
    const { address, privateKey } = this.#options
    const wanted = { chainId: this.#chainId, nonce, claim, fees: above(fees, old?.versions.at(-1)) }
    const version = signVersion(wanted, address, privateKey)
    const slot: Slot = {
      nonce,
      claim,
      versions: [...(old?.versions ?? []), version],
      sentHeight: finalHeight,
      confirmed: false,
      evicted: false,
      missingHeight: undefined,
    }
    this.#slots.set(nonce, slot)
    try {
      await orAborted(client.send(version.raw, signal), signal)
    } catch (error) {
      this.#placeRefused(slot, old, error)
      return
    }
    slot.confirmed = true
    this.#refusals = 0
    if (old !== undefined && old.versions.length > 0) {
      emit({ type: 'replaced', nonce, transaction: version.hash, maxFeePerGas: version.fees.maxFeePerGas })
    }
    if (claim !== undefined) this.#announce(claim, version.hash)
  }

  #placeRefused(slot: Slot, old: Slot | undefined, error: unknown): void {
    const { claim } = slot
    const tag = this.#refusalOf(error)
    // The node has not taken it: what stood there before stands there still.
    if (old === undefined) this.#slots.delete(slot.nonce)
    else this.#slots.set(slot.nonce, { ...old, sentHeight: slot.sentHeight })
    const isOlder = claim !== undefined && old?.claim === claim
    const verdict = isFinalVerdict(tag)
    if (claim !== undefined && !isOlder) {
      claim.tries++
      if (verdict || claim.tries >= MAX_TRIES) this.#refused(claim, tag)
      else this.#queue.unshift(claim)
    }
    if (!verdict && !(isOlder && tag === 'TX_NONCE_TOO_LOW')) this.#waitAfter(tag, messageOf(error))
  }
}
