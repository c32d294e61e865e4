/** viem and ethers, unmodified, against the server. */
import { JsonRpcProvider, parseEther, Wallet } from 'ethers'
import {
  BaseError,
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  InsufficientFundsError,
  NonceTooLowError,
  webSocket,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checksumAddress } from '../../core/address.ts'
import { type Hex, toHex } from '../../core/bytes.ts'
import { ACCOUNTS, FINAL_LAG, type Fixture } from './fixture.ts'
import { serveFixture } from './fixture-server.ts'
import type { RpcServer } from './server.ts'

let own: Fixture
let server: RpcServer

beforeAll(async () => {
  ;({ own, server } = await serveFixture())
})
afterAll(() => server.close())

const [alice, bob] = ACCOUNTS.map(({ address }) => checksumAddress(address)) as [Hex, Hex]
const aliceKey = toHex(ACCOUNTS[0]!.privateKey)

const network = () =>
  defineChain({
    id: 26180,
    name: 'Quern devnet',
    nativeCurrency: { name: 'CPC', symbol: 'CPC', decimals: 18 },
    rpcUrls: { default: { http: [server.url], webSocket: [server.wsUrl] } },
  })

describe('viem', () => {
  const publicClient = () => createPublicClient({ chain: network(), transport: http(), pollingInterval: 10 })
  const walletClient = () =>
    createWalletClient({ chain: network(), transport: http(), account: privateKeyToAccount(aliceKey) })

  it('sends a transfer with its own fee estimate and gets the receipt', async () => {
    const client = publicClient()
    expect(await client.getChainId()).toBe(26180)
    const before = await client.getBalance({ address: bob })
    const hash = await walletClient().sendTransaction({ to: bob, value: 10n ** 18n })
    own.chain.mine()
    const receipt = await client.waitForTransactionReceipt({ hash })
    expect(receipt).toMatchObject({
      status: 'success',
      type: 'eip1559',
      gasUsed: 21_000n,
      from: alice,
      to: bob,
      logs: [],
    })
    expect(await client.getBalance({ address: bob })).toBe(before + 10n ** 18n)
    const transaction = await client.getTransaction({ hash })
    expect(transaction).toMatchObject({ type: 'eip1559', blockNumber: receipt.blockNumber, value: 10n ** 18n })
    expect(receipt.effectiveGasPrice).toBe(transaction.gasPrice)
  })

  it('lets the node sign for a printed account', async () => {
    const client = createWalletClient({ chain: network(), transport: http(), account: alice })
    expect(await client.getAddresses()).toContain(alice)
    const hash = await client.sendTransaction({ to: bob, value: 1n })
    expect(own.chain.mine().transactions.map((t) => toHex(t.hash))).toEqual([hash])
    const local = privateKeyToAccount(aliceKey)
    expect(await client.signMessage({ message: 'hello' })).toBe(await local.signMessage({ message: 'hello' }))
    const typedData = {
      domain: { name: 'Quern', chainId: 26180 },
      types: { Vote: [{ name: 'proposal', type: 'uint256' }] },
      primaryType: 'Vote',
      message: { proposal: 7n },
    } as const
    expect(await client.signTypedData(typedData)).toBe(await local.signTypedData(typedData))
  })

  it('parses whole blocks that hold SUBMIT_RESULT', async () => {
    const block = await publicClient().getBlock({ blockNumber: 4n, includeTransactions: true })
    expect(block.transactions).toHaveLength(5)
    expect(block.transactions.map(({ typeHex }) => typeHex)).toEqual(['0x71', '0x71', '0x71', '0x71', '0x1'])
    expect(block).toMatchObject({ number: 4n, baseFeePerGas: 1_000n, gasLimit: 240_000_000n, uncles: [] })
    const receipts = await publicClient().getTransactionReceipt({ hash: toHex(own.landmarks.failedResult) })
    expect(receipts).toMatchObject({ status: 'reverted', gasUsed: 80_000n })
  })

  it('reads the rest of what it knows', async () => {
    const client = publicClient()
    expect(await client.getBlockNumber()).toBe(BigInt(own.chain.latest().height))
    expect((await client.getBlock({ blockTag: 'finalized' })).number).toBe(
      BigInt(own.chain.latest().height - FINAL_LAG),
    )
    expect(await client.getBlockTransactionCount({ blockNumber: 4n })).toBe(5)
    expect(await client.getFeeHistory({ blockCount: 3, rewardPercentiles: [50] })).toMatchObject({
      gasUsedRatio: { length: 3 },
    })
    expect(await client.estimateFeesPerGas()).toMatchObject({ maxPriorityFeePerGas: expect.any(BigInt) })
    expect(await client.getGasPrice()).toBeGreaterThan(1_000n)
    expect(await client.getCode({ address: bob })).toBeUndefined()
    expect(await client.getLogs()).toEqual([])
    expect(await client.call({ to: bob })).toEqual({ data: undefined })
    expect(await client.getTransactionCount({ address: alice, blockTag: 'pending' })).toBeGreaterThan(2)
    const filter = await client.createBlockFilter()
    const { block } = own.chain.mine()
    expect(await client.getFilterChanges({ filter })).toEqual([toHex(block.hash)])
    expect(await client.uninstallFilter({ filter })).toBe(true)
  })

  it('recognises refusals', async () => {
    const wallet = walletClient()
    const causes = async (sending: Promise<unknown>) => {
      const error = await sending.catch((e: unknown) => e)
      if (!(error instanceof BaseError)) throw error
      return error
    }
    const fees = { gas: 21_000n, maxFeePerGas: 10_000n, maxPriorityFeePerGas: 1_000n }
    const old = await causes(wallet.sendTransaction({ to: bob, nonce: 0, ...fees }))
    expect(old.walk((e) => e instanceof NonceTooLowError)).not.toBeNull()
    const rich = await causes(wallet.sendTransaction({ to: bob, value: 10n ** 30n, ...fees }))
    expect(rich.walk((e) => e instanceof InsufficientFundsError)).not.toBeNull()
    const creation = await causes(wallet.deployContract({ abi: [], bytecode: '0x6001' }))
    expect(creation.message).toContain('no EVM')
  })

  it('watches blocks over WebSocket', async () => {
    const transport = webSocket(server.wsUrl, { keepAlive: false, reconnect: false })
    const client = createPublicClient({ chain: network(), transport })
    const seen: bigint[] = []
    const listeners = own.chain.listenerCount
    const stop = client.watchBlocks({
      onBlock: (block) => void seen.push(block.number),
      onError: (e) => expect(e).toBe(0),
    })
    await expect.poll(() => own.chain.listenerCount).toBe(listeners + 1)
    const mined = [own.chain.mine(), own.chain.mine()].map(({ block }) => BigInt(block.header.height))
    await expect.poll(() => seen.slice(-2)).toEqual(mined)
    stop()
    await expect.poll(() => own.chain.listenerCount).toBe(listeners)
    const { socket } = (await await client.transport.getRpcClient()) as unknown as { socket: { close(): void } }
    socket.close()
  })
})

