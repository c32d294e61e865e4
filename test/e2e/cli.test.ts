/** The other commands of `quern`, against a devnet that is a process, as some of them are. */
import fs from 'node:fs'
import { parseEther } from 'viem'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { jsonRpc } from '../../gpu/json-rpc.ts'
import { type Ended, quickDevnet, type ReadyLine, type Sandbox } from './command.ts'
import { post, TestDevnet } from './devnet-fixture.ts'
import { EASY_DIFFICULTY_MACS } from './lottery.ts'

/** A result is good for twenty blocks: on these a busy machine finds one and sends it in time. */
const PATIENT_INTERVAL_MS = 1_000
/** Won every few attempts. */
const DIFFICULTY_MACS = EASY_DIFFICULTY_MACS * 4

let sandbox: Sandbox
let ready: ReadyLine
let end: () => Promise<Ended>

beforeAll(async () => {
  ;({ sandbox, ready, end } = await quickDevnet('cli'))
})
afterAll(async () => expect(await end()).toMatchObject({ code: 0, stderr: '' }))

/** A printed account, or nobody. */
const envOf = (account?: number): NodeJS.ProcessEnv => ({
  QUERN_RPC: ready.rpc,
  ...(account === undefined ? {} : { QUERN_PRIVATE_KEY: ready.accounts[account]!.privateKey }),
})
const call = (args: readonly string[], account?: number): Promise<Ended> => sandbox.call(args, envOf(account))
const run = (args: readonly string[], account?: number): Promise<Ended> => sandbox.run(args, envOf(account))

/** The one line of JSON of a command that succeeds. */
async function json<T>(args: readonly string[], account?: number, by = call): Promise<T> {
  const { code, stdout, stderr } = await by([...args, '--json'], account)
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
  return JSON.parse(stdout) as T
}

/** The code of a failure, which goes to stderr alone. */
async function failure(args: readonly string[], account?: number, by = call): Promise<string> {
  const { code, stdout, stderr } = await by([...args, '--json'], account)
  const { error } = JSON.parse(stderr) as { error: { code: string } }
  // Wrong use, or a failure.
  const expected = /^(ARGUMENT|ADDRESS|AMOUNT)_INVALID$/.test(error.code) ? 2 : 1
  expect({ args, code, stdout }).toEqual({ args, code: expected, stdout: '' })
  return error.code
}

describe('quern keys', () => {
  it('makes, lists, shows and imports keys; the file is encrypted', async () => {
    const password = ['--password-file', sandbox.file('password', 'correct horse\n')]
    const made = await json<Record<string, string>>(['keys', 'new', 'miller', ...password])
    expect(made).toEqual({
      name: 'miller',
      address: expect.stringMatching(/^cpc1[0-9a-z]{38}$/),
      hexAddress: expect.stringMatching(/^0x[0-9a-fA-F]{40}$/),
      path: sandbox.path('home/keys/miller.json'),
    })
    const file = fs.readFileSync(made.path!, 'utf8')
    expect(JSON.parse(file)).toMatchObject({
      version: 3,
      crypto: { kdf: 'scrypt', kdfparams: { n: 2 ** 18 }, cipher: 'aes-128-ctr' },
    })
    expect(fs.statSync(made.path!).mode & 0o077).toBe(0)

    const { privateKey, address, bech32 } = ready.accounts[9]!
    const env = { QUERN_PASSWORD: 'battery staple' }
    const imported = await sandbox.run(['keys', 'import', 'ninth', privateKey, '--json'], env)
    expect(JSON.parse(imported.stdout)).toMatchObject({ name: 'ninth', hexAddress: address, address: bech32 })

    const [listed, shown, wrong, again, unknown] = await Promise.all([
      json<{ name: string }[]>(['keys', 'list']),
      sandbox.run(['keys', 'show', 'ninth', '--private', '--json'], env),
      sandbox.run(['keys', 'show', 'ninth', '--private', '--json'], { QUERN_PASSWORD: 'guess' }),
      failure(['keys', 'new', 'miller', ...password]),
      failure(['keys', 'show', 'nobody']),
    ])
    expect(listed.map(({ name }) => name)).toEqual(['miller', 'ninth'])
    expect(JSON.parse(shown.stdout)).toMatchObject({ privateKey })
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    expect(wrong.stderr).toContain('PASSWORD')
    expect([again, unknown]).toEqual(['KEY_EXISTS', 'KEY_NOT_FOUND'])
    expect(fs.readFileSync(made.path!, 'utf8')).toBe(file)
  })

  it('pays from a stored key, by name', async () => {
    const signer = ['--from', 'ninth', '--password-file', sandbox.file('ninth', 'battery staple')]
    const sent = await json<{ from: string }>(['tx', 'send', ready.accounts[8]!.bech32, '1', ...signer], undefined, run)
    expect(sent).toMatchObject({ from: ready.accounts[9]!.bech32, status: 'success' })
  })
})

