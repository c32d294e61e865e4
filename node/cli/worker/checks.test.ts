import { describe, expect, it } from 'vitest'
import type { Check, Level } from '../../doctor/check.ts'
import { checksOf, type Seen, type SeenNode } from './checks.ts'

const node: SeenNode = {
  url: 'http://127.0.0.1:8545',
  network: 'devnet',
  chainId: 26_180,
  genesisHash: 'aa',
  height: 12,
  syncing: false,
  latencyMs: 3,
  timestampMs: 1_000_000,
  nowMs: 1_000_400,
  blockMs: 500,
  feed: true,
}
const well: Seen = {
  nodes: [node],
  account: { address: 'cpc1abc', balanceWei: 10n ** 18n, maxFeePerGas: 2_000n },
  backends: [{ name: 'wasm', threads: 2, macsPerSecond: 1e11, correct: true }],
  adapters: [],
  machine: { node: 'v20', cores: 2, load: 0.5, governor: undefined, sharedMemory: true },
  results: 100,
}

const find = (seen: Partial<Seen>, name: string): Check | undefined =>
  checksOf({ ...well, ...seen }).find((check) => check.name === name)
const levelOf = (seen: Partial<Seen>, name: string): Level | undefined => find(seen, name)?.level
const withNode = (change: Partial<SeenNode>): Partial<Seen> => ({ nodes: [{ ...node, ...change }] })

describe('doctor', () => {
  it('finds nothing wrong where nothing is', () => {
    const checks = checksOf(well)
    expect(checks.filter(({ level }) => level !== 'ok')).toEqual([])
    expect(checks.map(({ name }) => name)).toEqual([
      'node',
      'latency',
      'clock',
      'feed',
      'work',
      'account',
      'backend wasm',
      'node.js',
      'threads',
      'cores',
    ])
  })

  it('every complaint says what to do', () => {
    const ill: Seen = {
      nodes: [
        { url: 'a', trouble: 'RPC_UNREACHABLE' },
        { ...node, syncing: true, latencyMs: 900, feed: false, workTrouble: 'X' },
      ],
      account: 'no key',
      backends: [{ name: 'webgpu', threads: 1, trouble: { code: 'WEBGPU_UNAVAILABLE', message: 'install it' } }],
      adapters: ['llvmpipe (vulkan)'],
      machine: { node: 'v20', cores: 2, load: 9, governor: 'powersave', sharedMemory: false },
      results: 100,
    }
    const complaints = checksOf(ill).filter(({ level }) => level !== 'ok')
    expect(complaints.length).toBe(11)
    for (const { remedy } of complaints) expect(remedy).toMatch(/\w/)
  })

  it('a silent node fails alone, and is a warning beside one that answers', () => {
    const silent: SeenNode = { url: 'http://b', trouble: 'RPC_UNREACHABLE' }
    expect(levelOf({ nodes: [silent] }, 'node')).toBe('FAIL')
    expect(levelOf({ nodes: [silent, node] }, 'node')).toBe('WARN')
  })

  it('nodes of different chains fail', () => {
    expect(levelOf({ nodes: [node, { ...node, genesisHash: 'bb' }] }, 'chain')).toBe('FAIL')
    expect(levelOf({ nodes: [node, node] }, 'chain')).toBeUndefined()
  })

  it.each([
    [400, 'ok'],
    [-500, 'ok'],
    [-501, 'WARN'],
    [5_000, 'ok'],
    [5_001, 'WARN'],
  ])('a newest block %d ms old: %s', (ageMs, level) => {
    expect(levelOf(withNode({ nowMs: 1_000_000 + ageMs }), 'clock')).toBe(level)
  })

  it('slow chains may have older blocks', () => {
    expect(levelOf(withNode({ blockMs: 1_500, nowMs: 1_014_000 }), 'clock')).toBe('ok')
  })

  it.each([
    // 80,000 gas at 2,000 wei each.
    [160_000_000n * 100n, 'ok'],
    [160_000_000n * 100n - 1n, 'WARN'],
    [160_000_000n, 'WARN'],
    [159_999_999n, 'FAIL'],
  ])('a balance of %d wei for 100 results: %s', (balanceWei, level) => {
    expect(levelOf({ account: { address: 'cpc1abc', balanceWei, maxFeePerGas: 2_000n } }, 'account')).toBe(level)
  })

  it('a backend that computes wrongly fails; one that is missing does not, as long as another works', () => {
    const wrong = { name: 'webgpu', threads: 1, correct: false }
    const missing = { name: 'webgpu', threads: 1, trouble: { code: 'X', message: 'y' } }
    expect(levelOf({ backends: [wrong, ...well.backends] }, 'backend webgpu')).toBe('FAIL')
    expect(levelOf({ backends: [missing, ...well.backends] }, 'backend webgpu')).toBe('WARN')
    expect(levelOf({ backends: [missing, ...well.backends] }, 'backends')).toBeUndefined()
    expect(levelOf({ backends: [missing] }, 'backends')).toBe('FAIL')
    expect(levelOf({ backends: [wrong] }, 'backends')).toBe('FAIL')
  })
})