describe('ethers', () => {
  let provider: JsonRpcProvider
  beforeAll(() => {
    provider = new JsonRpcProvider(server.url, undefined, { polling: true, pollingInterval: 20, cacheTimeout: -1 })
  })
  afterAll(() => provider.destroy())

  it('parses whole blocks that hold SUBMIT_RESULT', async () => {
    expect((await provider.getNetwork()).chainId).toBe(26180n)
    const block = await provider.getBlock(4, true)
    expect(block?.prefetchedTransactions.map(({ type }) => type)).toEqual([0x71, 0x71, 0x71, 0x71, 1])
    expect(block?.prefetchedTransactions[0]?.signature.yParity).toBeLessThan(2)
    const receipt = await provider.getTransactionReceipt(toHex(own.landmarks.results[0]!))
    expect(receipt).toMatchObject({ status: 1, gasUsed: 80_000n })
  })

  it('sends legacy and EIP-1559 transfers', async () => {
    const wallet = new Wallet(toHex(ACCOUNTS[1]!.privateKey), provider)
    const before = await provider.getBalance(alice)
    const legacy = await wallet.sendTransaction({ to: alice, value: parseEther('1'), type: 0 })
    own.chain.mine()
    expect(await legacy.wait()).toMatchObject({ status: 1, type: 0, gasUsed: 21_000n })
    const modern = await wallet.sendTransaction({ to: alice, value: 5n })
    own.chain.mine()
    expect(await modern.wait()).toMatchObject({ status: 1, type: 2 })
    expect(await provider.getBalance(alice)).toBe(before + parseEther('1') + 5n)
  })

  it('recognises refusals', async () => {
    const wallet = new Wallet(toHex(ACCOUNTS[1]!.privateKey), provider)
    const fees = { gasLimit: 21_000, maxFeePerGas: 10_000, maxPriorityFeePerGas: 1_000 }
    await expect(wallet.sendTransaction({ to: alice, nonce: 0, ...fees })).rejects.toMatchObject({
      code: 'NONCE_EXPIRED',
    })
    const rich = wallet.sendTransaction({ to: alice, value: 10n ** 30n, ...fees })
    await expect(rich).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
    await expect(wallet.sendTransaction({ data: '0x6001' })).rejects.toThrow('no EVM')
  })
})
