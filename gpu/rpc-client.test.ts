import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromHex } from '../core/bytes.ts'
import { createRpcClient } from './rpc-client.ts'

const HASH = `0x${'ab'.repeat(32)}`
const WORK = {
  height: 30,
  block_hash: HASH,
  epoch: 0,
  difficulty: '2147483648',
  matrix_sizes: [256, 512],
  targets: {},
  expires_height: 50,
}

let server: Server
let url = ''
let answers: Record<string, unknown> = {}
const asked: { method: string; params: unknown }[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const { id, method, params } = JSON.parse(text)
      asked.push({ method, params })
      const answer = answers[method]
      response.end(answer === 'garbage' ? '<html>' : JSON.stringify({ jsonrpc: '2.0', id, ...(answer as object) }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => new Promise((resolve) => server.close(resolve)))

describe('RPC client', () => {
  test('reads work, nonce, fees and receipts', async () => {
    answers = {
      chain_getStatus: { result: { chain_id: 26_180, genesis_hash: HASH } },
      poc_getWork: { result: WORK },
      eth_getTransactionCount: { result: '0x7' },
      eth_gasPrice: { result: '0x3e8' },
      eth_maxPriorityFeePerGas: { result: '0x64' },
      eth_getTransactionReceipt: { result: null },
    }
    const client = createRpcClient(url)
    expect(await client.identity()).toEqual({ chainId: 26_180, genesisHash: fromHex(HASH) })
    expect(await client.getWork()).toEqual({
      height: 30,
      blockHash: fromHex(HASH),
      epoch: 0,
      difficultyMacs: 1n << 31n,
      matrixSizes: [256, 512],
      expiresHeight: 50,
    })
    expect(await client.nonces(new Uint8Array(20))).toEqual({ included: 7, pending: 7 })
    for (const block of ['latest', 'pending']) {
      expect(asked).toContainEqual({ method: 'eth_getTransactionCount', params: [`0x${'00'.repeat(20)}`, block] })
    }
    expect(await client.fees()).toEqual({
      maxFeePerGas: 2_100n,
      maxPriorityFeePerGas: 100n,
      nextBlockPerGas: 1_000n,
    })
    answers.eth_maxPriorityFeePerGas = { result: '0xffffffffffffffffffffffff' }
    expect((await client.fees()).maxPriorityFeePerGas).toBe(500_000_000_000n)
    expect(await client.status(fromHex(HASH))).toEqual({ status: 'pending' })
    answers.eth_getTransactionReceipt = { result: { status: '0x1', blockNumber: '0x20' } }
    expect(await client.status(fromHex(HASH))).toEqual({ status: 'accepted', height: 32 })
    answers.eth_getTransactionReceipt = {
      result: { status: '0x0', blockNumber: '0x21', error: 'RESULT_SEED_STALE' },
    }
    const failed = { status: 'failed', height: 33, tag: 'RESULT_SEED_STALE' }
    expect(await client.status(fromHex(HASH))).toEqual(failed)
  })

  test('keeps the tag of a refusal, and takes "already known" for success', async () => {
    const client = createRpcClient(url)
    const refusal = (tag: string) => ({ error: { code: -32003, message: 'no', data: { tag } } })
    answers = { eth_sendRawTransaction: refusal('RESULT_ABOVE_TARGET') }
    await expect(client.send(Uint8Array.of(0x71))).rejects.toMatchObject({ code: 'RESULT_ABOVE_TARGET', message: 'no' })
    expect(asked.at(-1)).toEqual({ method: 'eth_sendRawTransaction', params: ['0x71'] })
    answers = { eth_sendRawTransaction: refusal('TX_ALREADY_KNOWN') }
    await client.send(Uint8Array.of(0x71))
    answers = { eth_sendRawTransaction: { error: { code: -32603, message: 'boom' } } }
    await expect(client.send(Uint8Array.of(0x71))).rejects.toMatchObject({ code: 'RPC_ERROR' })
  })

  test('refuses answers that make no sense', async () => {
    const client = createRpcClient(url)
    for (const change of [
      { height: '30' },
      { height: -1 },
      { block_hash: '0xab' },
      { difficulty: 5 },
      { difficulty: '0' },
      { matrix_sizes: [] },
      { matrix_sizes: ['256'] },
      { expires_height: 1.5 },
    ]) {
      answers = { poc_getWork: { result: { ...WORK, ...change } } }
      await expect(client.getWork()).rejects.toMatchObject({ code: 'RPC_ANSWER_INVALID' })
    }
    answers = { poc_getWork: 'garbage', chain_getStatus: { result: { chain_id: '0x6644', genesis_hash: HASH } } }
    await expect(client.getWork()).rejects.toMatchObject({ code: 'RPC_UNREACHABLE' })
    await expect(client.identity()).rejects.toMatchObject({ code: 'RPC_ANSWER_INVALID' })
  })

  test('says when nobody answers, and does not ask once stopped', async () => {
    const nobody = createRpcClient('http://127.0.0.1:1')
    await expect(nobody.getWork()).rejects.toMatchObject({ code: 'RPC_UNREACHABLE' })
    const count = asked.length
    await expect(createRpcClient(url).getWork(AbortSignal.abort())).rejects.toMatchObject({ code: 'RPC_UNREACHABLE' })
    expect(asked.length).toBe(count)
  })
})
