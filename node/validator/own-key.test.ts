/** The key of a validator: reserved before it signs, barred where an earlier life may have signed, and used by one process only. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ADOPT_TICKS } from '../../consensus/simplex/limits.ts'
import { FAST_PARAMS, testKey } from '../../consensus/testing/chain.ts'
import type { Vote } from '../../consensus/types.ts'
import { signerOf, signVote } from '../../consensus/vote.ts'
import { equalBytes, ZERO_HASH } from '../../core/bytes.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import type { KnownValidator, NetworkMessage, Transport, TransportHandlers } from '../../p2p/transport.ts'
import { statementBytes } from '../../vm/statement.ts'
import type { ChainNode } from '../chain-node.ts'
import { SystemClock } from '../clock.ts'
import { Cluster } from '../testing/cluster.ts'

const PARAMS = { ...FAST_PARAMS, blockIntervalMs: 5, networkDelayMs: 25, epochBlocks: 400 }
const ME = 1

const scheme = standInScheme()
let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster(4, PARAMS, scheme)
})
afterEach(() => cluster.stopAll())

/** Own statements that leave a node, and a way in for what others say. */
function watched(inner: Transport) {
  const said: { readonly epoch: number; readonly view: number }[] = []
  const announced: (readonly KnownValidator[])[] = []
  let handlers: TransportHandlers | undefined
  const broadcast = (message: NetworkMessage): void => {
    if (message.type === 'consensus' && message.message.type === 'vote') said.push(message.message.vote)
    if (message.type === 'consensus' && message.message.type === 'proposal') said.push(message.message.proposal)
    inner.broadcast(message)
  }
  const transport: Transport = {
    start: (given) => {
      handlers = given
      inner.start(given)
    },
    stop: () => inner.stop(),
    blame: (peer, code) => inner.blame(peer, code),
    peers: () => inner.peers(),
    setValidators: (validators) => announced.push(validators),
    peerOf: (validator) => inner.peerOf(validator),
    broadcast,
    send: (to, message) => inner.send(to, message),
    request: (to, request) => inner.request(to, request),
  }
  return { transport, said, announced, hear: (message: NetworkMessage) => handlers!.message('peer', message, 'gossip') }
}

/** A vote of our key that we did not cast. */
function voteOf(node: ChainNode, view: number): Vote {
  const { owner, blsSecretKey } = testKey(ME)
  const { members } = node.validatorSet(0)!
  const validator = members.findIndex(({ address }) => equalBytes(address, owner))
  const unsigned = { kind: 'nullify', epoch: 0, view, blockHash: ZERO_HASH, validator } as const
  return signVote(unsigned, node.genesisHash, signerOf(scheme, blsSecretKey))
}

const evidenceAt = (node: ChainNode, view: number): NetworkMessage => {
  const [first, second] = [1, 2].map((fill) => {
    const blockHash = new Uint8Array(32).fill(fill)
    const message = statementBytes('notarize', node.genesisHash, 0, view, blockHash)
    return { type: 'notarize', blockHash, signature: scheme.sign(testKey(ME).blsSecretKey, message) } as const
  })
  return {
    type: 'evidence',
    evidence: { validator: testKey(ME).owner, epoch: 0, view, first: first!, second: second! },
  }
}

const others = () => Promise.all([0, 2, 3].map((i) => cluster.start(i)))

