import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../core/bytes.ts'
import { decodeRequest, encodeResponse } from '../../p2p/wire.ts'
import { isLightRequest } from '../../p2p/wire-light.ts'
import { genesisJson } from '../../vm/genesis.ts'
import { accounts } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import type { ChainMaker } from '../testing/chain-maker.ts'
import { makerKey } from '../testing/chain-plan.ts'
import { LIGHT_PARAMS, makeChain } from './fixture.ts'
import { lightFromCheckpoint } from './from-checkpoint.ts'
import { LightServer } from './light-server.ts'

const BLOCKS = 2 * LIGHT_PARAMS.epochBlocks + 2
const CHECKPOINT = LIGHT_PARAMS.epochBlocks + 3

let maker: ChainMaker
beforeAll(async () => {
  maker = await makeChain()
  await maker.run(BLOCKS)
})

const servers: http.Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** JSON-RPC of a node that shows this genesis file. */
async function serve(genesis: unknown): Promise<string> {
  const light = new LightServer(maker.chain, maker.genesis.params)
  const answer = async (method: string, params: readonly string[]): Promise<unknown> => {
    if (method === 'chain_getGenesis') return { genesis }
    const request = decodeRequest(fromHex(params[0] ?? ''))
    if (method !== 'light_ask' || !isLightRequest(request)) throw new Error(`nobody asks for ${method} here`)
    return toHex(encodeResponse(await light.answer(request)))
  }
  const server = http.createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const { id, method, params } = JSON.parse(text) as { id: number; method: string; params: string[] }
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: await answer(method, params) }))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const checkpoint = () => ({ height: CHECKPOINT, hash: maker.chain.blockAt(CHECKPOINT)!.block.hash })
const nowMs = () => maker.chain.head.header.timestampMs
const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'trusted',
    (error: { code: string }) => error.code,
  )

describe('a client that holds a checkpoint and nothing else', () => {
  it('follows to the head and verifies a balance', async () => {
    const client = await lightFromCheckpoint({
      url: await serve(genesisJson(maker.genesis)),
      checkpoint: checkpoint(),
      nowMs,
    })
    const { owner } = makerKey('user', 1)
    const { header, value } = await client.account(owner)
    expect(header.height).toBe(BLOCKS)
    expect(value).toEqual(readRecord(maker.chain.stateAt(BLOCKS)!, accounts, owner))
  })

  it('does not take the parameters from whoever it asks', async () => {
    const file = genesisJson(maker.genesis)
    const forged = { ...file, params: { ...file.params, unbonding_epochs: 60 } }
    const url = await serve(forged)
    expect(await codeOf(lightFromCheckpoint({ url, checkpoint: checkpoint(), nowMs }))).toBe('GENESIS_UNPROVED')
  })

  it('begins with nothing less than a checkpoint or the genesis file', async () => {
    const url = await serve(genesisJson(maker.genesis))
    expect(await codeOf(lightFromCheckpoint({ url, nowMs }))).toBe('CHECKPOINT_NEEDED')
    const client = await lightFromCheckpoint({ url, genesis: maker.genesis, nowMs })
    expect(client.newest.header.height).toBe(BLOCKS)
    const late = () => nowMs() + 100_000_000
    expect(await codeOf(lightFromCheckpoint({ url, checkpoint: checkpoint(), nowMs: late }))).toBe('CHECKPOINT_NEEDED')
  })
})
