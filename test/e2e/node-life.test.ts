/** A node of one's own as a process: made, run, asked, stopped, moved. */
import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningCommand, Sandbox } from './command.ts'
import { PATIENCE, post } from './devnet-fixture.ts'

let sandbox: Sandbox
beforeAll(() => {
  sandbox = new Sandbox()
})
afterAll(() => sandbox.remove())

interface Ready {
  readonly event: 'ready'
  readonly rpc: string
  readonly ws: string
  readonly nodeId: string
  readonly multiaddrs: readonly string[]
  readonly pid: number
  readonly genesis: string
  readonly height: number
  readonly validator: string | null
}

const LOOPBACK = ['--p2p-listen', '/ip4/127.0.0.1/tcp/0', '--rpc-port', '0']
const homeArgs = (name: string): string[] => ['--home', sandbox.path(name)]

/** The JSON of a command that succeeds, which is no process of its own. */
async function json<T = Record<string, unknown>>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await sandbox.call([...args, '--json'])
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
  return JSON.parse(stdout) as T
}

/** The code of a failure, which goes to stderr alone. Only `start` is a process of its own. */
async function failure(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const by = args[0] === 'start' ? sandbox.run : sandbox.call
  const { code, stdout, stderr } = await by([...args, '--json'], env)
  const { error } = JSON.parse(stderr) as { error: { code: string } }
  // Wrong use, or a failure.
  const expected = /^(ARGUMENT|ADDRESS|AMOUNT)_INVALID$/.test(error.code) ? 2 : 1
  expect({ args, code, stdout }).toEqual({ args, code: expected, stdout: '' })
  return error.code
}

const start = (name: string, ...flags: readonly string[]): RunningCommand =>
  sandbox.start(['start', '--json', ...homeArgs(name), ...LOOPBACK, ...flags])
const ready = async (node: RunningCommand): Promise<Ready> => (await node.ready()) as unknown as Ready

const call = async <T>(rpc: string, method: string, params: readonly unknown[] = []): Promise<T> =>
  ((await post(rpc, { jsonrpc: '2.0', id: 1, method, params })) as { result: T }).result
const finalHeight = async (rpc: string): Promise<number> =>
  (await call<{ height: number }>(rpc, 'chain_getHeader', ['finalized'])).height
const reaches = (rpc: string, height: number) =>
  expect.poll(() => finalHeight(rpc), PATIENCE).toBeGreaterThanOrEqual(height)

const file = (name: string): string => fs.readFileSync(sandbox.path(name), 'utf8')
function place(name: string): { epoch: number; view: number } {
  const { epoch, view } = JSON.parse(file(`${name}/validator/signing.json`)) as { epoch: number; view: number }
  return { epoch, view }
}

/** A chain of one validator, with blocks every few milliseconds. */
async function initSolo(name: string): Promise<Record<string, unknown>> {
  const made = await json('init', ...homeArgs(name), '--network', 'devnet')
  const genesis = JSON.parse(file(`${name}/genesis.json`)) as { params: Record<string, unknown> }
  genesis.params.block_interval_ms = 50
  fs.writeFileSync(sandbox.path(`${name}/genesis.json`), JSON.stringify(genesis))
  return made
}

