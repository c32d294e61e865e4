/** Proof of Compute from outside: results that count, results that do not, their proofs, and who is paid for them. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatAddress } from '../../core/address.ts'
import { toHex } from '../../core/bytes.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'
import { PATIENCE, post, privateKeyOf, TestDevnet } from './devnet-fixture.ts'
import { EASY_DIFFICULTY_MACS, findLoss, findWin, type Signer, signTicket, withOneWrongByte } from './lottery.ts'

const RESULT_KEYS = ['task_id', 'worker_address', 'result_hash', 'proof', 'nonce', 'signature']

interface ComputeProof {
  readonly leaf_json: string
  readonly index: number
  readonly count: number
  readonly path: readonly string[]
  readonly compute_root: string
}

/** With nothing but SHA-256: RFC 6962's tree, where the odd node of a level goes up unchanged. */
function rootOf({ leaf_json, index, count, path }: ComputeProof): string {
  const sha256 = (...parts: (string | Uint8Array)[]): Buffer => {
    const hash = createHash('sha256')
    for (const part of parts) hash.update(part)
    return hash.digest()
  }
  const siblings = path.map((hex) => Buffer.from(hex.slice(2), 'hex'))
  let node = sha256(leaf_json)
  for (let at = index, width = count; width > 1; at >>= 1, width = (width + 1) >> 1) {
    if ((at ^ 1) >= width) continue
    const sibling = siblings.shift() ?? Buffer.alloc(0)
    node = at % 2 === 1 ? sha256(Buffer.of(1), sibling, node) : sha256(Buffer.of(1), node, sibling)
  }
  return node.toString('hex')
}

describe('results sent by hand', () => {
  let net: TestDevnet
  beforeAll(async () => {
    net = await TestDevnet.start({ difficultyMacs: EASY_DIFFICULTY_MACS })
  })
  afterAll(() => net.stop())

  const worker = (index: number, nonce = 0): Signer => ({ privateKey: privateKeyOf(index), nonce })
  const send = (raw: Uint8Array) => net.rpc<string>('eth_sendRawTransaction', [toHex(raw)])
  const refusalOf = async (raw: Uint8Array) => {
    const { code, data } = await net.refusal('eth_sendRawTransaction', [toHex(raw)])
    expect(code).toBe(-32003)
    return data.tag
  }

  it('a win is included and proved, and cannot be claimed again', async () => {
    const win = await findWin(net.url, privateKeyOf(0))
    const hash = await send(signTicket(win, worker(0)))
    const receipt = await net.receipt(hash)
    expect(receipt).toMatchObject({ status: '0x1', type: '0x71', gasUsed: '0x13880' })
    const height = Number(receipt.blockNumber)

    const header = await net.header(height)
    const results = await net.rpc<Record<string, unknown>[]>('poc_getResults', { height })
    expect(results).toHaveLength(1)
    expect(Object.keys(results[0]!)).toEqual(RESULT_KEYS)
    expect(results[0]).toMatchObject({
      worker_address: formatAddress(privateKeyToAddress(privateKeyOf(0))),
      result_hash: Buffer.from(win.result.resultHash).toString('hex'),
      nonce: win.result.nonce,
      proof: null,
      signature: null,
    })
    expect(header.result_count).toBe(1)
    expect(createHash('sha256').update(JSON.stringify(results[0])).digest('hex')).toBe(header.compute_root)

    expect(await refusalOf(signTicket(win, worker(0, 1)))).toBe('RESULT_ALREADY_CLAIMED')
  })

  it('a tile waits once: its copies would take the places of other results', async () => {
    const win = await findWin(net.url, privateKeyOf(1))
    const batch = [0, 1].map((nonce) => {
      const params = [toHex(signTicket(win, worker(1, nonce)))]
      return { jsonrpc: '2.0', id: nonce, method: 'eth_sendRawTransaction', params }
    })
    const [first, second] = (await post(net.url, batch)) as [{ result: string }, { error: { data: { tag: string } } }]
    expect(second.error.data.tag).toBe('RESULT_ALREADY_CLAIMED')
    const receipt = await net.receipt(first.result)
    expect(receipt).toMatchObject({ status: '0x1', gasUsed: '0x13880' })
    expect((await net.header(Number(receipt.blockNumber))).result_count).toBe(1)
  })

  it('one wrong byte is refused, wherever it is', async () => {
    const win = await findWin(net.url, privateKeyOf(2))
    const { resultHash, taskId, nonce } = win.result
    const forge = (forged: Parameters<typeof signTicket>[2]) => refusalOf(signTicket(win, worker(2), forged))
    expect(await forge({ resultHash: withOneWrongByte(resultHash) })).toBe('RESULT_HASH_MISMATCH')
    expect(await forge({ taskId: withOneWrongByte(taskId) })).toBe('RESULT_TASK_ID')
    expect(await forge({ nonce: nonce ^ 1 })).toBe('RESULT_HASH_MISMATCH')
    expect(await forge({ proof: Uint8Array.of(1) })).toBe('RESULT_FIELDS_UNEXPECTED')
    // Nothing of that has spoilt the honest one.
    expect((await net.receipt(await send(signTicket(win, worker(2))))).status).toBe('0x1')
  })

  it('a stolen result is refused, under either name', async () => {
    const win = await findWin(net.url, privateKeyOf(3))
    const thief = worker(4)
    expect(await refusalOf(signTicket(win, thief))).toBe('RESULT_WORKER_NOT_SENDER')
    const workerAddress = privateKeyToAddress(thief.privateKey)
    expect(await refusalOf(signTicket(win, thief, { workerAddress }))).toBe('RESULT_TASK_ID')
  })

  it('a lost lottery is refused', async () => {
    expect(await refusalOf(signTicket(await findLoss(net.url, privateKeyOf(5)), worker(5)))).toBe('RESULT_ABOVE_TARGET')
  })

  it('a stale seed is refused, and one too new', async () => {
    const win = await findWin(net.url, privateKeyOf(6))
    await net.rpc('dev_mine', [21])
    expect(await refusalOf(signTicket(win, worker(6)))).toBe('RESULT_SEED_STALE')
    const early = { ...win, seedHeight: (await net.height()) + 10 }
    expect(await refusalOf(signTicket(early, worker(6)))).toBe('RESULT_SEED_TOO_NEW')
  })

  it('several in one block are each proved against its header', async () => {
    const raws: Uint8Array[] = []
    for (const index of [5, 6, 7, 8, 9])
      raws.push(signTicket(await findWin(net.url, privateKeyOf(index)), worker(index)))
    const receipts = await Promise.all((await Promise.all(raws.map(send))).map((hash) => net.receipt(hash)))
    expect(receipts.map(({ status }) => status)).toEqual(Array(5).fill('0x1'))
    for (const height of new Set(receipts.map(({ blockNumber }) => Number(blockNumber)))) {
      const { compute_root, result_count } = await net.header(height)
      const results = await net.rpc<unknown[]>('poc_getResults', { height })
      expect(results).toHaveLength(result_count)
      for (const [index, result] of results.entries()) {
        const proof = await net.rpc<ComputeProof>('poc_getComputeProof', { height, index })
        expect(Object.keys(proof)).toEqual(['leaf_json', 'index', 'count', 'path', 'compute_root'])
        expect(proof).toMatchObject({ leaf_json: JSON.stringify(result), index, count: result_count, compute_root })
        expect(rootOf(proof)).toBe(compute_root)
        // And nothing else is.
        expect(rootOf({ ...proof, leaf_json: proof.leaf_json.replace('"nonce":', '"nonce":1') })).not.toBe(compute_root)
      }
      const beyond = await net.refusal('poc_getComputeProof', { height, index: result_count })
      expect(beyond.data.tag).toBe('RESULT_UNKNOWN')
    }
  })
})

