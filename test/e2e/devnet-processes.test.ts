/** `quern devnet --processes`: a process for each validator, and none left when it ends, whatever way it ends. */
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ReadyLine, type RunningCommand, Sandbox } from './command.ts'
import { PATIENCE, post, standsStill } from './devnet-fixture.ts'

const FLAGS = ['devnet', '--processes', '--json', '--rpc-port', '0', '--workers', '0', '--block-interval-ms', '100']

let sandbox: Sandbox
beforeAll(() => {
  sandbox = new Sandbox()
})
afterAll(() => sandbox.remove())

interface Answer {
  readonly result?: unknown
  readonly error?: { readonly data: { readonly tag: string } }
}

async function call<T>(url: string, method: string, params: unknown = []): Promise<T> {
  const { result, error } = (await post(url, { jsonrpc: '2.0', id: 1, method, params })) as Answer
  if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`)
  return result as T
}

const refusal = async (url: string, method: string, params: unknown = []): Promise<string | undefined> =>
  ((await post(url, { jsonrpc: '2.0', id: 1, method, params })) as Answer).error?.data.tag

/** -1 while nobody answers. */
const finalHeight = async (url: string): Promise<number> => {
  const header = await call<{ height: number }>(url, 'chain_getHeader', ['finalized']).catch(() => undefined)
  return header?.height ?? -1
}

const hashAt = async (url: string, height: number): Promise<string> =>
  (await call<{ hash: string }>(url, 'chain_getHeader', [height])).hash

const rises = async (url: string, by = 3): Promise<void> => {
  const from = await finalHeight(url)
  await expect.poll(() => finalHeight(url), PATIENCE).toBeGreaterThan(from + by)
}

interface NodeView {
  readonly pid: number | null
  readonly rpc: string | null
}

const nodes = (url: string) => call<NodeView[]>(url, 'dev_getNodes')

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const allGone = (ready: ReadyLine) =>
  expect.poll(() => ready.nodes.filter(({ pid }) => isAlive(pid)).map(({ name }) => name), PATIENCE).toEqual([])

describe('quern devnet --processes', () => {
  let devnet: RunningCommand
  let ready: ReadyLine
  const place = () => sandbox.path('chain')

  beforeAll(async () => {
    devnet = sandbox.start([...FLAGS, '--data-dir', place()])
    ready = await devnet.ready()
  })

  it('gives each validator a process and a URL', async () => {
    expect(ready.nodes).toHaveLength(5)
    expect(new Set(ready.nodes.map(({ pid }) => pid)).size).toBe(5)
    expect(ready.nodes.at(-1)!.rpc).toBe(ready.rpc)
    for (const { rpc } of ready.nodes) await expect.poll(() => finalHeight(rpc!), PATIENCE).toBeGreaterThan(3)
    const hashes = await Promise.all(ready.nodes.map(({ rpc }) => hashAt(rpc!, 3)))
    expect(new Set(hashes).size).toBe(1)
  })

  it('is found healthy by quern devnet check', async () => {
    const { code, stdout, stderr } = await sandbox.run(['devnet', 'check', '--json', '--rpc', ready.rpc])
    expect({ code, stderr, verdict: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      stderr: '',
      verdict: { ok: true, findings: Array(5).fill({ ok: true }) },
    })
    expect(stdout).toContain('5 nodes have the same final blocks')
  })

  it('goes on when one is killed, says so, and takes it back', async () => {
    const { pid } = ready.nodes[1]!
    process.kill(pid, 'SIGKILL')
    const line = await devnet.line((text) => text.startsWith('{"event":"validatorEnded"'))
    expect(JSON.parse(line)).toEqual({ event: 'validatorEnded', validator: 1, how: 'SIGKILL' })
    await rises(ready.rpc)
    expect((await nodes(ready.rpc))[1]).toMatchObject({ pid: null, rpc: null })
    await call(ready.rpc, 'dev_restartValidator', [1])
    const { rpc, pid: newPid } = (await nodes(ready.rpc))[1]!
    expect(isAlive(newPid!)).toBe(true)
    const target = await finalHeight(ready.rpc)
    await expect.poll(() => finalHeight(rpc!), PATIENCE).toBeGreaterThanOrEqual(target)
    await call(ready.rpc, 'dev_killValidator', [1])
    expect(isAlive(newPid!)).toBe(false)
    await call(ready.rpc, 'dev_restartValidator', [1])
  })

  it('stands still in halves, which check finds, and goes on when it is whole', async () => {
    await call(ready.rpc, 'dev_partition', [
      [
        [0, 1],
        [2, 3],
      ],
    ])
    const from = await standsStill(() => finalHeight(ready.rpc))
    const checked = await sandbox.run(['devnet', 'check', '--seconds', '1', '--rpc', ready.rpc])
    expect(checked.code).toBe(1)
    expect(checked.stdout).toMatch(/^FAILED {2}finalising /m)
    expect(checked.stderr).toContain('DEVNET_UNHEALTHY')
    expect(await finalHeight(ready.rpc)).toBe(from)
    await call(ready.rpc, 'dev_heal')
    await rises(ready.rpc)
  })

  it('changes balances, but neither time nor blocks', async () => {
    const address = `0x${'5a'.repeat(20)}`
    await call(ready.rpc, 'dev_setBalance', [address, '0x7'])
    expect(await call(ready.rpc, 'eth_getBalance', [address, 'latest'])).toBe('0x7')
    for (const [method, ...params] of [
      ['dev_mine'],
      ['dev_snapshot'],
      ['dev_revert', '0x1'],
      ['dev_increaseTime', 1],
      ['dev_setNextBlockTimestamp', 9_000_000_000],
    ]) {
      expect([method, await refusal(ready.rpc, method as string, params)]).toEqual([method, 'DEV_ONE_PROCESS_ONLY'])
    }
  })

  it('ends all processes when it is interrupted, and continues the chain in one process', async () => {
    const reached = await finalHeight(ready.rpc)
    const pids = (await nodes(ready.rpc)).map(({ pid }) => pid!)
    const { code, stderr } = await devnet.stop('SIGINT')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(pids.filter(isAlive)).toEqual([])
    const later = sandbox.start(['devnet', '--json', '--rpc-port', '0', '--data-dir', place()])
    const continued = await later.ready()
    expect(continued.genesis).toBe(ready.genesis)
    expect(await finalHeight(continued.rpc)).toBeGreaterThanOrEqual(reached)
    await rises(continued.rpc)
    expect(await later.stop()).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('quern devnet --processes leaves no process', () => {
  it('when it is killed itself', async () => {
    const devnet = sandbox.start([...FLAGS, '--validators', '2'])
    const ready = await devnet.ready()
    await devnet.stop('SIGKILL')
    await allGone(ready)
    // Nobody was left to remove it.
    fs.rmSync(sandbox.temporary, { recursive: true, force: true })
    fs.mkdirSync(sandbox.temporary)
  })

  it('when it is interrupted while it starts', async () => {
    const devnet = sandbox.start([...FLAGS, '--validators', '2'])
    const homes = () =>
      fs.readdirSync(sandbox.temporary).flatMap((name) => fs.readdirSync(path.join(sandbox.temporary, name)))
    await expect.poll(homes, { ...PATIENCE, interval: 5 }).toContain('node')
    expect(await devnet.stop('SIGINT')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(fs.readdirSync(sandbox.temporary)).toEqual([])
  })

  it('when its port is taken', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => holder.once('listening', resolve))
    const { port } = holder.address() as net.AddressInfo
    // Its own port, and one of a validator's.
    for (const taken of [port, port - 1]) {
      const { code, stderr } = await sandbox.run(['devnet', '--processes', '--json', '--rpc-port', String(taken)])
      expect(code).toBe(1)
      expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'RPC_LISTEN_FAILED' } })
      expect(stderr).toContain(`port ${port}: the port is taken`)
    }
    holder.close()
    expect(fs.readdirSync(sandbox.temporary)).toEqual([])
  })
})
