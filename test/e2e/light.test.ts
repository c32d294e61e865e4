/**
 * A balance and a compute result, proved to processes that hold nothing but a checkpoint: the command `quern light`, and a
 * light node beside a devnet. A node that lies is asked too, and not believed.
 */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../core/bytes.ts'
import type { PeerResponse } from '../../p2p/transport.ts'
import { decodeResponse, encodeResponse } from '../../p2p/wire.ts'
import { accounts } from '../../vm/state/tables.ts'
import { type ReadyLine, type RunningCommand, Sandbox } from './command.ts'
import { accountOf, PATIENCE, post, privateKeyOf, TestDevnet } from './devnet-fixture.ts'
import { EASY_DIFFICULTY_MACS, findWin, signTicket } from './lottery.ts'

let sandbox: Sandbox
let net: TestDevnet
let liar: http.Server
/** Transaction of a result that the chain accepted. */
let accepted: string

beforeAll(async () => {
  sandbox = new Sandbox()
  // Half the unbonding time is half a minute then: as long as a checkpoint is good.
  net = await TestDevnet.start({ difficultyMacs: EASY_DIFFICULTY_MACS, blockIntervalMs: 500 })
  liar = await lyingFront(net.url)
  const found = await findWin(net.url, privateKeyOf(0))
  // Two blocks above its seed at the earliest.
  while (Number(await net.rpc<string>('eth_blockNumber')) <= found.seedHeight)
    await new Promise((resolve) => setTimeout(resolve, 100))
  const win = signTicket(found, { privateKey: privateKeyOf(0), nonce: 0 })
  accepted = await net.rpc<string>('eth_sendRawTransaction', [toHex(win)])
})
afterAll(async () => {
  liar.closeAllConnections()
  liar.close()
  await sandbox.remove()
  await net.stop()
})

async function call<T>(rpc: string, method: string, params: readonly unknown[] = []): Promise<T> {
  const answer = (await post(rpc, { jsonrpc: '2.0', id: 1, method, params })) as { result?: T; error?: object }
  if (answer.error !== undefined) throw Object.assign(new Error(JSON.stringify(answer.error)), answer.error)
  return answer.result as T
}

/** Passes on what it is asked, and lies where it is asked for proofs: other values, other results. */
function lyingFront(rpc: string): Promise<http.Server> {
  const server = http.createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const asked = JSON.parse(text) as { method: string }
    const answer = (await post(rpc, asked)) as { result?: unknown }
    const told =
      asked.method === 'light_ask' && typeof answer.result === 'string'
        ? { ...answer, result: toHex(encodeResponse(lie(decodeResponse(fromHex(answer.result))))) }
        : answer
    response.setHeader('content-type', 'application/json').end(JSON.stringify(told))
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

function lie(response: PeerResponse): PeerResponse {
  if (response.type === 'state' && response.state !== undefined) {
    // What is no account is left alone, or the lie would already show in the validator set.
    const values = response.state.values.map((value) =>
      value !== undefined && value.length < 40 ? accounts.encode({ nonce: 0, balance: 10n ** 30n }) : value,
    )
    return { ...response, state: { ...response.state, values } }
  }
  if (response.type !== 'result' || response.result === undefined) return response
  return { ...response, result: { ...response.result, resultIndex: response.result.resultIndex + 1 } }
}

/** The newest final block, by hand: what an operator copies from a source of trust. */
async function checkpoint(): Promise<string> {
  const { height, hash } = await net.rpc<{ height: number; hash: string }>('chain_getHeader', ['finalized'])
  return `${height}:${hash}`
}

interface ResultView {
  readonly height: number
  readonly result: { readonly worker_address: string }
}

/** Once it is final. */
async function acceptedResult(): Promise<ResultView> {
  const view = () => net.rpc<ResultView>('poc_getResult', [accepted])
  await expect.poll(view, PATIENCE).toMatchObject({ status: 'accepted', final: true })
  return view()
}

const readyOf = async (node: RunningCommand): Promise<ReadyLine> =>
  JSON.parse(await node.line((line) => line.startsWith('{"event":"ready"'))) as ReadyLine

describe('a process that holds only a checkpoint', () => {
  const light = (args: readonly string[], rpc: string) => sandbox.run(['light', ...args, '--rpc', rpc, '--json'])
  const liarUrl = () => `http://127.0.0.1:${(liar.address() as AddressInfo).port}`

  it('verifies a balance, and believes no other', async () => {
    const { address } = accountOf(9)
    const at = await checkpoint()
    const told = await light(['balance', address, '--checkpoint', at], net.url)
    expect(told).toMatchObject({ code: 0, stderr: '' })
    const { balance_wei: balance, height } = JSON.parse(told.stdout) as { balance_wei: string; height: number }
    expect(BigInt(balance)).toBe(BigInt(await call<string>(net.url, 'eth_getBalance', [address, 'finalized'])))
    expect(height).toBeGreaterThanOrEqual(Number(at.split(':')[0]))

    const lied = await light(['balance', address, '--checkpoint', await checkpoint()], liarUrl())
    expect({ code: lied.code, stdout: lied.stdout }).toEqual({ code: 1, stdout: '' })
    expect(lied.stderr).toContain('STATE_UNPROVED')
    const other = `${at.split(':')[0]}:0x${'12'.repeat(32)}`
    const refused = await light(['balance', address, '--checkpoint', other], net.url)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('CHECKPOINT_MISMATCH')
  })

  it('verifies a compute result, and believes no other', async () => {
    const view = await acceptedResult()
    const told = await light(['result', accepted, '--checkpoint', await checkpoint()], net.url)
    expect(told).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(told.stdout)).toMatchObject({ height: view.height, result: view.result })
    const lied = await light(['result', accepted, '--checkpoint', await checkpoint()], liarUrl())
    expect({ code: lied.code, stdout: lied.stdout }).toEqual({ code: 1, stdout: '' })
    expect(lied.stderr).toContain('RESULT_UNPROVED')
  })
})

describe('quern start --mode light', () => {
  it('follows a devnet from a checkpoint and answers by proof', async () => {
    const { genesis } = await call<{ genesis: unknown }>(net.url, 'chain_getGenesis')
    const file = sandbox.file('genesis.json', JSON.stringify(genesis))
    expect(await sandbox.run(['init', '--genesis', file])).toMatchObject({ code: 0 })
    const peers = [
      '--p2p-listen',
      '/ip4/127.0.0.1/tcp/0',
      '--p2p-persistent-peers',
      net.devnet.ready.nodes[0]!.multiaddr,
    ]
    const flags = ['--mode', 'light', '--rpc-port', '0', '--json', '--checkpoint', await checkpoint()]
    const node = sandbox.start(['start', ...peers, ...flags])
    const { rpc } = await readyOf(node)

    const { address } = accountOf(9)
    expect(await call(rpc, 'eth_getBalance', [address, 'latest'])).toBe(
      await call(net.url, 'eth_getBalance', [address, 'latest']),
    )
    const view = await acceptedResult()
    expect(await call(rpc, 'poc_getResult', [accepted])).toMatchObject({ height: view.height, result: view.result })
    const before = Number(await call<string>(rpc, 'eth_blockNumber'))
    await expect.poll(async () => Number(await call<string>(rpc, 'eth_blockNumber')), PATIENCE).toBeGreaterThan(before)
    await expect(call(rpc, 'eth_getBlockByNumber', ['latest', false])).rejects.toMatchObject({
      data: { tag: 'LIGHT_NODE' },
    })
    expect(await node.stop()).toMatchObject({ code: 0 })
  })
})
