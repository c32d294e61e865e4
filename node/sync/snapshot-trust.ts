/** Which block a joining node takes the state of: the last one of the newest whole epoch, led to from what it trusts. */

import { QuernError } from '../../core/errors.ts'
import type { KvOperation } from '../../core/kv.ts'
import type { Transport } from '../../p2p/transport.ts'
import { isLastBlockOfEpoch } from '../../vm/params.ts'
import type { Clock } from '../clock.ts'
import { edgeOperations } from '../light/edge-store.ts'
import { peerSources } from '../light/source.ts'
import { newestEdge, type TrustOptions } from '../light/trust.ts'
import type { TrustedBlock } from './snapshot-head.ts'

/** Between two attempts, while peers are few or the epoch has not ended. */
const RETRY_MS = 1_000
/** Attempts before what is wrong with the peers is said to whoever waits: they connect within seconds. */
const MAX_FAILURES = 60
/** Attempts after which a chain of which nobody shows a whole epoch is said to be so young. */
const MAX_YOUNG = 3

/** What more peers may mend. */
const PASSING: ReadonlySet<string> = new Set(['LIGHT_UNANSWERED', 'TRUST_PEERS_FEW'])

export interface TrustModules extends Omit<TrustOptions, 'sources' | 'nowMs' | 'known'> {
  readonly transport: Transport
  readonly clock: Clock
  readonly isStopped: () => boolean
}

/**
 * @param keep takes the edges on the way: this node hands them on to those who join later
 * @returns undefined where no epoch is over yet, or when it was stopped
 * @throws QuernError `TrustErrorCode`
 */
export async function trustedEdge(
  modules: TrustModules,
  keep: (operations: readonly KvOperation[]) => Promise<void>,
): Promise<TrustedBlock | undefined> {
  const { transport, clock, isStopped, rules, trustPeers } = modules
  let failures = 0
  let young = 0
  for (; !isStopped(); await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve))) {
    // Waiting for peers is what a node without any does.
    if (transport.peers().length < Math.max(1, trustPeers)) continue
    try {
      const { trusted, edges } = await newestEdge({
        ...modules,
        sources: () => peerSources(transport),
        nowMs: clock.nowMs(),
      })
      const { height } = trusted.header
      if (height > 0 && isLastBlockOfEpoch(height, rules.params)) {
        await keep(edgeOperations(edges))
        return trusted
      }
      // A checkpoint in the midst of an epoch: its end will come.
      if (height === 0 && ++young >= MAX_YOUNG) return undefined
    } catch (error) {
      if (!(error instanceof QuernError) || !PASSING.has(error.code) || ++failures >= MAX_FAILURES) throw error
    }
  }
  return undefined
}
