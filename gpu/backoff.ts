/** Waiting longer after each failure in a row, so that a node in trouble is not buried by its worker. */
import { setTimeout as sleep } from 'node:timers/promises'

const FIRST_MS = 250
/** A chain that comes back is noticed within this. */
const MOST_MS = 10_000

/** Delay before retry number `failures` (from 1), in ms. */
export const backoffMs = (failures: number): number => Math.min(MOST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1))

/** Rejects with the signal's reason as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    signal.throwIfAborted()
  }
}

/** The promise, or the signal's reason if that comes first: a stop does not wait for a node to answer. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
