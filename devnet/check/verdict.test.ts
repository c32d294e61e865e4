import { describe, expect, it } from 'vitest'
import { type Observations, type SeenNode, verdict } from './verdict.ts'

const node = (name: string, changes: Partial<SeenNode> = {}): SeenNode => ({
  name,
  runs: true,
  trouble: undefined,
  genesisHash: '0xaa',
  fromHeight: 10,
  toHeight: 12,
  peers: 2,
  compared: { height: 12, hash: '0x12', expected: '0x12' },
  ...changes,
})

const HEALTHY: Observations = {
  seconds: 1.5,
  nodes: [node('node', { compared: undefined }), node('validator-0'), node('validator-1')],
  members: ['a', 'b'],
  voters: Array(8).fill(['a', 'b']),
  lastEpoch: { epoch: 3, workers: 1, results: 5 },
  queuedWei: { from: 0n, to: 0n },
  paidWorkers: 1,
}

const failed = (changes: Partial<Observations>) =>
  verdict({ ...HEALTHY, ...changes })
    .filter(({ ok }) => !ok)
    .map(({ name, detail }) => `${name}: ${detail}`)

const withNode = (index: number, changes: Partial<SeenNode>) => ({
  nodes: HEALTHY.nodes.map((each, i) => (i === index ? { ...each, ...changes } : each)),
})

describe('verdict', () => {
  it('finds nothing wrong with a healthy network', () => {
    expect(verdict(HEALTHY).map(({ name, ok }) => [name, ok])).toEqual([
      ['finalising', true],
      ['no forks', true],
      ['participation', true],
      ['workers paid', true],
      ['peers', true],
    ])
  })

  it.each([
    ['a chain that stands still', withNode(0, { toHeight: 10 }), 'finalising: final height 10 -> 10 in 1.5 s'],
    [
      'one node behind',
      withNode(2, { toHeight: 10 }),
      'finalising: final height 10 -> 12 in 1.5 s, but not at validator-1 (at 10)',
    ],
    [
      'a node that hangs',
      withNode(1, { trouble: 'RPC_UNREACHABLE' }),
      'finalising: no answer from validator-0 (RPC_UNREACHABLE)',
    ],
    [
      'a fork',
      withNode(1, { compared: { height: 11, hash: '0xbb', expected: '0xcc' } }),
      'no forks: different final blocks: validator-0 at height 11',
    ],
    ['another network', withNode(2, { genesisHash: '0xbb' }), 'no forks: another genesis at validator-1'],
    ['a validator that does not vote', { voters: Array(8).fill(['a']) }, 'participation: b signed none of 8 blocks'],
    [
      'a queue that stands still',
      { queuedWei: { from: 7n, to: 7n } },
      'workers paid: epoch 3: 5 results of 1 worker, and the pay-out queue does not shrink',
    ],
    ['a worker forgotten', { paidWorkers: 0 }, 'workers paid: epoch 3: 5 results of 1 worker, only 0 paid'],
    ['a node cut off', withNode(2, { peers: 0 }), 'peers: none at validator-1'],
    ['too few peers', withNode(0, { peers: 1 }), 'peers: 1 of 2 other nodes'],
  ])('finds %s', (_, changes, finding) => {
    expect(failed(changes)).toEqual([finding])
  })

  it('says what to do about each', () => {
    for (const { ok, advice } of verdict({ ...HEALTHY, ...withNode(0, { toHeight: 10, peers: 0 }), paidWorkers: 0 }))
      expect(ok).toBe(advice === undefined)
  })

  it('names a validator that is down, and does not expect of it what running ones do', () => {
    const down = withNode(2, { runs: false, toHeight: undefined, peers: undefined, compared: undefined })
    expect(failed(down)).toEqual(['participation: not running: validator-1'])
  })

  it('does not judge by a handful of blocks, nor before the first epoch ends', () => {
    expect(failed({ voters: Array(7).fill(['a']), lastEpoch: undefined, paidWorkers: 0 })).toEqual([])
  })

  it('takes a queue that shrinks for being paid', () => {
    expect(failed({ queuedWei: { from: 9n, to: 4n }, paidWorkers: 0 })).toEqual([])
  })
})