describe('quern init', () => {
  it('makes a home that starts, keeps what is there, and knows its id', async () => {
    const made = await json<{ nodeId: string }>('init', ...homeArgs('fresh'), '--network', 'devnet')
    expect(made).toMatchObject({
      home: sandbox.path('fresh'),
      nodeId: expect.stringMatching(/^12D3KooW/),
      network: 'devnet',
      validator: { owner: expect.stringMatching(/^cpc1/), blsPublicKey: expect.stringMatching(/^0x[0-9a-f]{96}$/) },
    })
    expect(await json('show-node-id', ...homeArgs('fresh'))).toEqual({ nodeId: made.nodeId })
    const keys = ['node_key', 'validator/key.json', 'keys/owner.json'].map((name) => file(`fresh/${name}`))
    expect(await failure(['init', ...homeArgs('fresh'), '--network', 'devnet'])).toBe('HOME_EXISTS')
    await json('init', ...homeArgs('fresh'), '--network', 'devnet', '--force')
    expect(['node_key', 'validator/key.json', 'keys/owner.json'].map((name) => file(`fresh/${name}`))).toEqual(keys)
    for (const name of ['node_key', 'validator/key.json', 'keys/owner.json']) {
      expect(fs.statSync(sandbox.path(`fresh/${name}`)).mode & 0o077, name).toBe(0)
    }
  })

  it('joins a network by its genesis, to follow or to validate', async () => {
    await json('init', ...homeArgs('network'), '--network', 'devnet')
    const genesis = ['--genesis', sandbox.path('network/genesis.json')]
    const follower = await json('init', ...homeArgs('follower'), ...genesis)
    expect(follower).toMatchObject({ validator: null, reporter: null })
    const owner = (await json<{ owner: string }>('validator', 'show', ...homeArgs('network'))).owner
    const joiner = await json('init', ...homeArgs('joiner'), ...genesis, '--validator', '--owner', owner)
    expect(joiner).toMatchObject({ validator: { owner }, reporter: expect.stringMatching(/^cpc1/) })
    expect(fs.existsSync(sandbox.path('follower/validator/key.json'))).toBe(false)
    expect(await failure(['validator', 'show', ...homeArgs('follower')])).toBe('VALIDATOR_KEY_MISSING')
  })

  it('asks for what it cannot know', async () => {
    const home = homeArgs('nothing')
    const genesis = ['--genesis', sandbox.path('network/genesis.json')]
    const codes = await Promise.all([
      failure(['init', ...home]),
      failure(['init', ...home, '--network', 'testnet']),
      failure(['init', ...home, ...genesis, '--validator']),
      failure(['init', ...home, ...genesis, '--network', 'mainnet']),
      failure(['init', ...home, '--genesis', sandbox.path('none.json')]),
      failure(['start', ...home]),
      failure(['show-node-id', ...home]),
    ])
    expect(codes).toEqual([
      'ARGUMENT_INVALID',
      'ARGUMENT_INVALID',
      'ARGUMENT_INVALID',
      'GENESIS_NETWORK',
      'GENESIS_UNREADABLE',
      'HOME_MISSING',
      'HOME_MISSING',
    ])
    expect(fs.existsSync(sandbox.path('nothing'))).toBe(false)
  })

  it('goes on without its node_key only as somebody else', async () => {
    const { nodeId } = await json<{ nodeId: string }>('init', ...homeArgs('anew'), '--network', 'devnet')
    fs.rmSync(sandbox.path('anew/node_key'))
    expect(await failure(['start', ...homeArgs('anew'), ...LOOPBACK])).toBe('NODE_KEY_MISSING')
    expect(await failure(['show-node-id', ...homeArgs('anew')])).toBe('NODE_KEY_MISSING')
    const made = await json<{ nodeId: string }>('show-node-id', '--make', ...homeArgs('anew'))
    expect(made.nodeId).not.toBe(nodeId)
    expect(await json('show-node-id', ...homeArgs('anew'))).toEqual(made)
  })
})