describe('quern faucet and tx send', () => {
  it('move exact amounts', async () => {
    const [to, other] = ['0x00000000000000000000000000000000000000aa', '0x00000000000000000000000000000000000000bb']
    await json(['faucet', to, '0.000000000000000001'])
    await json(['faucet', to, '12.5'])
    await json(['faucet', other])
    await json(['tx', 'send', to, '1.000000000000000002', '--memo', 'two sacks of flour'], 0)
    const [balance, default100] = await Promise.all([
      json<{ balance_wei: string }>(['query', 'balance', to]),
      json<{ balance_wei: string }>(['query', 'balance', other]),
    ])
    expect(balance.balance_wei).toBe(String(parseEther('13.500000000000000003')))
    expect(default100.balance_wei).toBe(String(parseEther('100')))
  })

  it('fail with the code of what is wrong', async () => {
    const to = ready.accounts[1]!.address
    const codes = await Promise.all([
      failure(['tx', 'send', to, '1e3'], 7),
      failure(['tx', 'send', '0x123', '1'], 7),
      failure(['tx', 'send', to, '100000'], 7),
      failure(['tx', 'send', to, '1'], undefined).then((code) =>
        code === 'PASSWORD_MISSING' ? 'SIGNER_MISSING' : code,
      ),
      failure(['tx', 'unjail'], 7),
      failure(['query', 'status', '--rpc', 'http://127.0.0.1:9']),
    ])
    expect(codes).toEqual([
      expect.stringContaining('AMOUNT'),
      expect.stringContaining('ADDRESS'),
      'TX_INSUFFICIENT_FUNDS',
      'SIGNER_MISSING',
      expect.stringContaining('VALIDATOR'),
      'RPC_UNREACHABLE',
    ])
  })
})

describe('quern tx, the staking kinds', () => {
  const OK = { status: 'success', height: expect.any(Number), hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) }
  const tx = (args: readonly string[], account: number) => json(['tx', ...args], account)
  type Validator = { address: string; name: string; tokens: string; commission_bps: number }
  const validators = () => json<Validator[]>(['query', 'validators'])

  it('delegate to a validator, leave it, and collect', async () => {
    const { address } = (await validators())[0]!
    expect(await tx(['delegate', address, '50'], 2)).toMatchObject(OK)
    const { epoch } = await json<{ epoch: number }>(['query', 'status'])
    expect(await tx(['undelegate', address, '10'], 2)).toMatchObject(OK)
    // In one epoch or the next, as the blocks fell.
    const left = [`${address}@${epoch}`, `${address}@${epoch + 1}`]
    expect(await failure(['tx', 'claim', ...left], 2)).toBe('CLAIM_NOT_MATURED')
    // Unbonding takes three epochs of 40 blocks.
    await post(ready.rpc, { jsonrpc: '2.0', id: 1, method: 'dev_mine', params: [160] })
    expect(await tx(['claim', address, ...left], 2)).toMatchObject(OK)
    const { balance_wei } = await json<{ balance_wei: string }>(['query', 'balance', ready.accounts[2]!.bech32])
    // 10,000 less 50, 10 again, and rewards.
    expect(BigInt(balance_wei)).toBeGreaterThan(parseEther('9960'))
  })

  it('make a validator, describe it, work for it, and end it', async () => {
    const own = ready.accounts[1]!.bech32
    expect(await tx(['stake', '1500', '--bls-key', `0x${'2f'.repeat(32)}`], 1)).toMatchObject(OK)
    expect(await tx(['stake', '0.5'], 1)).toMatchObject(OK)
    const about = ['--name', 'Upper Mill', '--website', 'https://mill.example']
    expect(await tx(['update-validator', ...about, '--open-to-workers'], 1)).toMatchObject(OK)
    expect(await tx(['register-worker', own, '--profile', 'an old laptop'], 3)).toMatchObject(OK)
    // What is left out stays.
    expect(await tx(['update-validator', '--description', 'by the river'], 1)).toMatchObject(OK)
    expect(await jsonRpc(ready.rpc, 10_000)('chain_getValidator', [own])).toMatchObject({
      name: 'Upper Mill',
      description: 'by the river',
      open_to_workers: true,
    })
    expect(await failure(['tx', 'update-validator', '--name', 'nobody'], 4)).toBe('VALIDATOR_UNKNOWN')
    expect(await failure(['tx', 'unjail'], 1)).toMatch(/JAIL/)
    // Nobody runs it, so it is not to be elected.
    expect(await tx(['unstake', '1450'], 1)).toMatchObject(OK)
    expect(await validators()).toContainEqual(
      expect.objectContaining({ address: own, name: 'Upper Mill', tokens: String(parseEther('50.5')) }),
    )
  })
})

