/** `quern start --snapshot --backfill`: a node begins with the newest state of a devnet, follows, and fetches what was before. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ReadyLine, type RunningCommand, Sandbox } from './command.ts'
import { PATIENCE, post } from './devnet-fixture.ts'

const EPOCH_BLOCKS = 16
/** An anchor is good for half the unbonding time, three epochs: twelve seconds, and genesis is older at the end of the second one. */
const BEGUN = 2 * EPOCH_BLOCKS + 1

let sandbox: Sandbox
let devnet: RunningCommand
let net: ReadyLine

beforeAll(async () => {
  sandbox = new Sandbox()
  const chain = ['--block-interval-ms', '500', '--epoch-blocks', String(EPOCH_BLOCKS)]
  devnet = sandbox.start(['devnet', '--json', '--rpc-port', '0', '--validators', '2', '--workers', '0', ...chain])
  net = await devnet.ready()
})
afterAll(() => sandbox.remove())

interface Answer {
  readonly result?: unknown
  readonly error?: { readonly data?: { readonly tag: string } }
}

const ask = async (rpc: string, method: string, ...params: readonly unknown[]): Promise<Answer> =>
  (await post(rpc, { jsonrpc: '2.0', id: 1, method, params })) as Answer
const finalHeight = async (rpc: string): Promise<number> =>
  ((await ask(rpc, 'chain_getHeader', 'finalized')).result as { readonly height: number }).height
const reaches = (rpc: string, height: number) =>
  expect.poll(() => finalHeight(rpc), { ...PATIENCE, timeout: 30_000 }).toBeGreaterThanOrEqual(height)

it('joins by snapshot, follows, and has every block in the end', async () => {
  const file = sandbox.file('genesis.json', JSON.stringify(await genesisOf(net.rpc)))
  expect(await sandbox.run(['init', '--genesis', file])).toMatchObject({ code: 0 })
  await reaches(net.rpc, BEGUN)

  const peers = ['--p2p-listen', '/ip4/127.0.0.1/tcp/0', '--p2p-persistent-peers', net.nodes[0]!.multiaddr]
  const flags = ['--snapshot', '--backfill', '--trust-peers', '1', '--rpc-port', '0', '--json']
  const node = sandbox.start(['start', ...peers, ...flags])
  const whole = await node.line((line) => line.startsWith('{"event":"snapshot"') && line.includes('"covered":1,'))
  const { height } = JSON.parse(whole) as { readonly height: number }
  expect(height).toBeGreaterThanOrEqual(BEGUN - 1)
  expect(height % EPOCH_BLOCKS).toBe(0)

  const { rpc } = await node.ready()
  await reaches(rpc, height + 3)
  const blockOf = async (from: string, at: number) =>
    (await ask(from, 'eth_getBlockByNumber', `0x${at.toString(16)}`, true)).result
  for (let at = height + 3; at >= 0; at -= 7) {
    const wanted = await blockOf(net.rpc, at)
    expect(wanted).toMatchObject({ number: `0x${at.toString(16)}` })
    await expect.poll(() => blockOf(rpc, at), PATIENCE).toEqual(wanted)
  }
  // Blocks came later, states never: nothing was executed.
  const balanceAt = (block: string) => ask(rpc, 'eth_getBalance', net.accounts[0]!.address, block)
  expect((await balanceAt('0x1')).error?.data?.tag).toBe('BLOCK_PRUNED')
  const { result } = await balanceAt('finalized')
  expect(result).toBe((await ask(net.rpc, 'eth_getBalance', net.accounts[0]!.address, 'finalized')).result)

  expect(await node.stop()).toMatchObject({ code: 0, stderr: '' })
  expect(await devnet.stop()).toMatchObject({ code: 0, stderr: '' })
})

async function genesisOf(rpc: string): Promise<unknown> {
  return ((await ask(rpc, 'chain_getGenesis')).result as { readonly genesis: unknown }).genesis
}