describe('quern start', () => {
  it('makes blocks, answers, refuses a second process, and ends in good order', async () => {
    const made = await initSolo('solo')
    const node = start('solo')
    const { rpc, nodeId, multiaddrs, pid, validator, genesis } = await ready(node)
    expect({ nodeId, validator }).toEqual({
      nodeId: made.nodeId,
      validator: (made.validator as { owner: string }).owner,
    })
    expect(multiaddrs).toEqual([expect.stringMatching(`^/ip4/127.0.0.1/tcp/\\d+/p2p/${nodeId}$`)])
    expect(() => process.kill(pid, 0)).not.toThrow()
    await reaches(rpc, 3)

    expect(await call(rpc, 'node_info')).toMatchObject({
      node_id: nodeId,
      multiaddrs,
      genesis_hash: genesis,
      validator,
    })
    expect(await call(rpc, 'net_peers')).toEqual([])
    const [health, answer, metrics] = await Promise.all([
      fetch(`${rpc}/health`),
      fetch(`${rpc}/ready`),
      fetch(`${rpc}/metrics`),
    ])
    expect([health.status, answer.status, metrics.status]).toEqual([200, 200, 200])
    expect(await answer.json()).toEqual({ ready: true, reasons: [] })
    const text = await metrics.text()
    expect(text).toMatch(/^quern_finalized_height \d+$/m)
    expect(text).toMatch(/^quern_nodejs_eventloop_lag_seconds /m)
    expect(text).toContain(`node_id="${nodeId}"`)

    // The same home, and the same key from another home.
    await json('init', ...homeArgs('double'), '--genesis', sandbox.path('solo/genesis.json'))
    await json('validator', 'import-key', sandbox.path('solo/validator/key.json'), ...homeArgs('double'))
    const refused = await Promise.all([
      failure(['start', ...homeArgs('solo'), ...LOOPBACK]),
      failure(['start', ...homeArgs('double'), ...LOOPBACK]),
      failure(['reset', '--yes', ...homeArgs('solo')]),
      failure(['validator', 'export-protection', sandbox.path('early.json'), ...homeArgs('solo')]),
    ])
    expect(refused).toEqual(['KEY_IN_USE', 'KEY_IN_USE', 'STORE_LOCKED', 'KEY_IN_USE'])

    const { code, stderr } = await node.stop('SIGTERM')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('goes on after kill -9, on the journal and without a pause', async () => {
    const first = start('solo')
    const reached = await finalHeight((await ready(first)).rpc)
    await first.stop('SIGKILL')
    const second = start('solo')
    const { rpc, height } = await ready(second)
    expect(height).toBeGreaterThanOrEqual(reached)
    await reaches(rpc, height + 3)
    const { stdout } = await second.stop()
    expect(stdout).not.toContain('"event":"barred"')
  })

  it('stops at the halt height, exactly, and refuses to go on beyond it', async () => {
    await initSolo('halting')
    const halt = ['--halt-height', '7']
    const first = await start('halting', ...halt).ended
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toContain('"event":"halted","height":7')
    const again = await start('halting', ...halt).ended
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(again.stdout).toContain('"event":"halted","height":7')
    expect(again.stdout).not.toContain('"event":"ready"')
    const beyond = start('halting')
    const { rpc, height } = await ready(beyond)
    expect(height).toBe(7)
    await reaches(rpc, 9)
    await beyond.stop()
    expect(await failure(['start', ...homeArgs('halting'), ...LOOPBACK, ...halt])).toBe('HALT_HEIGHT_PASSED')
  })

  it('says what is wrong with its configuration, and how the command line is used', async () => {
    const password = ['--password-file', sandbox.file('password', 'grain')]
    await json('init', ...homeArgs('wrong'), '--network', 'devnet', ...password)
    expect(file('wrong/validator/key.json')).not.toContain('blsSecretKey')
    const config = sandbox.path('wrong/config.toml')
    const good = file('wrong/config.toml')
    const withText = (text: string) => fs.writeFileSync(config, `${good}\n${text}`)
    withText('[p2p2]\n')
    expect(await failure(['start', ...homeArgs('wrong')])).toBe('CONFIG_UNKNOWN_KEY')
    withText('[log]\n')
    expect(await failure(['start', ...homeArgs('wrong')])).toBe('CONFIG_SYNTAX')
    fs.writeFileSync(config, good)
    const starting = ['start', ...homeArgs('wrong')]
    const [port, none, ...wrong] = await Promise.all([
      failure(starting, { QUERN_RPC_PORT: 'x' }),
      failure(starting),
      ...[['--rpc-port', 'x'], ['--turbo'], ['extra']].map((args) => sandbox.run([...starting, ...args])),
    ])
    expect([port, none]).toEqual(['CONFIG_VALUE', 'PASSWORD_MISSING'])
    expect(await failure(starting, { QUERN_PASSWORD: 'chaff' })).toBe('KEYSTORE_PASSWORD')
    for (const { code, stdout, stderr } of wrong) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain('--help')
    }
    const unlocked = start('wrong', ...password)
    expect((await ready(unlocked)).validator).toMatch(/^cpc1/)
    await unlocked.stop()
  })

  it('tells people what it does', async () => {
    const flags = [...homeArgs('solo'), ...LOOPBACK, '--log-blocks', '--log-status-seconds', '1']
    const node = sandbox.start(['start', ...flags])
    await node.line((line) => /^\d{4}-\S+Z {2}devnet 0x\w+, block \d+; validates for cpc1/.test(line))
    await node.line((line) => /^\S+Z {2}block \d+ {2}0x\w+ {2}epoch \d+, view \d+ {2}0 tx$/.test(line))
    await node.line((line) =>
      /^\S+Z {2}block \d+ \(final \d+, \S+ s old\), epoch \d+, view \d+, 0 peers, 0 waiting, balance /.test(line),
    )
    const { code, stderr } = await node.stop()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

describe('two nodes', () => {
  it('find each other, and the follower is ready once it has the chain', async () => {
    const validator = start('solo')
    const { multiaddrs, rpc: leading } = await ready(validator)
    await json('init', ...homeArgs('watcher'), '--genesis', sandbox.path('solo/genesis.json'))
    const follower = start('watcher', '--p2p-persistent-peers', multiaddrs[0]!)
    const { rpc, nodeId, validator: none } = await ready(follower)
    expect(none).toBeNull()
    const statusOf = async () => (await fetch(`${rpc}/ready`)).status
    await reaches(rpc, (await finalHeight(leading)) + 2)
    await expect.poll(statusOf, PATIENCE).toBe(200)
    expect(await call(leading, 'net_peers')).toMatchObject([{ node_id: nodeId, direction: 'inbound' }])
    await validator.stop()
    await expect.poll(statusOf, PATIENCE).toBe(503)
    expect(await (await fetch(`${rpc}/ready`)).json()).toMatchObject({ reasons: [{ code: 'NO_PEERS' }] })
    expect(await follower.stop()).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('quern reset and the signing record', () => {
  it('forgets the chain and nothing else; the key then signs nothing twice', async () => {
    const kept = ['config.toml', 'genesis.json', 'node_key', 'validator/key.json', 'validator/signing.json']
    const contents = () => kept.map((name) => file(`solo/${name}`))
    const before = contents()
    // A process without a terminal, whatever the tests are run from.
    const { code, stderr } = await sandbox.run(['reset', ...homeArgs('solo'), '--json'])
    expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'NOT_CONFIRMED'])
    expect(await json('reset', '--yes', ...homeArgs('solo'))).toEqual({ removed: [sandbox.path('solo/data')] })
    expect(contents()).toEqual(before)
    expect(await json('reset', '--yes', ...homeArgs('solo'))).toEqual({ removed: [] })

    const bereft = start('solo')
    const barred = JSON.parse(await bereft.line((line) => line.startsWith('{"event":"barred"'))) as Record<
      string,
      unknown
    >
    expect(barred).toMatchObject(place('solo'))
    // The only validator of its chain: nobody else takes it past the bar.
    expect(await finalHeight((await ready(bereft)).rpc)).toBe(0)
    await bereft.stop()

    await json('reset', '--yes', '--forget-signing', ...homeArgs('solo'))
    const anew = start('solo')
    await reaches((await ready(anew)).rpc, 2)
    await anew.stop()
  })
})

describe('a validator moves to another machine', () => {
  it('with its key and its protection file, and signs nothing that it may have signed before', async () => {
    const protection = sandbox.path('protection.json')
    const exported = await json<{ epoch: number; view: number }>(
      'validator',
      'export-protection',
      protection,
      ...homeArgs('solo'),
    )
    expect(exported).toEqual(place('solo'))
    expect(exported.view).toBeGreaterThan(0)

    await json('init', ...homeArgs('moved'), '--genesis', sandbox.path('solo/genesis.json'))
    await json('validator', 'import-key', sandbox.path('solo/validator/key.json'), ...homeArgs('moved'))
    expect(await json('validator', 'import-protection', protection, ...homeArgs('moved'))).toEqual(exported)
    expect(await json('validator', 'show', ...homeArgs('moved'))).toMatchObject(exported)
    const moved = start('moved')
    const line = await moved.line((text) => text.startsWith('{"event":"barred"'))
    expect(JSON.parse(line)).toMatchObject(exported)
    await moved.stop()

    const other = (change: Record<string, unknown>): string => {
      const text = JSON.stringify({ ...(JSON.parse(file('protection.json')) as object), ...change })
      return sandbox.file('other.json', text)
    }
    const imported = (path: string) => failure(['validator', 'import-protection', path, ...homeArgs('moved')])
    expect(await imported(other({ genesisHash: `0x${'00'.repeat(32)}` }))).toBe('PROTECTION_OTHER_CHAIN')
    expect(await imported(other({ publicKey: `0x${'00'.repeat(48)}` }))).toBe('PROTECTION_OTHER_KEY')
    // An older file takes nothing back.
    expect(await json('validator', 'import-protection', other({ epoch: 0, view: 0 }), ...homeArgs('moved'))).toEqual(
      exported,
    )
  })
})
