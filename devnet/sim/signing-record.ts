/**
 * The signing record beside a key, as node/validator-key/signing-record.ts keeps it in a file: it outlives the disk that the
 * chain is on, knows up to where the key may have signed, and bars a machine that comes back without its journal.
 */
import type { EventQueue } from '../../core/event-queue.ts'
import type { Random } from '../../core/random.ts'
import type { SigningProtection } from '../../node/validator/signing-protection.ts'
import { BEFORE_ALL, comparePlaces, type Place } from '../../node/validator-key/place.ts'
import type { DiskTempo } from './disk.ts'

export class SimSigningRecord {
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #aheadViews: number
  /** What the file says: places up to this one may be signed. */
  #reserved = BEFORE_ALL
  #barred = BEFORE_ALL
  /** Whether the journal that the record vouches for is there. */
  #isVouchedFor = true

  /** @param aheadViews places reserved at a time */
  constructor(queue: EventQueue, random: Random, aheadViews: number) {
    this.#queue = queue
    this.#random = random
    this.#aheadViews = aheadViews
  }

  get barredUpTo(): Place | undefined {
    return comparePlaces(this.#barred, BEFORE_ALL) > 0 ? this.#barred : undefined
  }

  /** The journal is gone. */
  lostDisk(): void {
    this.#isVouchedFor = false
  }

  /** For one life. @param isAlive false once it is over: what it was writing may be there or not, and nobody hears of it */
  open(tempo: DiskTempo, isAlive: () => boolean): SigningProtection {
    if (!this.#isVouchedFor) this.#barred = this.#reserved
    this.#isVouchedFor = true
    let writing: Promise<void> = Promise.resolve()
    const write = (bound: Place): Promise<void> => {
      // The file is replaced at some moment of the write, which a crash comes before or after.
      const isEarly = this.#random.chance(0.5)
      if (isEarly) this.#reserved = bound
      const delayMs = this.#random.below(1 + tempo.maxDelayMs)
      return new Promise((resolve) => {
        this.#queue.after(delayMs, () => {
          if (!isAlive()) return
          this.#reserved = bound
          resolve()
        })
      })
    }
    return {
      barredUpTo: this.barredUpTo,
      reserve: (epoch, view) => {
        const isCovered = (): boolean => comparePlaces({ epoch, view }, this.#reserved) <= 0
        writing = writing.then(() => (isCovered() ? undefined : write({ epoch, view: view + this.#aheadViews })))
        return writing
      },
    }
  }
}
