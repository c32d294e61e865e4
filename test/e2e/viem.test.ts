/** viem, unmodified, against four validators and a worker: what a wallet or a web page does. */
import {
  BaseError,
  createPublicClient,
  createWalletClient,
  type Hash,
  http,
  InsufficientFundsError,
  NonceTooLowError,
  parseEther,
  verifyMessage,
  verifyTypedData,
  webSocket,
} from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checksumAddress } from '../../core/address.ts'
import { accountOf, PATIENCE, TestDevnet } from './devnet-fixture.ts'
import { EASY_DIFFICULTY_MACS } from './lottery.ts'

let net: TestDevnet

beforeAll(async () => {
  net = await TestDevnet.start({ validators: 4, workers: 1, difficultyMacs: EASY_DIFFICULTY_MACS * 16 })
})
afterAll(() => net.stop())

const publicClient = () => createPublicClient({ chain: net.chain, transport: http(), pollingInterval: 50 })
const walletOf = (index: number) =>
  createWalletClient({ chain: net.chain, transport: http(), account: accountOf(index) })

describe('a public client', () => {
  it('sees the printed accounts with 10,000 CPC each', async () => {
    const client = publicClient()
    expect(await client.getChainId()).toBe(26180)
    expect(net.devnet.ready.accounts).toHaveLength(10)
    for (const index of [3, 9]) {
      expect(await client.getBalance({ address: accountOf(index).address })).toBe(parseEther('10000'))
    }
  })

  it('estimates EIP-1559 fees', async () => {
    const client = publicClient()
    const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas()
    const { baseFeePerGas } = await client.getBlock()
    expect(baseFeePerGas).toBe(1_000n)
    expect(maxPriorityFeePerGas).toBeGreaterThan(0n)
    expect(maxFeePerGas).toBeGreaterThanOrEqual(1_000n + maxPriorityFeePerGas)
    const request = await client.prepareTransactionRequest({
      account: accountOf(0),
      to: accountOf(1).address,
      value: 1n,
    })
    expect(request).toMatchObject({ type: 'eip1559', gas: 21_000n, chainId: 26180, nonce: expect.any(Number) })
    expect(request.maxFeePerGas).toBeGreaterThan(1_000n)
  })

  it('reads a whole block that holds SUBMIT_RESULT', async () => {
    const client = publicClient()
    const worker = net.devnet.keys.workers[0]!
    const hash = await net.anyResult()
    const { height } = await net.rpc<{ height: number }>('poc_getResult', [hash])
    const block = await client.getBlock({ blockNumber: BigInt(height), includeTransactions: true })
    expect(block.number).toBe(BigInt(height))
    const submissions = block.transactions.filter(({ typeHex }) => typeHex === '0x71')
    expect(submissions.map((submission) => submission.hash)).toContain(hash)
    for (const { from, value, to, gas, input } of submissions) {
      expect(from).toBe(checksumAddress(worker.address))
      expect({ value, to, gas }).toEqual({ value: 0n, to: null, gas: 80_000n })
      // Kind 8, then the RLP of its body.
      expect(input).toMatch(/^0x08/)
    }
    expect(await client.getTransaction({ hash })).toMatchObject({ hash, typeHex: '0x71' })
    expect(await client.getTransactionReceipt({ hash })).toMatchObject({ status: 'success', gasUsed: 80_000n })
  })
})

