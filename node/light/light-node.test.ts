/** The light node as it is started, over real connections, with peers that serve one made chain, honestly or not. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bls } from '../../core/bls.ts'
import { type Hash, toHex } from '../../core/bytes.ts'
import { keccak256 } from '../../core/hash.ts'
import { P2pNode } from '../../p2p/p2p-node.ts'
import type { PeerResponse } from '../../p2p/transport.ts'
import { isLightRequest } from '../../p2p/wire-light.ts'
import { accounts } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { rpcClient } from '../cli/rpc-client.ts'
import { configWith } from '../config/config.ts'
import { genesisText } from '../config/genesis-file.ts'
import { homePaths } from '../config/home-paths.ts'
import type { PartialConfig } from '../config/options.ts'
import { describeLife } from '../life-events.ts'
import type { ChainMaker } from '../testing/chain-maker.ts'
import { makerKey } from '../testing/chain-plan.ts'
import { checkpointText } from './checkpoint.ts'
import { LIGHT_PARAMS, type Lie, makeChain } from './fixture.ts'
import { startLightNode } from './light-node.ts'
import { LightServer } from './light-server.ts'

const LISTEN = ['/ip4/127.0.0.1/tcp/0']
const user = makerKey('user', 0).owner

let maker: ChainMaker
let genesisHash: Hash
beforeAll(async () => {
  maker = await makeChain()
  genesisHash = maker.chain.head.hash
  await maker.run(2 * LIGHT_PARAMS.epochBlocks + 3)
})

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A peer that serves the chain; every light answer goes through `lie`. */
async function peer(seed: number, lie: Lie = (_, answer) => answer): Promise<P2pNode> {
  const node = await P2pNode.start({
    genesisHash,
    identity: new Uint8Array(32).fill(seed),
    listen: LISTEN,
    networkDelayMs: LIGHT_PARAMS.networkDelayMs,
    agent: 'quern/test',
    bls,
  })
  ends.push(() => node.stop())
  const server = new LightServer(maker.chain, maker.genesis.params)
  node.transport.start({
    message: () => 'ignore',
    request: async (_, request): Promise<PeerResponse> => {
      const { hash, header } = maker.chain.head
      if (request.type === 'status') {
        return { type: 'status', status: { genesisHash, height: header.height, hash, ...maker.chain.held } }
      }
      const answer = isLightRequest(request) ? lie(request, await server.answer(request)) : undefined
      if (answer === undefined) throw new Error('nothing to say')
      return answer
    },
  })
  return node
}

function newHome(): string {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-light-'))
  fs.writeFileSync(homePaths(home).genesis, genesisText(maker.genesis))
  fs.writeFileSync(homePaths(home).nodeKey, 'ab'.repeat(32))
  ends.push(async () => fs.rmSync(home, { recursive: true, force: true }))
  return home
}

async function light(home: string, peers: readonly P2pNode[], sync: PartialConfig['sync'] = {}) {
  const lines: string[] = []
  const node = await startLightNode({
    home,
    config: configWith({
      chain: { mode: 'light' },
      p2p: { listen: LISTEN, persistentPeers: peers.map(({ multiaddrs }) => multiaddrs[0]!), mdns: false },
      rpc: { port: 0 },
      log: { statusSeconds: 1 },
      sync,
    }),
    clientVersion: 'quern/test',
    password: async () => '',
    onEvent: (event) => lines.push(describeLife(event)),
    nowMs: () => maker.chain.head.header.timestampMs,
  })
  ends.push(() => node.stop())
  return { node, lines, ...rpcClient(node.rpc!.url) }
}

const PATIENCE = { timeout: 10_000, interval: 20 }
const checkpoint = (height: number) => checkpointText({ height, hash: maker.chain.blockAt(height)!.block.hash })
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

