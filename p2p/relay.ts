/**
 * What was found good lately, so that gossip may pass it on again when it is said again. The application calls a second
 * copy known and has no more to say about it, but a copy of a later slot is meant for those beyond us who missed the first.
 * Only bytes that were accepted as they are get passed on, and each at most once in a slot, whoever repeats it.
 */

/** Some hundred views of 100 validators, 100 bytes each. */
const MAX_REMEMBERED = 16_384
/** Views whose certificates are remembered: what S8 may repeat, and room. */
const MAX_CERTIFICATES = 1_024

interface Accepted {
  /** This node said it itself. */
  isSaid: boolean
  /** When it last went out from here by gossip. */
  relayedAtMs: number
}

interface Certificate {
  /** The one accepted here, as it travels; of several that differ in their signers, the first. */
  readonly payload: Uint8Array
  /** When any of them last went out from here by gossip. */
  relayedAtMs: number
}

export class Relay {
  readonly #slotMs: number
  readonly #nowMs: () => number
  readonly #accepted = new Map<string, Accepted>()
  readonly #certificates = new Map<string, Certificate>()

  constructor(slotMs: number, nowMs: () => number) {
    this.#slotMs = slotMs
    this.#nowMs = nowMs
  }

  clear(): void {
    this.#accepted.clear()
    this.#certificates.clear()
  }

  // ------------------------------------------------------------------------------------------------- any message

  isAccepted(key: string): boolean {
    return this.#accepted.has(key)
  }

  /** Found good, or our own. */
  accept(key: string): void {
    if (this.#accepted.has(key)) return
    remember(this.#accepted, key, { isSaid: false, relayedAtMs: Number.NEGATIVE_INFINITY }, MAX_REMEMBERED)
  }

  /** This node says it; returns whether it did before. */
  say(key: string): boolean {
    this.accept(key)
    const known = this.#accepted.get(key)
    const isAgain = known?.isSaid === true
    if (known !== undefined) known.isSaid = true
    return isAgain
  }

  /** Whether it may go out now; if so, it counts as gone. */
  takeTurn(key: string): boolean {
    const known = this.#accepted.get(key)
    if (known === undefined || !this.#isDue(known.relayedAtMs)) return false
    known.relayedAtMs = this.#nowMs()
    // What is still repeated is remembered longest.
    this.#accepted.delete(key)
    this.#accepted.set(key, known)
    return true
  }

  // ------------------------------------------------------------------------------------------------ certificates

  /** `about`: epoch, view and kind. */
  acceptCertificate(about: string, payload: Uint8Array): void {
    if (this.#certificates.has(about)) return
    remember(this.#certificates, about, { payload, relayedAtMs: Number.NEGATIVE_INFINITY }, MAX_CERTIFICATES)
  }

  /** One of those about the same went out. */
  relayedCertificate(about: string): void {
    const known = this.#certificates.get(about)
    if (known !== undefined) known.relayedAtMs = this.#nowMs()
  }

  /** The one to send for its view, when none went out in this slot yet. */
  dueCertificate(about: string): Uint8Array | undefined {
    const known = this.#certificates.get(about)
    return known !== undefined && this.#isDue(known.relayedAtMs) ? known.payload : undefined
  }

  #isDue(relayedAtMs: number): boolean {
    return this.#nowMs() - relayedAtMs >= this.#slotMs
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > max && oldest !== undefined) map.delete(oldest)
}
