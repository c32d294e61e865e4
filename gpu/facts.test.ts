import { describe, expect, test } from 'vitest'
import { factsReader } from './facts.ts'
import type { RpcCall } from './json-rpc.ts'

const PARAMS = {
  epoch_blocks: 40,
  target_results_per_block: 4,
  matrix_sizes: [256, 512],
  emission_wei: '10000000000000000000',
  halving_blocks: 1_000_000,
  worker_share_bps: 6_000,
}
const EPOCH = {
  epoch: 2,
  first_height: 81,
  last_height: 120,
  difficulty: '4194304',
  work_macs: '8388608',
  results: 2,
  pool: '24000000000000000000',
}
const ANSWERS: Readonly<Record<string, unknown>> = {
  chain_getGenesis: { hash: '0x00', genesis: { params: PARAMS } },
  chain_getStatus: {
    network: 'devnet',
    chain_id: 26_180,
    height: 100,
    finalized_height: 99,
    timestamp_ms: 50_000,
    syncing: false,
  },
  chain_getHeader: { timestamp_ms: 34_000 },
  poc_getEpoch: EPOCH,
  poc_getWorker: { paid: '7', epoch_work_macs: '4194304' },
  eth_getBalance: '0x64',
}

function scripted(change: Readonly<Record<string, unknown>> = {}) {
  const asked: [string, unknown][] = []
  const call: RpcCall = async (method, params) => {
    asked.push([method, params])
    const answer = { ...ANSWERS, ...change }[method]
    if (answer instanceof Error) throw answer
    return answer
  }
  return { asked, read: factsReader(call) }
}
const ADDRESS = new Uint8Array(20).fill(1)

describe('facts', () => {
  test('gather what earnings follow from', async () => {
    const { read, asked } = scripted()
    expect(await read(ADDRESS)).toEqual({
      network: 'devnet',
      chainId: 26_180,
      height: 100,
      finalizedHeight: 99,
      timestampMs: 50_000,
      blockMs: 500,
      syncing: false,
      epoch: {
        epoch: 2,
        firstHeight: 81,
        lastHeight: 120,
        difficultyMacs: 4_194_304n,
        workMacs: 8_388_608n,
        results: 2,
        poolWei: 24n * 10n ** 18n,
      },
      params: {
        epochBlocks: 40,
        targetResultsPerBlock: 4,
        matrixSizes: [256, 512],
        emissionWei: 10n ** 19n,
        halvingBlocks: 1_000_000,
        workerShareBps: 6_000,
      },
      paidWei: 7n,
      epochWorkMacs: 4_194_304n,
      balanceWei: 100n,
      latencyMs: expect.any(Number),
    })
    // The block time is that of the last 32 blocks; parameters are asked for once.
    expect(asked).toContainEqual(['chain_getHeader', [68]])
    await read(ADDRESS)
    expect(asked.filter(([method]) => method === 'chain_getGenesis').length).toBe(1)
  })

  test('an address without work has earned nothing; a chain of one block has no block time', async () => {
    const status = { ...(ANSWERS.chain_getStatus as object), height: 1 }
    const { read } = scripted({ poc_getWorker: null, chain_getStatus: status })
    expect(await read(ADDRESS)).toMatchObject({ paidWei: 0n, epochWorkMacs: 0n, blockMs: 0 })
  })

  test.each([
    ['chain_getGenesis', { genesis: {} }],
    ['chain_getStatus', 'nonsense'],
    ['chain_getHeader', null],
    ['poc_getEpoch', { ...EPOCH, pool: 24 }],
    ['poc_getEpoch', { ...EPOCH, work_macs: '-1' }],
    ['poc_getWorker', { paid: '7' }],
    ['eth_getBalance', '100'],
  ])('refuses a malformed %s', async (method, answer) => {
    await expect(scripted({ [method]: answer }).read(ADDRESS)).rejects.toMatchObject({ code: 'RPC_ANSWER_INVALID' })
  })

  test('asks again for parameters that could not be had', async () => {
    const change: Record<string, unknown> = { chain_getGenesis: new Error('busy') }
    let failing = true
    const read = factsReader(async (method) => {
      if (method === 'chain_getGenesis' && failing) throw change.chain_getGenesis
      return ANSWERS[method]
    })
    await expect(read(ADDRESS)).rejects.toThrow('busy')
    failing = false
    expect((await read(ADDRESS)).params.epochBlocks).toBe(40)
  })
})