describe('a wallet client', () => {
  it('sends a transfer and waits for the receipt', async () => {
    const client = publicClient()
    const [from, to] = [accountOf(0).address, accountOf(1).address]
    const before = await client.getBalance({ address: from })
    const hash = await walletOf(0).sendTransaction({ to, value: parseEther('1.5') })
    const receipt = await client.waitForTransactionReceipt({ hash })
    expect(receipt).toMatchObject({ status: 'success', type: 'eip1559', gasUsed: 21_000n, logs: [], to })
    expect(await client.getBalance({ address: to })).toBe(parseEther('10001.5'))
    const paid = receipt.gasUsed * receipt.effectiveGasPrice
    expect(await client.getBalance({ address: from })).toBe(before - parseEther('1.5') - paid)
    const { number } = await client.getBlock({ blockHash: receipt.blockHash })
    expect(number).toBe(receipt.blockNumber)
    // Two confirmations: viem counts blocks above the receipt's.
    expect((await client.waitForTransactionReceipt({ hash, confirmations: 2 })).blockHash).toBe(receipt.blockHash)
  })

  it('sends many at once, in order of nonces', async () => {
    const client = publicClient()
    const { address } = accountOf(5)
    const hashes: Hash[] = []
    for (let nonce = 0; nonce < 20; nonce++) {
      hashes.push(await walletOf(5).sendTransaction({ to: address, value: 1n, nonce, gas: 21_000n }))
    }
    const receipts = await Promise.all(hashes.map((hash) => client.waitForTransactionReceipt({ hash })))
    expect(receipts.every(({ status }) => status === 'success')).toBe(true)
    expect(await client.getTransactionCount({ address })).toBe(20)
  })

  it('learns clearly that there is no EVM', async () => {
    const wallet = walletOf(2)
    await expect(wallet.deployContract({ abi: [], bytecode: '0x6001600155' })).rejects.toThrow('no EVM')
    await expect(wallet.sendTransaction({ to: accountOf(1).address, data: '0xdeadbeef' })).rejects.toThrow('no EVM')
    // Signed all the same, it is refused with its tag.
    const fees = { gas: 100_000n, maxFeePerGas: 10_000n, maxPriorityFeePerGas: 1_000n, nonce: 0 }
    const creation = await accountOf(2).signTransaction({ ...fees, chainId: 26180, type: 'eip1559', data: '0x6001' })
    const refusal = await net.refusal('eth_sendRawTransaction', [creation])
    expect(refusal).toMatchObject({ code: -32003, data: { tag: 'TX_NO_EVM' } })
    expect(refusal.message).toContain('contract creation')
    const { address: to } = accountOf(1)
    const call = await accountOf(2).signTransaction({ ...fees, chainId: 26180, type: 'eip1559', to, data: '0x6001' })
    expect((await net.refusal('eth_sendRawTransaction', [call])).data.tag).toBe('TX_NO_EVM')
  })

  it('recognises a used nonce and missing funds', async () => {
    const wallet = walletOf(0)
    const fees = { gas: 21_000n, maxFeePerGas: 10_000n, maxPriorityFeePerGas: 1_000n }
    const causeOf = async (sending: Promise<unknown>): Promise<BaseError> => {
      const error = await sending.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (error instanceof BaseError) return error
      throw new Error('viem was not refused', { cause: error })
    }
    const { address } = accountOf(1)
    const used = await causeOf(wallet.sendTransaction({ to: address, nonce: 0, ...fees }))
    expect(used.walk((e) => e instanceof NonceTooLowError)).toBeInstanceOf(NonceTooLowError)
    const poor = await causeOf(wallet.sendTransaction({ to: address, value: 10n ** 30n, ...fees }))
    expect(poor.walk((e) => e instanceof InsufficientFundsError)).toBeInstanceOf(InsufficientFundsError)
    const estimate = await causeOf(wallet.sendTransaction({ to: address, value: 10n ** 30n }))
    expect(estimate.walk((e) => e instanceof InsufficientFundsError)).toBeInstanceOf(InsufficientFundsError)
  })
})

describe('signatures of the printed accounts', () => {
  // The account is an address only: the node signs.
  const remote = (index: number) =>
    createWalletClient({ chain: net.chain, transport: http(), account: accountOf(index).address })

  it('verify as messages', async () => {
    const message = 'ground at the upper mill'
    const signature = await remote(4).signMessage({ message })
    expect(await verifyMessage({ address: accountOf(4).address, message, signature })).toBe(true)
    expect(await verifyMessage({ address: accountOf(3).address, message, signature })).toBe(false)
  })

  it('verify as EIP-712 typed data', async () => {
    const order = {
      domain: { name: 'Mill', version: '1', chainId: 26180, verifyingContract: accountOf(0).address },
      types: {
        Order: [
          { name: 'sacks', type: 'Sack[]' },
          { name: 'due', type: 'uint64' },
        ],
        Sack: [
          { name: 'grain', type: 'string' },
          { name: 'grams', type: 'uint256' },
        ],
      },
      primaryType: 'Order',
      message: { sacks: [{ grain: 'rye', grams: 25_000n }], due: 1_893_456_000n },
    } as const
    const signature = await remote(4).signTypedData(order)
    expect(await verifyTypedData({ address: accountOf(4).address, signature, ...order })).toBe(true)
    const other = { ...order, message: { ...order.message, due: 0n } }
    expect(await verifyTypedData({ address: accountOf(4).address, signature, ...other })).toBe(false)
  })

  it('send transactions too', async () => {
    const hash = await remote(4).sendTransaction({ to: accountOf(3).address, value: 7n })
    expect((await publicClient().waitForTransactionReceipt({ hash })).status).toBe('success')
  })
})

describe('over WebSocket', () => {
  it('watches blocks, their numbers and pending transactions', async () => {
    const transport = webSocket(net.wsUrl, { keepAlive: false, reconnect: false })
    const client = createPublicClient({ chain: net.chain, transport })
    const errors: unknown[] = []
    const onError = (error: Error) => void errors.push(error)
    const blocks: { number: bigint; hash: Hash; parentHash: Hash }[] = []
    const numbers: bigint[] = []
    const pending: Hash[] = []
    const stops = [
      client.watchBlocks({ onBlock: (block) => void blocks.push(block), onError }),
      client.watchBlockNumber({ onBlockNumber: (number) => void numbers.push(number), onError }),
      client.watchPendingTransactions({ onTransactions: (hashes) => void pending.push(...hashes), onError }),
    ]
    await expect.poll(() => blocks.length, PATIENCE).toBeGreaterThan(1)
    const hash = await walletOf(6).sendTransaction({ to: accountOf(7).address, value: 1n })
    await expect.poll(() => pending, PATIENCE).toContain(hash)
    await expect.poll(() => Math.min(blocks.length, numbers.length), PATIENCE).toBeGreaterThan(6)
    for (const stop of stops) stop()
    const { socket } = (await client.transport.getRpcClient()) as { socket: { close(): void } }
    socket.close()
    expect(errors).toEqual([])
    // In order and without a gap: each is the parent of the next.
    for (const [i, block] of blocks.slice(1).entries()) expect(block.parentHash).toBe(blocks[i]!.hash)
    expect(numbers).toEqual([...numbers].sort((a, b) => Number(a - b)))
  })
})
