import { afterEach, describe, it } from 'vitest'
import { FAST_PARAMS } from '../../consensus/testing/chain.ts'
import { QuernError } from '../../core/errors.ts'
import type { Transport } from '../../p2p/transport.ts'
import { SystemClock } from '../clock.ts'
import { Cluster } from '../testing/cluster.ts'

let cluster: Cluster
afterEach(() => cluster.stopAll())

class SlowClock extends SystemClock {
  override nowMs(): number {
    return super.nowMs() - 3_600_000
  }
}

/** Hears no proposals, so that every block is fetched after a quorum stood behind it; and cannot catch up instead. */
const uninformed = (inner: Transport): Transport => ({
  start: (handlers) =>
    inner.start({
      ...handlers,
      message: (from, message, origin) => {
        const isProposal = message.type === 'consensus' && message.message.type === 'proposal'
        return isProposal ? 'ignore' : handlers.message(from, message, origin)
      },
    }),
  stop: () => inner.stop(),
  blame: (peer, code) => inner.blame(peer, code),
  peers: () => inner.peers(),
  setValidators: (validators) => inner.setValidators(validators),
  peerOf: (validator) => inner.peerOf(validator),
  broadcast: (message) => inner.broadcast(message),
  send: (to, message) => inner.send(to, message),
  request: (to, request) => {
    if (request.type === 'status') throw new QuernError('PEER_TIMEOUT', 'the peer did not answer', { to })
    return inner.request(to, request)
  },
})

describe('a node whose clock is an hour behind', () => {
  it('holds up its own votes only: blocks that a quorum stands behind become final here as elsewhere', async () => {
    // One epoch: entering another is catching up, for a node that comes late to it.
    cluster = new Cluster(4, { ...FAST_PARAMS, epochBlocks: 400 })
    await cluster.startAll()
    const transport = uninformed(cluster.hub.connect('node-4'))
    const follower = await cluster.start(4, { clock: new SlowClock(), transport })
    await cluster.until(follower, 10)
  })
})