describe('quern query', () => {
  it('answers in JSON and in words', async () => {
    const sent = await json<{ hash: string; height: number }>(['tx', 'send', ready.accounts[4]!.address, '2'], 5)
    const [status, block, tx, supply, workers] = await Promise.all([
      json<Record<string, unknown>>(['query', 'status']),
      json<Record<string, unknown>>(['query', 'block', String(sent.height)]),
      json<{ transaction: unknown; receipt: unknown }>(['query', 'tx', sent.hash]),
      json<Record<string, string>>(['query', 'supply']),
      json<unknown[]>(['query', 'workers']),
    ])
    expect(status).toMatchObject({ network: 'devnet', chain_id: 26180, genesis_hash: ready.genesis, syncing: false })
    expect(block).toMatchObject({ height: sent.height, gas_used: 21_000 })
    expect(tx).toMatchObject({ transaction: { hash: sent.hash, type: '0x71' }, receipt: { status: '0x1' } })
    expect(BigInt(supply.genesis!) + BigInt(supply.minted!) - BigInt(supply.burned!)).toBe(BigInt(supply.total!))
    expect(workers).toEqual([])
    const [{ network }, node, peers] = await Promise.all([
      json<{ network: string }>(['query', 'genesis']),
      json<{ genesis_hash: string; multiaddrs: readonly string[] }>(['query', 'node']),
      json<{ node_id: string }[]>(['query', 'peers']),
    ])
    expect([network, node.genesis_hash]).toEqual(['devnet', ready.genesis])
    for (const multiaddr of node.multiaddrs) expect(multiaddr).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3/)
    expect(Array.isArray(peers)).toBe(true)

    const words = await Promise.all([
      run(['query', 'status']),
      ...[
        ['block', 'latest'],
        ['tx', sent.hash],
        ['balance', ready.accounts[4]!.bech32],
        ['validators'],
        ['workers'],
        ['supply'],
        ['genesis'],
        ['node'],
        ['peers'],
      ].map((args) => call(['query', ...args])),
    ])
    for (const { code, stderr } of words) expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [statusText, , txText, balanceText, , workersText] = words.map(({ stdout }) => stdout)
    expect(statusText).toMatch(/^network +devnet \(chain id 26180\)$/m)
    expect(txText).toMatch(/^status +success$/m)
    expect(balanceText).toMatch(/^balance +10002 CPC$/m)
    expect(workersText).toContain('quern worker')
    expect(await failure(['query', 'block', '999999'])).toBe('BLOCK_UNKNOWN')
    expect(await failure(['query', 'tx', `0x${'00'.repeat(32)}`])).toBe('TX_UNKNOWN')
  })
})

describe('quern worker', () => {
  it('computes a result that the chain accepts, and stops when told', async () => {
    const net = await TestDevnet.start({ blockIntervalMs: PATIENT_INTERVAL_MS, difficultyMacs: DIFFICULTY_MACS })
    onTestFinished(() => net.stop())
    const { privateKey, bech32 } = ready.accounts[6]!
    const env = { QUERN_RPC: net.url, QUERN_PRIVATE_KEY: privateKey }
    const worker = sandbox.start(['worker', '--matrix-size', '256', '--json'], env)
    await worker.line((line) => line.includes('"type":"accepted"'))
    const { code, stdout, stderr } = await worker.stop()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(events[0]).toMatchObject({ type: 'started', matrixSize: 256 })
    expect(events.filter(({ type }) => type === 'rejected')).toEqual([])
    // `query workers` lists two epochs; on a slow machine they may be over by now.
    expect((await net.rpc<{ results: number }>('poc_getWorker', [bech32])).results).toBeGreaterThan(0)
  })

  it('refuses a matrix size that the chain does not have', async () => {
    expect(await failure(['worker', '--matrix-size', '300'], 6, run)).toBe('WORKER_MATRIX_SIZE')
    expect(await failure(['worker', '--duty', '2'], 6, run)).toBe('ARGUMENT_INVALID')
  })
})

describe('quern itself', () => {
  it('shows help with examples, its version, and exits with 2 for wrong use', async () => {
    const { version } = JSON.parse(fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    const [help, devnetHelp, sendHelp, shownVersion, ...wrong] = await Promise.all(
      [
        ['--help'],
        ['devnet', '--help'],
        ['tx', 'send', '--help'],
        ['--version'],
        [],
        ['grind'],
        ['tx'],
        ['tx', 'send', '0xaa'],
        ['query', 'balance'],
        ['keys', 'new'],
      ].map((args) => run(args)),
    )
    expect([help!, devnetHelp!, sendHelp!].map(({ code }) => code)).toEqual([0, 0, 0])
    for (const command of ['devnet', 'worker', 'keys', 'tx', 'query', 'faucet']) expect(help!.stdout).toContain(command)
    for (const { stdout } of [devnetHelp!, sendHelp!]) expect(stdout).toContain('Example')
    expect(shownVersion).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
    for (const { code, stdout, stderr } of wrong) {
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).not.toBe('')
    }
  })
})
