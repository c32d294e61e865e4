/**
 * GET /ready: 200 when this node's answers are those of the network, 503 with the reasons otherwise. For whoever decides
 * which nodes get requests.
 */
import type { FastifyInstance } from 'fastify'
import { equalBytes } from '../../core/bytes.ts'
import type { NodeApi } from '../api.ts'

export interface NotReady {
  readonly code: 'SYNCING' | 'BEHIND_PEERS' | 'NO_PEERS'
  readonly message: string
}

/** Blocks that peers may be ahead while a node that keeps up has not heard of them yet. */
const SLACK_BLOCKS = 10

/** Empty = ready. */
export function notReady(node: NodeApi): NotReady[] {
  const reasons: NotReady[] = []
  const sync = node.syncing()
  const { height } = node.finalized()
  if (sync !== undefined) {
    const { currentHeight, highestHeight } = sync
    reasons.push({ code: 'SYNCING', message: `at block ${currentHeight} of ${highestHeight}: wait` })
  }
  const ahead = heightOfMost(node)
  if (sync === undefined && ahead > height + SLACK_BLOCKS) {
    reasons.push({ code: 'BEHIND_PEERS', message: `at block ${height}, and most peers are at ${ahead}: wait` })
  }
  if (node.peerCount() === 0 && !isAlone(node)) {
    const message = 'no peer of this chain is connected: check bootstrap, persistent_peers and the firewall'
    reasons.push({ code: 'NO_PEERS', message })
  }
  return reasons
}

/** Half of the peers or more are at this height or above it: one that lies changes nothing. */
function heightOfMost(node: NodeApi): number {
  const heights = (node.network?.peers() ?? []).map((peer) => peer.height).sort((a, b) => b - a)
  return heights.length === 0 ? 0 : heights[Math.floor(heights.length / 2)]!
}

/** The only validator of the present epoch: it needs nobody. */
function isAlone(node: NodeApi): boolean {
  const members = node.validatorSet(node.latest().epoch)?.members ?? []
  return node.validator !== undefined && members.length === 1 && equalBytes(members[0]!.address, node.validator)
}

export function addReadyRoute(app: FastifyInstance, node: NodeApi): void {
  app.get('/ready', async (_request, reply) => {
    const reasons = notReady(node)
    return reply.code(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons })
  })
}
