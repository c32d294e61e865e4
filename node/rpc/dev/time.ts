/** Times as test tools give them: seconds. */
import type { DevControls, NodeApi } from '../../api.ts'
import { invalidParams } from '../errors.ts'
import { readNumber } from '../schema.ts'

/** The year 2286: milliseconds stay far below 2^53 and inside what Date can hold. */
const MAX_SECONDS = 10_000_000_000

/** @throws RpcError `INVALID_PARAMS` */
export function readSeconds(value: string | number, name: string): number {
  const seconds = readNumber(value, name)
  if (seconds <= MAX_SECONDS) return seconds
  throw invalidParams(`parameter "${name}": at most ${MAX_SECONDS} seconds; it is not in milliseconds`, {
    parameter: name,
  })
}

/** The first whole second that the next block can have. */
export const earliestNext = (node: NodeApi): number =>
  Math.ceil((node.latest().timestampMs + node.genesis.params.blockIntervalMs) / 1000)

/** @throws RpcError `INVALID_PARAMS` for a time that the next block cannot have */
export function setNextTimestamp(node: NodeApi, dev: DevControls, seconds: number): void {
  const earliest = earliestNext(node)
  if (seconds < earliest) {
    const message = `the next block can be at ${earliest} or later: blocks are ordered in time`
    throw invalidParams(`parameter "timestamp": ${message}`, { parameter: 'timestamp' })
  }
  dev.setNextBlockTimestamp(seconds * 1000)
}
