import { describe, expect, it } from 'vitest'
import { certificate, contextAt } from '../../consensus/simplex/fixture.ts'
import { SAMPLE_BLOCK } from '../../consensus/testing/arbitraries.ts'
import { hexKey } from '../../core/bytes.ts'
import { assert, QuernError } from '../../core/errors.ts'
import type { PeerId, PeerRequest, ResponseTo, Transport } from '../../p2p/transport.ts'
import { Fetcher } from './fetcher.ts'

const { set } = contextAt(0)
const PEERS = ['a', 'b', 'c', 'v0', 'v1', 'v2', 'v3']

/** Validators 0..3 are peers v0..v3; `has` answers with the block. */
function setup(has: readonly PeerId[] = [], failing: readonly PeerId[] = []) {
  const asked: PeerId[] = []
  const transport: Pick<Transport, 'peers' | 'peerOf' | 'request'> = {
    peers: () => PEERS,
    peerOf: (address) => {
      const index = set.members.findIndex((member) => hexKey(member.address) === hexKey(address))
      return index < 0 ? undefined : `v${index}`
    },
    request: async <Request extends PeerRequest>(to: PeerId, request: Request) => {
      asked.push(to)
      if (failing.includes(to)) throw new QuernError('PEER_TIMEOUT', 'the peer did not answer', { to })
      assert(request.type === 'block' || request.type === 'certificates', 'nothing else is fetched')
      const answer =
        request.type === 'block'
          ? { type: 'block', block: has.includes(to) ? SAMPLE_BLOCK : undefined }
          : { type: 'certificates', certificates: has.includes(to) ? [certificate('nullify', 3)] : [] }
      return answer as ResponseTo<Request>
    },
  }
  return { asked, fetcher: new Fetcher({ transport, set: () => set }) }
}

describe('what is missing', () => {
  it('is asked for from those who signed for it, and then from others', async () => {
    const { asked, fetcher } = setup()
    expect(await fetcher.block(SAMPLE_BLOCK.hash, [1, 3])).toBeUndefined()
    expect(asked.slice(0, 2).sort()).toEqual(['v1', 'v3'])
    expect(['v1', 'v3']).not.toContain(asked[2])
    expect(asked).toHaveLength(3)
  })

  it('comes from the first that has it, past those that fail or have nothing', async () => {
    const { asked, fetcher } = setup(['v3'], ['v1'])
    const found = await fetcher.block(SAMPLE_BLOCK.hash, [1, 3])
    expect(found).toEqual({ block: SAMPLE_BLOCK, from: 'v3' })
    expect(asked).toEqual(['v1', 'v3'])
    const { fetcher: others } = setup(['v0'])
    expect(await others.certificates({ epoch: 0, fromView: 3, toView: 3 }, [0])).toMatchObject({ from: 'v0' })
  })

  it('is asked for from others each time, so that no few peers can keep it from us', async () => {
    const { asked, fetcher } = setup()
    for (let i = 0; i < PEERS.length; i++) await fetcher.block(SAMPLE_BLOCK.hash, [])
    expect(new Set(asked)).toEqual(new Set(PEERS))
    asked.length = 0
    for (let i = 0; i < PEERS.length; i++) await fetcher.block(SAMPLE_BLOCK.hash, [0, 1, 2, 3])
    expect(new Set(asked)).toEqual(new Set(PEERS))
  })

  it('is not asked for from a liar alone: another block than the one wanted is no answer', async () => {
    const { fetcher } = setup(PEERS)
    expect(await fetcher.block(new Uint8Array(32).fill(5), [0])).toBeUndefined()
  })
})
