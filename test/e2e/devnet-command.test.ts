/** `quern devnet` as a process: what it prints, how it ends, and what it leaves behind. */
import fs from 'node:fs'
import net from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_MNEMONIC } from '../../devnet/keys.ts'
import { type ReadyLine, Sandbox } from './command.ts'
import { PATIENCE, post } from './devnet-fixture.ts'

let sandbox: Sandbox
beforeAll(() => {
  sandbox = new Sandbox()
})
afterAll(() => sandbox.remove())

const SMALL = [
  'devnet',
  '--json',
  '--rpc-port',
  '0',
  '--validators',
  '1',
  '--workers',
  '0',
  '--block-interval-ms',
  '50',
]

const finalHeight = async ({ rpc }: ReadyLine): Promise<number> => {
  const request = { jsonrpc: '2.0', id: 1, method: 'chain_getHeader', params: ['finalized'] }
  return ((await post(rpc, request)) as { result: { height: number } }).result.height
}

describe('quern devnet', () => {
  it('is ready with four validators and a worker, makes blocks, and leaves nothing when interrupted', async () => {
    const devnet = sandbox.start(['devnet', '--json', '--rpc-port', '0'])
    const ready = await devnet.ready()
    expect(Object.keys(ready)).toEqual(['event', 'chainId', 'rpc', 'ws', 'genesis', 'accounts', 'prover', 'nodes'])
    expect(ready).toMatchObject({
      chainId: 26180,
      rpc: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      ws: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+$/),
      genesis: expect.stringMatching(/^0x[0-9a-f]{64}$/),
    })
    expect(ready.accounts).toHaveLength(10)
    expect(ready.accounts[0]).toEqual({
      address: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
      bech32: expect.stringMatching(/^cpc1[0-9a-z]{38}$/),
      privateKey: '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
    })
    expect(ready.nodes.map(({ name }) => name)).toEqual([
      'validator-0',
      'validator-1',
      'validator-2',
      'validator-3',
      'node',
    ])
    expect(new Set(ready.nodes.map(({ pid }) => pid)).size).toBe(1)
    await expect.poll(() => finalHeight(ready), PATIENCE).toBeGreaterThan(2)
    expect(fs.readdirSync(sandbox.temporary)).toHaveLength(1)
    const { code, stderr, stdout } = await devnet.stop('SIGINT')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(fs.readdirSync(sandbox.temporary)).toEqual([])
  })

  it('prints accounts, keys and URLs for people, and its blocks', async () => {
    const devnet = sandbox.start(SMALL.filter((arg) => arg !== '--json').concat('--accounts', '2', '--balance', '1.5'))
    await devnet.line((line) => /^block 2 {2}0x/.test(line))
    const { code, stdout, stderr } = await devnet.stop('SIGTERM')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('(1) 0x70997970C51812dc3A010C7d01b50e0d17dc79C8  cpc1')
    expect(stdout).toContain('(1.5 CPC)')
    expect(stdout).not.toContain('(2) 0x')
    expect(stdout).toContain('(0) 0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
    expect(stdout).toContain(DEFAULT_MNEMONIC)
    expect(stdout).toMatch(/Chain id: +26180/)
    expect(stdout).toMatch(/validator-0 +\d+ +http:\S+ +\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3/)
    expect(stdout).toMatch(/JSON-RPC: +http:\/\/127\.0\.0\.1:\d+/)
  })

  it('says nothing when it is to be silent', async () => {
    const dataDir = sandbox.path('silent')
    const port = await freePort()
    const args = SMALL.filter((arg) => arg !== '--json')
      .join(' ')
      .replace('--rpc-port 0', `--rpc-port ${port}`)
    const devnet = sandbox.start([...args.split(' '), '--silent', '--data-dir', dataDir])
    const answers = () => post(`http://127.0.0.1:${port}`, { id: 1, method: 'eth_chainId' }).catch(() => undefined)
    await expect.poll(answers, PATIENCE).toMatchObject({ result: '0x6644' })
    expect(await devnet.stop()).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('derives the genesis from the seed', async () => {
    const genesisOf = async (...flags: string[]) => {
      const devnet = sandbox.start([...SMALL, ...flags])
      const { genesis } = await devnet.ready()
      await devnet.stop()
      return genesis
    }
    const [first, again, other, unseeded] = await Promise.all([
      genesisOf('--seed', 'mill'),
      genesisOf('--seed', 'mill'),
      genesisOf('--seed', 'wind'),
      genesisOf(),
    ])
    expect(again).toBe(first)
    expect(new Set([first, other, unseeded]).size).toBe(3)
  })
})

describe('quern devnet ends cleanly', () => {
  it('when it is interrupted while it starts', async () => {
    const devnet = sandbox.start(SMALL)
    await expect.poll(() => fs.readdirSync(sandbox.temporary).length, { ...PATIENCE, interval: 1 }).toBe(1)
    expect(await devnet.stop('SIGINT')).toMatchObject({ code: 0, stderr: '' })
    expect(fs.readdirSync(sandbox.temporary)).toEqual([])
  })

  it('when nobody reads its output any more', async () => {
    const devnet = sandbox.start(SMALL.filter((arg) => arg !== '--json'))
    await devnet.line((line) => line.startsWith('block 1 '))
    devnet.closeOutput()
    expect(await devnet.ended).toMatchObject({ code: 0, stderr: '' })
    expect(fs.readdirSync(sandbox.temporary)).toEqual([])
  })
})

describe('quern devnet --data-dir', () => {
  it('continues the chain, refuses another plan for it, and shares it with nobody', async () => {
    const place = ['--data-dir', sandbox.path('chain')]
    const first = sandbox.start([...SMALL, ...place, '--accounts', '3'])
    const begun = await first.ready()
    await expect.poll(() => finalHeight(begun), PATIENCE).toBeGreaterThan(5)

    const second = await sandbox.run([...SMALL, ...place])
    expect(second).toMatchObject({ code: 1, stdout: '' })
    expect(JSON.parse(second.stderr)).toMatchObject({ error: { code: 'STORE_LOCKED' } })

    const reached = await finalHeight(begun)
    expect(await first.stop()).toMatchObject({ code: 0, stderr: '' })

    // Flags that were given the first time need not be given again.
    const later = sandbox.start(['devnet', '--json', '--rpc-port', '0', ...place])
    const continued = await later.ready()
    expect(continued.genesis).toBe(begun.genesis)
    expect(continued.accounts).toEqual(begun.accounts)
    expect(await finalHeight(continued)).toBeGreaterThanOrEqual(reached)
    await expect.poll(() => finalHeight(continued), PATIENCE).toBeGreaterThan(reached + 3)
    expect(await later.stop()).toMatchObject({ code: 0, stderr: '' })

    const other = await sandbox.run([...SMALL, ...place, '--accounts', '4'])
    expect(other).toMatchObject({ code: 1, stdout: '' })
    const { error } = JSON.parse(other.stderr) as { error: { code: string; message: string } }
    expect(error.code).toBe('DEVNET_PLAN_CONFLICT')
    expect(error.message).toContain('--accounts 3, not --accounts 4')
  })
})

describe('quern devnet refuses', () => {
  it('a port that is taken, and leaves nothing behind', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => holder.once('listening', resolve))
    const { port } = holder.address() as net.AddressInfo
    const { code, stdout, stderr } = await sandbox.run(['devnet', '--rpc-port', String(port)])
    holder.close()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^error: RPC_LISTEN_FAILED: .*port is taken.*--rpc-port.*\n$/)
    expect(fs.readdirSync(sandbox.temporary)).toEqual([])
  })

  it('what it cannot read: exit code 2 for wrong use, 1 for a wrong value', async () => {
    const wrong = [
      ['devnet', '--validators', '0'],
      ['devnet', '--validators', 'four'],
      ['devnet', '--rpc-port', '65536'],
      ['devnet', '--gas-limit', '1e9'],
      ['devnet', '--turbo'],
      ['devnet', 'extra'],
    ]
    for (const { code, stdout, stderr } of await Promise.all(wrong.map((args) => sandbox.run(args)))) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^error: /)
      expect(stderr).toContain('--help')
    }
    const [mnemonic, balance] = await Promise.all([
      sandbox.run([...SMALL, '--mnemonic', 'test test test', '--data-dir', sandbox.path('bad')]),
      sandbox.run([...SMALL, '--balance', '1.5 CPC']),
    ])
    expect([mnemonic.code, balance.code]).toEqual([1, 2])
    expect(JSON.parse(mnemonic.stderr)).toMatchObject({ error: { code: 'MNEMONIC_INVALID' } })
    expect(JSON.parse(balance.stderr)).toMatchObject({ error: { code: expect.stringContaining('AMOUNT') } })
    expect(fs.readdirSync(sandbox.temporary)).toEqual([])
    // No chain is bound to what was mistyped.
    expect(fs.readdirSync(sandbox.path('bad'))).toEqual([])
  })
})

/** Free a moment ago, which is as much as can be known. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
