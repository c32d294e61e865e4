import { afterEach, describe, expect, it } from 'vitest'
import { makeBlock } from '../../consensus/block.ts'
import { equalBytes, ZERO_HASH } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { standInScheme } from '../../core/stand-in-bls.ts'
import type { FinalBlock, PeerRequest, PeerResponse, Transport } from '../../p2p/transport.ts'
import type { ChainNode } from '../chain-node.ts'
import { Cluster, chainOf } from '../testing/cluster.ts'
import type { Executor } from '../validator/executor.ts'
import { CatchUp } from './catch-up.ts'
import { ProvenSignatures } from './proven-signatures.ts'

/** Of peers that say they have everything. */
const HELD = { blocksFrom: 0, statesFrom: 0 }

let cluster: Cluster
afterEach(() => cluster.stopAll())

/** The final blocks of a node with their certificates, as it would hand them out. */
const servedBy = (node: ChainNode, height: number): FinalBlock => {
  const { block } = node.blockByHeight(height)!
  const { notarization, finalization } = node.certificates(height)
  return { block, notarization, finalization }
}

/** A peer that answers whatever the test wants, and counts what it was asked. */
function connectLiar(hub: Cluster['hub'], answer: (request: PeerRequest) => PeerResponse | undefined) {
  const transport: Transport = hub.connect('liar')
  const asked = { status: 0, range: 0 }
  transport.start({
    message: () => 'ignore',
    request: async (_, request) => {
      if (request.type === 'status' || request.type === 'range') asked[request.type]++
      const given = answer(request)
      if (given === undefined) throw new Error('no answer')
      return given
    },
  })
  return asked
}

describe('catching up from hostile peers', () => {
  it('C7: a peer that boasts of a huge height and serves old or foreign blocks takes nothing back', async () => {
    cluster = new Cluster(4)
    const nodes = await cluster.startAll()
    await cluster.until(nodes[0]!, 6)
    const honest = nodes[0]!
    const genesis = honest.blockByHeight(0)!.block
    const asked = connectLiar(cluster.hub, (request) => {
      if (request.type === 'status') {
        return {
          type: 'status',
          status: { genesisHash: honest.genesisHash, height: 2 ** 40, hash: sha256(genesis.hash), ...HELD },
        }
      }
      if (request.type === 'range') {
        // The header list that wiped a predecessor held genesis alone.
        return { type: 'range', blocks: [{ block: genesis, notarization: undefined, finalization: undefined }] }
      }
      return undefined
    })
    const follower = await cluster.start(4)
    await cluster.until(follower, () => asked.range > 0 && follower.finalized().height >= 6)
    const height = follower.finalized().height
    const chain = chainOf(follower, height)
    await cluster.until(follower, height + 4)
    expect(chainOf(follower, height)).toEqual(chain)
    expect(chainOf(honest, height)).toEqual(chain)
  })

  it('C8: a state that execution does not give is never taken over, whatever certificates come with it', async () => {
    cluster = new Cluster(4)
    const nodes = await cluster.startAll()
    await cluster.until(nodes[0]!, 8)
    const honest = nodes[0]!
    const forgedAt = 4
    const forge = (served: FinalBlock): FinalBlock => {
      const { header, transactions, parentCertificate } = served.block
      return {
        ...served,
        block: makeBlock({
          header: { ...header, stateRoot: sha256(header.stateRoot) },
          transactions,
          parentCertificate,
        }),
      }
    }
    const asked = connectLiar(cluster.hub, (request) => {
      if (request.type === 'status') {
        const { height, hash } = honest.finalized()
        return { type: 'status', status: { genesisHash: honest.genesisHash, height, hash, ...HELD } }
      }
      if (request.type !== 'range' || request.fromHeight > forgedAt) return undefined
      const blocks: FinalBlock[] = []
      for (let height = request.fromHeight; height <= forgedAt; height++) {
        const served = servedBy(honest, height)
        blocks.push(height === forgedAt ? forge(served) : served)
      }
      return { type: 'range', blocks }
    })
    // The newcomer knows nobody but the liar.
    cluster.hub.setFilter((from, to) => ![from, to].includes('node-4') || [from, to].includes('liar'))
    const follower = await cluster.start(4)
    await cluster.until(follower, () => asked.range > 0)
    await cluster.until(follower, forgedAt - 1)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(follower.finalized().height).toBe(forgedAt - 1)
    // With honest peers in reach it goes on, on the honest chain.
    cluster.hub.setFilter(() => true)
    await cluster.until(follower, honest.finalized().height + 2)
    expect(equalBytes(follower.blockByHeight(forgedAt)!.block.hash, honest.blockByHeight(forgedAt)!.block.hash)).toBe(
      true,
    )
  })

  it('does not stay with a peer that hands out its blocks one by one', async () => {
    cluster = new Cluster(4)
    const nodes = await cluster.startAll()
    const honest = nodes[0]!
    await cluster.until(honest, 8)
    const asked = connectLiar(cluster.hub, (request) => {
      if (request.type === 'status') {
        return {
          type: 'status',
          status: { genesisHash: honest.genesisHash, height: 2 ** 40, hash: ZERO_HASH, ...HELD },
        }
      }
      return request.type === 'range' ? { type: 'range', blocks: [servedBy(honest, request.fromHeight)] } : undefined
    })
    cluster.hub.setFilter((from, to) => ![from, to].includes('node-4') || [from, to].includes('liar'))
    const follower = await cluster.start(4)
    await cluster.until(follower, () => asked.range > 0 && follower.syncing() === undefined)
    expect(asked.range).toBe(1)
    expect(follower.finalized().height).toBeLessThanOrEqual(1)
  })

  it('asks everybody in the end, however many are silent', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `peer-${i}`)
    const asked = new Set<string>()
    const unused = () => {
      throw new Error('no peer answered')
    }
    const catchUp = new CatchUp({
      transport: {
        start: unused,
        stop: async () => {},
        blame: unused,
        peers: () => names,
        setValidators: unused,
        peerOf: unused,
        broadcast: unused,
        send: unused,
        request: async (peer) => {
          asked.add(peer)
          throw new QuernError('PEER_TIMEOUT', 'the peer did not answer', { peer })
        },
      },
      executor: {} as Executor,
      signatures: new ProvenSignatures(standInScheme()),
      epochBlocks: 8,
      genesisHash: ZERO_HASH,
      head: unused,
      commit: unused,
    })
    for (let attempt = 0; attempt < 3; attempt++) await catchUp.run('peer-7')
    expect(asked.size).toBe(names.length)
  })
})
