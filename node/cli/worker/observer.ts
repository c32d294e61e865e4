/** Asks the chain again and again what the worker's screen, lines and metrics show; what it said last stays until then. */
import type { Address } from '../../../core/bytes.ts'
import { pause } from '../../../gpu/backoff.ts'
import { type Baseline, baselineOf } from '../../../gpu/earnings.ts'
import { type ChainFacts, factsReader } from '../../../gpu/facts.ts'
import { jsonRpc } from '../../../gpu/json-rpc.ts'

/** Six short questions; a block or two of the fastest preset. */
const EVERY_MS = 2_000
const TIMEOUT_MS = 5_000

type Reader = ReturnType<typeof factsReader>

/**
 * An epoch's last block takes its pool and its workers' records away, and they are paid by the next: in between, what the
 * epoch was before it ended says more than zeros.
 */
function stillOpen(before: ChainFacts | undefined, facts: ChainFacts): ChainFacts {
  if (before?.epoch.epoch !== facts.epoch.epoch || facts.height < facts.epoch.lastHeight) return facts
  return { ...facts, epoch: before.epoch, epochWorkMacs: before.epochWorkMacs }
}

export class Observer {
  readonly #address: Address
  readonly #url: () => string
  readonly #readers = new Map<string, Reader>()
  #facts: ChainFacts | undefined
  #baseline: Baseline | undefined
  #baselineMs = 0
  #failedSinceMs: number | undefined

  /** @param url of the node that is asked now */
  constructor(address: Address, url: () => string) {
    this.#address = address
    this.#url = url
  }

  facts = (): ChainFacts | undefined => this.#facts

  baseline = (): Baseline | undefined => this.#baseline

  earningMs = (): number => performance.now() - this.#baselineMs

  staleMs(): number | undefined {
    return this.#failedSinceMs === undefined ? undefined : performance.now() - this.#failedSinceMs
  }

  /** The chain began anew: what was paid before is no part of it, nor are its parameters. */
  reset(): void {
    this.#readers.clear()
    this.#facts = undefined
    this.#baseline = undefined
  }

  async look(signal: AbortSignal): Promise<void> {
    const url = this.#url()
    const reader = this.#readers.get(url) ?? factsReader(jsonRpc(url, TIMEOUT_MS))
    this.#readers.set(url, reader)
    try {
      const facts = stillOpen(this.#facts, await reader(this.#address, signal))
      this.#facts = facts
      if (this.#baseline === undefined) {
        this.#baseline = baselineOf(facts)
        this.#baselineMs = performance.now()
      }
      this.#failedSinceMs = undefined
    } catch {
      this.#failedSinceMs ??= performance.now()
    }
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal)
      await pause(EVERY_MS, signal).catch(() => undefined)
    }
  }
}