describe('a light node', () => {
  it('answers balances and results by proof, whatever one of its peers says', async () => {
    const liar = await peer(1, (_, a) => {
      if (a.type === 'state' && a.state !== undefined) {
        const rich = accounts.encode({ nonce: 0, balance: 10n ** 30n })
        return { ...a, state: { ...a.state, values: a.state.values.map(() => rich) } }
      }
      return a.type === 'result' && a.result !== undefined ? { ...a, result: { ...a.result, resultIndex: 7 } } : a
    })
    const { node, call } = await light(newHome(), [liar, await peer(2)], { checkpoint: checkpoint(9) })
    await expect.poll(() => node.client.newest.header.height, PATIENCE).toBe(maker.chain.head.header.height)

    const { height } = maker.chain.head.header
    const record = readRecord(maker.chain.stateAt(height)!, accounts, user)!
    for (const _ of [1, 2, 3]) {
      expect(BigInt(await call<string>('eth_getBalance', [toHex(user), 'latest']))).toBe(record.balance)
      expect(Number(await call<string>('eth_getTransactionCount', [toHex(user), 'pending']))).toBe(record.nonce)
    }
    const at = Array.from({ length: height }, (_, i) => i + 1).find(
      (i) => maker.chain.blockAt(i)!.block.header.resultCount > 0,
    )!
    const proof = await call<{ leaf_json: string; compute_root: string }>('poc_getComputeProof', [at, 0])
    expect(`0x${proof.compute_root}`).toBe(toHex(maker.chain.blockAt(at)!.block.header.computeRoot))
    const { worker_address: worker } = JSON.parse(proof.leaf_json) as { worker_address: string }
    const hashes = maker.chain.blockAt(at)!.block.transactions.map((envelope) => toHex(keccak256(envelope)))
    const found = await Promise.all(
      hashes.map((hash) => call<{ index: number; result: unknown }>('poc_getResult', [hash]).catch(() => undefined)),
    )
    const [result] = found.filter((answer) => answer?.index === 0)
    expect(result?.result).toEqual(JSON.parse(proof.leaf_json))
    expect(result?.result).toMatchObject({ worker_address: worker })
    // Caught once, it is shut out.
    await expect.poll(() => node.network.counters().penalties.LIGHT_ANSWER_INVALID, PATIENCE).toBe(1)
    expect(node.network.peers().map(({ id }) => id)).not.toContain(liar.id)
  })

  it('follows the chain, and says by name what it does not have', async () => {
    const home = newHome()
    const honest = await peer(3)
    const { node, lines, call } = await light(home, [honest])
    await maker.run(LIGHT_PARAMS.epochBlocks)
    const { height } = maker.chain.head.header
    await expect.poll(() => call<string>('eth_blockNumber').then(Number), PATIENCE).toBe(height)
    expect(await call('chain_getHeader', [height - 1])).toMatchObject({
      hash: toHex(maker.chain.blockAt(height - 1)!.block.hash),
    })
    expect(await call('node_capabilities')).toMatchObject({ mode: 'light', requests: ['status'] })
    expect(await call('chain_getValidators')).toContainEqual(expect.objectContaining({ status: 'active' }))
    for (const [method, params] of [
      ['eth_getBlockByNumber', ['latest', false]],
      ['eth_getTransactionByHash', [toHex(genesisHash)]],
      ['eth_sendRawTransaction', ['0x01']],
      ['eth_newBlockFilter', []],
      ['txpool_status', []],
      ['light_ask', ['0x31c28080']],
    ] as const) {
      expect([method, await codeOf(call(method, params))]).toEqual([method, 'LIGHT_NODE'])
    }
    const said = new RegExp(`^block ${height} \\(final ${height}, .*, epoch \\d+, view \\d+, 1 peer$`)
    await expect.poll(() => lines.some((line) => said.test(line)), PATIENCE).toBe(true)
    // What it trusts outlives it.
    await node.stop()
    const again = await light(home, [honest], { checkpoint: checkpoint(2) })
    expect(again.node.client.newest.header.height).toBeGreaterThanOrEqual(height)
    await again.node.stop()
    const wrong = checkpointText({ height, hash: genesisHash })
    expect(await codeOf(light(home, [honest], { checkpoint: wrong }))).toBe('CHECKPOINT_CONFLICT')
  })

  it('refuses the key of a validator', async () => {
    const home = newHome()
    const { validatorKey } = homePaths(home)
    fs.mkdirSync(path.dirname(validatorKey))
    fs.writeFileSync(validatorKey, '{}')
    expect(await codeOf(light(home, []))).toBe('LIGHT_VALIDATOR')
  })
})
