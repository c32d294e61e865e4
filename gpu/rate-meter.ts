/** How fast work is done: over the last seconds, and since the beginning. Times are given, so that it stays pure. */

/** Long enough for a few attempts of the largest matrices, short enough to show that a fan has stopped. */
const WINDOW_MS = 10_000
/** Samples closer than this are one: at most 20 are kept however short the attempts are. */
const SLOT_MS = 500

interface Slot {
  /** When its first piece of work was begun. */
  readonly startMs: number
  macs: number
}

export class RateMeter {
  #slots: Slot[] = []
  #firstMs: number | undefined
  #lastMs = 0
  #macs = 0

  /** Work of `macs` that took from `startMs` to `endMs`; never before what was added already. */
  add(macs: number, startMs: number, endMs: number): void {
    this.#firstMs ??= startMs
    this.#lastMs = endMs
    this.#macs += macs
    const slot = this.#slots.at(-1)
    if (slot !== undefined && endMs - slot.startMs < SLOT_MS) slot.macs += macs
    else this.#slots.push({ startMs, macs })
    this.#slots = this.#slots.filter(({ startMs: begun }) => endMs - begun <= WINDOW_MS || begun === startMs)
  }

  /** MAC/s of the last WINDOW_MS before `nowMs`; 0 once nothing has been added for that long. */
  recent(nowMs: number): number {
    if (nowMs - this.#lastMs > WINDOW_MS) return 0
    const [oldest] = this.#slots
    if (oldest === undefined) return 0
    const macs = this.#slots.reduce((sum, slot) => sum + slot.macs, 0)
    // Up to the last attempt's end: the one in progress counts when it is done.
    return (macs * 1_000) / Math.max(1, this.#lastMs - oldest.startMs)
  }

  /** MAC/s from the first piece of work to the end of the last. */
  average(): number {
    if (this.#firstMs === undefined) return 0
    return (this.#macs * 1_000) / Math.max(1, this.#lastMs - this.#firstMs)
  }
}
