/** `quern worker`, `worker doctor` and `worker bench`, as processes, against a devnet that is one too. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, quickDevnet, type ReadyLine, type Sandbox } from './command.ts'

/** Nobody listens there. */
const DEAD_URL = 'http://127.0.0.1:9'

let sandbox: Sandbox
let ready: ReadyLine
let end: () => Promise<Ended>

beforeAll(async () => {
  ;({ sandbox, ready, end } = await quickDevnet('worker'))
})
afterAll(async () => expect(await end()).toMatchObject({ code: 0, stderr: '' }))

const keyOf = (index: number) => ({ QUERN_PRIVATE_KEY: ready.accounts[index]!.privateKey })

interface Check {
  readonly name: string
  readonly level: string
  readonly remedy?: string
}
const levels = (checks: readonly Check[]): Record<string, string> =>
  Object.fromEntries(checks.map(({ name, level }) => [name, level]))

describe('quern worker doctor', () => {
  const backend = ['--backend', 'wasm', '--threads', '1']

  it('finds a running devnet fit, and names each thing it looked at', async () => {
    const args = ['worker', 'doctor', '--rpc', ready.rpc, ...backend, '--json']
    const { code, stdout, stderr } = await sandbox.run(args, keyOf(4))
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] }
    expect({ code, ok, stderr }).toEqual({ code: 0, ok: true, stderr: '' })
    expect(levels(checks)).toMatchObject({ node: 'ok', feed: 'ok', work: 'ok', account: 'ok', 'backend wasm': 'ok' })
  })

  it('exits with 1 and says what to do where nothing answers', async () => {
    const { code, stdout, stderr } = await sandbox.run(['worker', 'doctor', '--rpc', DEAD_URL, ...backend], keyOf(4))
    expect(code).toBe(1)
    expect(stdout).toMatch(/^FAIL {2}node .*RPC_UNREACHABLE.*\n +is it running/m)
    expect(stdout).toMatch(/^ok {4}backend wasm/m)
    expect(stderr).toContain('error: WORKER_UNFIT')
  })
})

describe('quern worker bench', () => {
  it('measures without a chain, and prices it with one; it sends nothing', async () => {
    const args = ['worker', 'bench', '--backend', 'wasm', '--threads', '1', '--json']
    const [alone, priced] = [
      await sandbox.run([...args, '--rpc', DEAD_URL]),
      await sandbox.run([...args, '--rpc', ready.rpc]),
    ]
    for (const { code, stdout, stderr } of [alone, priced]) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const { rows } = JSON.parse(stdout) as { rows: { matrixSize: number; bareFraction: number }[] }
      expect(rows[0]).toMatchObject({ backend: 'wasm', threads: 1, matrixSize: 256 })
      for (const { bareFraction } of rows) expect(bareFraction).toBeGreaterThan(0)
    }
    const first = (stdout: string) => (JSON.parse(stdout) as { rows: object[] }).rows[0]
    expect(first(alone.stdout)).not.toHaveProperty('expectedCpcPerHour')
    expect(first(priced.stdout)).toHaveProperty('expectedCpcPerHour', expect.any(Number))
  })
})

describe('quern worker', () => {
  it('passes by a node that is down, writes a line an event where the output is no terminal, and shows metrics', async () => {
    const nodes = ['--rpc', DEAD_URL, '--rpc', ready.rpc]
    const args = ['worker', ...nodes, '--backend', 'typescript', '--matrix-size', '256', '--metrics-port', '0']
    const worker = sandbox.start(args, keyOf(5))
    expect(await worker.line((line) => line.startsWith('asking '))).toBe(
      `asking ${ready.rpc} from now on (RPC_UNREACHABLE)`,
    )
    await worker.line((line) => /^result [0-9a-f]{16} accepted$/.test(line))
    const url = await worker.line((line) => line.startsWith('metrics at '))
    const metrics = await (await fetch(url.slice('metrics at '.length))).text()
    expect(metrics).toMatch(/^quern_worker_results_total\{outcome="accepted",reason=""\} [1-9]/m)
    expect(metrics).toContain('quern_worker_attempts_total{device="typescript",index="0"}')
    const { code, stdout, stderr } = await worker.stop()
    expect(code).toBe(0)
    expect(stdout).not.toContain('\x1b')
    expect(stderr).toMatch(/GMAC\/s \(average .* accepted, 0 rejected, 0 late/)
  })

  it('refuses what is no endpoint', async () => {
    const { code, stderr } = await sandbox.run(['worker', '--rpc', 'ftp://127.0.0.1'], keyOf(5))
    expect([code, stderr]).toEqual([2, expect.stringContaining('error: ARGUMENT_INVALID')])
  })
})