describe('signing protection', () => {
  it('is asked for a place before anything about it leaves, and a node that gets no answer says nothing', async () => {
    await others()
    const watch = watched(cluster.hub.connect('node-1'))
    const reserved = new Set<string>()
    const unreserved: string[] = []
    let disk: Promise<void> | undefined
    const reserve = async (epoch: number, view: number): Promise<void> => {
      await disk
      reserved.add(`${epoch}/${view}`)
    }
    watch.said.push = (...places) => {
      for (const { epoch, view } of places) if (!reserved.has(`${epoch}/${view}`)) unreserved.push(`${epoch}/${view}`)
      return Array.prototype.push.apply(watch.said, places)
    }
    const node = await cluster.start(ME, { transport: watch.transport, protection: { reserve } })
    await cluster.until(node, 6)
    expect(watch.said.length).toBeGreaterThan(6)
    expect(unreserved).toEqual([])
    let recover: () => void = () => {}
    disk = new Promise((resolve) => {
      recover = resolve
    })
    const { height } = node.finalized()
    await cluster.until(cluster.nodes[0]!, height + 4)
    expect(unreserved).toEqual([])
    recover()
    await cluster.until(node, height + 6)
    expect(unreserved).toEqual([])
  })

  it('stops a node whose record cannot be written', async () => {
    await others()
    const reserve = () => Promise.reject(new Error('disk full'))
    const watch = watched(cluster.hub.connect('node-1'))
    await cluster.start(ME, { transport: watch.transport, protection: { reserve } })
    await expect(cluster.until(cluster.nodes[0]!, () => false)).rejects.toThrow('disk full')
    expect(watch.said).toEqual([])
  })

  it('bars what an earlier life may have signed, and no more', async () => {
    await others()
    const watch = watched(cluster.hub.connect('node-1'))
    const reserve = () => Promise.resolve()
    const barredUpTo = { epoch: 0, view: 9 }
    const node = await cluster.start(ME, { transport: watch.transport, protection: { barredUpTo, reserve } })
    await cluster.until(node, () => node.finalized().view > 14)
    expect(watch.said.length).toBeGreaterThan(0)
    expect(Math.min(...watch.said.map(({ view }) => view))).toBe(10)
  })
})

describe('a vote of our key that we did not cast', () => {
  it('stops us when it is of this life', async () => {
    await others()
    const watch = watched(cluster.hub.connect('node-1'))
    const node = await cluster.start(ME, { transport: watch.transport })
    const heard = new Set<number>()
    // Again and again: as long as echoes of an earlier life may come, it only binds.
    const hear = (): boolean => {
      const view = node.latest().view + 5
      if (!heard.has(view)) void watch.hear({ type: 'consensus', message: { type: 'vote', vote: voteOf(node, view) } })
      heard.add(view)
      return false
    }
    await expect(cluster.until(node, hear)).rejects.toMatchObject({ code: 'VALIDATOR_KEY_ELSEWHERE' })
    expect(cluster.failures).toHaveLength(1)
  })

  it('stops us when it comes as evidence', async () => {
    await others()
    const watch = watched(cluster.hub.connect('node-1'))
    let ticks = 0
    class CountingClock extends SystemClock {
      override after(delayMs: number, callback: () => void): () => void {
        return super.after(delayMs, () => {
          if (delayMs === PARAMS.networkDelayMs) ticks++
          callback()
        })
      }
    }
    const node = await cluster.start(ME, { transport: watch.transport, clock: new CountingClock() })
    // Twice as long as without any catching up.
    await cluster.until(node, () => ticks > 2 * ADOPT_TICKS)
    expect(await watch.hear(evidenceAt(node, node.latest().view + 5))).toBe('accept')
    await expect(cluster.until(node, () => false)).rejects.toMatchObject({ code: 'VALIDATOR_KEY_ELSEWHERE' })
  })

  it('only binds us right after a start, and a forged one does nothing at all', async () => {
    await others()
    const watch = watched(cluster.hub.connect('node-1'))
    const node = await cluster.start(ME, { transport: watch.transport })
    const view = 30
    const vote = voteOf(node, view)
    const forged = { ...voteOf(node, view + 1), signature: new Uint8Array(96) }
    const hear = (each: Vote) => watch.hear({ type: 'consensus', message: { type: 'vote', vote: each } })
    expect([await hear(vote), await hear(forged)]).toEqual(['accept', { reject: 'VOTE_SIGNATURE' }])
    await cluster.until(node, () => node.finalized().view > view + 3)
    expect(cluster.failures).toEqual([])
    expect(watch.said.filter((each) => each.view === view && 'kind' in each && each.kind !== 'nullify')).toEqual([])
    expect(watch.said.some((each) => each.view === view + 2)).toBe(true)
  })
})

describe('the validator set', () => {
  it('is told to the network at the start and whenever an epoch begins', async () => {
    await cluster.stopAll()
    cluster = new Cluster(2, { ...PARAMS, epochBlocks: 4, seedWindowBlocks: 2 }, scheme)
    const watch = watched(cluster.hub.connect('node-0'))
    const node = await cluster.start(0, { transport: watch.transport })
    expect(watch.announced).toHaveLength(1)
    await cluster.start(1)
    await cluster.until(node, 9)
    expect(watch.announced.length).toBeGreaterThanOrEqual(3)
    for (const set of watch.announced) expect(set.map(({ address }) => address)).toHaveLength(2)
  })
})