describe("the devnet's own worker", () => {
  let net: TestDevnet
  beforeAll(async () => {
    // Slow blocks: the first epoch ends when the test says so.
    const difficultyMacs = EASY_DIFFICULTY_MACS * 8
    net = await TestDevnet.start({ validators: 2, workers: 1, blockIntervalMs: 400, difficultyMacs })
  })
  afterAll(() => net.stop())

  type Supply = Record<string, string>

  /** Issued and existing amounts agree, and every wei is somewhere. */
  function checkSupply(supply: Supply): void {
    const { genesis, minted, burned, total, ...places } = supply
    expect(BigInt(genesis!) + BigInt(minted!) - BigInt(burned!)).toBe(BigInt(total!))
    expect(Object.values(places).reduce((sum, wei) => sum + BigInt(wei), 0n)).toBe(BigInt(total!))
  }

  it("is paid at the epoch's end, out of new supply", async () => {
    const worker = formatAddress(net.devnet.keys.workers[0]!.address)
    await net.anyResult()
    const before = await net.rpc<Supply>('chain_getSupply')
    const balance = async () => BigInt(await net.rpc<string>('eth_getBalance', [worker, 'latest']))
    const unpaid = await balance()
    expect(await net.rpc('poc_getWorker', [worker])).toMatchObject({ paid: '0' })
    checkSupply(before)

    // To the end of the first epoch, and a block more for the pay-out.
    await net.rpc('dev_mine', [42 - (await net.height())])
    const { paid, results } = await net.rpc<{ paid: string; results: number }>('poc_getWorker', [worker])
    expect(results).toBeGreaterThan(0)
    const { first_height, last_height } = await net.rpc<Record<string, number>>('poc_getEpoch', [0])
    expect([first_height, last_height]).toEqual([1, 40])
    // 6,000 basis points of 10 CPC for each of 40 blocks.
    expect(BigInt(paid)).toBe(240n * 10n ** 18n)
    expect(await balance()).toBeGreaterThan(unpaid + 239n * 10n ** 18n)
    const after = await net.rpc<Supply>('chain_getSupply')
    checkSupply(after)
    expect(BigInt(after.minted!)).toBeGreaterThan(BigInt(before.minted!))
    expect(BigInt(after.total!)).toBeGreaterThan(BigInt(before.total!))
    const listed = await net.rpc<{ address: string; paid: string }[]>('poc_getWorkers')
    expect(listed).toEqual([expect.objectContaining({ address: worker, paid })])
  })

  it('goes on in the next epoch, with the difficulty retargeted', async () => {
    const epochOf = (epoch: number) => net.rpc<{ difficulty: string }>('poc_getDifficulty', [epoch])
    expect((await epochOf(0)).difficulty).toBe(String(EASY_DIFFICULTY_MACS * 8))
    expect((await epochOf(1)).difficulty).not.toBe((await epochOf(0)).difficulty)
    const work = () => net.rpc<{ results: number }>('poc_getEpoch', ['current'])
    await expect.poll(async () => (await work()).results, PATIENCE).toBeGreaterThan(0)
  })
})
