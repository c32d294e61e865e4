import { describe, expect, it } from 'vitest'
import type { Check } from './check.ts'
import { checksOf, type Seen, type SeenHost, type SeenNode, type SeenValidator, type Trouble } from './checks.ts'

const GIB = 2 ** 30
const node: SeenNode = {
  url: 'http://127.0.0.1:8545',
  version: 'quern/1.0.0',
  genesisHash: '0xaa',
  isOwn: true,
  syncing: false,
  peers: 3,
  clock: { timestampMs: 1_000_000, nowMs: 1_000_300, blockMs: 500 },
  addresses: [{ multiaddr: '/ip4/192.0.2.7/tcp/26650', reached: true }],
}
const validator: SeenValidator = {
  owner: 'cpc1abc',
  isEncrypted: false,
  holder: 77,
  signed: 'may have signed up to epoch 3, view 9',
  hasRecord: true,
  hasData: true,
  status: 'active',
}
const host: SeenHost = {
  nodeVersion: 'v22',
  memoryBytes: 8 * GIB,
  freeMemoryBytes: 4 * GIB,
  diskFreeBytes: 100 * GIB,
  storeBytes: GIB,
  syncMs: 2,
  openSecrets: [],
}
const well: Seen = {
  home: 'miller',
  version: '1.0.0',
  genesis: { network: 'devnet', hash: '0xaa' },
  config: undefined,
  identity: '12D3KooW',
  node,
  ports: [{ place: '/ip4/0.0.0.0/tcp/26650', state: 'taken' }],
  validator,
  host,
}
const trouble: Trouble = { code: 'X', message: 'is wrong' }

const find = (change: Partial<Seen>, name: string): Check | undefined =>
  checksOf({ ...well, ...change }).find((check) => check.name === name)
const withNode = (change: Partial<SeenNode>) => ({ node: { ...node, ...change } })
const withKey = (change: Partial<SeenValidator>) => ({ validator: { ...validator, ...change } })
const withHost = (change: Partial<SeenHost>) => ({ host: { ...host, ...change } })

describe('doctor', () => {
  it('finds nothing wrong where nothing is, and takes a running node’s ports for its own', () => {
    const checks = checksOf(well)
    expect(checks.filter(({ level }) => level !== 'ok')).toEqual([])
    expect(checks.map(({ name }) => name)).not.toContain('port')
  })

  it.each<[string, Partial<Seen>, string, 'WARN' | 'FAIL']>([
    ['no genesis', { genesis: trouble }, 'genesis', 'FAIL'],
    ['a bad config.toml', { config: trouble }, 'configuration', 'FAIL'],
    ['no node_key', { identity: trouble }, 'identity', 'FAIL'],
    ['a node that does not answer', { node: trouble }, 'node', 'WARN'],
    ['a taken port', { node: trouble }, 'port', 'FAIL'],
    ['catching up', withNode({ syncing: true }), 'node', 'WARN'],
    ['another chain', withNode({ genesisHash: '0xbb' }), 'chain', 'FAIL'],
    ['another version', withNode({ version: 'quern/0.9.0' }), 'versions', 'WARN'],
    ['a slow clock', withNode({ clock: { timestampMs: 2_000, nowMs: 1_000, blockMs: 500 } }), 'clock', 'WARN'],
    ['nobody', withNode({ peers: 0 }), 'peers', 'FAIL'],
    ['one peer', withNode({ peers: 1 }), 'peers', 'WARN'],
    [
      'a closed port',
      withNode({ addresses: [{ multiaddr: '/ip4/192.0.2.7/tcp/1', reached: false }] }),
      'address',
      'WARN',
    ],
    ['loopback', withNode({ addresses: [{ multiaddr: '/ip4/127.0.0.1/tcp/1', reached: true }] }), 'address', 'WARN'],
    ['a broken key', { validator: trouble }, 'validator key', 'FAIL'],
    ['a node without its key', withKey({ holder: undefined }), 'signer', 'WARN'],
    ['another signer', { ...withKey({}), ...withNode({ isOwn: false }) }, 'signer', 'WARN'],
    ['a broken record', withKey({ signed: trouble }), 'signing record', 'FAIL'],
    ['a lost record', withKey({ hasRecord: false }), 'signing record', 'WARN'],
    ['no stake', withKey({ status: null }), 'validator', 'WARN'],
    ['jail', withKey({ status: 'jailed' }), 'validator', 'FAIL'],
    ['a little disk', withHost({ diskFreeBytes: 5 * GIB }), 'disk', 'WARN'],
    ['a full disk', withHost({ diskFreeBytes: GIB / 2 }), 'disk', 'FAIL'],
    ['a slow disk', withHost({ syncMs: 60 }), 'disk speed', 'WARN'],
    ['a lame disk', withHost({ syncMs: 400 }), 'disk speed', 'FAIL'],
    ['little memory', withHost({ memoryBytes: GIB }), 'memory', 'WARN'],
    ['open secrets', withHost({ openSecrets: ['node_key'] }), 'secrets', 'FAIL'],
  ])('%s: says what to do', (_what, change, name, level) => {
    expect(find(change, name)).toMatchObject({ level, remedy: expect.stringMatching(/.{10}/) })
  })

  it('a node that only follows has no key to look at, and a key without a data/ has signed nothing', () => {
    expect(find({ validator: undefined }, 'validator key')).toBeUndefined()
    expect(find(withKey({ hasRecord: false, hasData: false, signed: 'nothing' }), 'signing record')?.level).toBe('ok')
  })
})
