/** ethers 6, unmodified. */
import { JsonRpcProvider, parseEther, Transaction, verifyMessage, Wallet, WebSocketProvider } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { accountOf, PATIENCE, privateKeyOf, TestDevnet } from './devnet-fixture.ts'
import { EASY_DIFFICULTY_MACS, findWin, signTicket } from './lottery.ts'

let net: TestDevnet
let provider: JsonRpcProvider

beforeAll(async () => {
  net = await TestDevnet.start({ difficultyMacs: EASY_DIFFICULTY_MACS })
  provider = new JsonRpcProvider(net.url, undefined, { pollingInterval: 50, cacheTimeout: -1 })
})
afterAll(async () => {
  provider.destroy()
  await net.stop()
})

const walletOf = (index: number) => new Wallet(toHex(privateKeyOf(index)), provider)

describe('ethers', () => {
  it('knows network, balances and fees', async () => {
    expect((await provider.getNetwork()).chainId).toBe(26180n)
    expect(await provider.getBalance(accountOf(9).address)).toBe(parseEther('10000'))
    const fees = await provider.getFeeData()
    expect(fees.maxFeePerGas).toBeGreaterThan(1_000n)
    expect(fees.maxPriorityFeePerGas).toBeGreaterThan(0n)
    expect(fees.gasPrice).toBeGreaterThan(1_000n)
    expect(await provider.getCode(accountOf(9).address)).toBe('0x')
    expect(await provider.getLogs({ fromBlock: 0 })).toEqual([])
  })

  it('sends a legacy transaction', async () => {
    const to = accountOf(7).address
    const sent = await walletOf(0).sendTransaction({ type: 0, to, value: parseEther('2') })
    expect(Transaction.from(sent).type).toBe(0)
    const receipt = await sent.wait()
    expect(receipt).toMatchObject({ status: 1, type: 0, gasUsed: 21_000n, from: accountOf(0).address, to })
    expect(await provider.getBalance(to)).toBe(parseEther('10002'))
    expect(await provider.getTransaction(sent.hash)).toMatchObject({ type: 0, chainId: 26180n, hash: sent.hash })
  })

  it('sends an EIP-1559 transaction with its own estimates', async () => {
    const sent = await walletOf(0).sendTransaction({ to: accountOf(8).address, value: 1n })
    expect(await sent.wait(2)).toMatchObject({ status: 1, type: 2, gasUsed: 21_000n })
  })

  it('sends EIP-2930 with an empty access list', async () => {
    const sent = await walletOf(0).sendTransaction({ type: 1, to: accountOf(8).address, value: 1n, accessList: [] })
    expect(await sent.wait()).toMatchObject({ status: 1, type: 1 })
  })

  it('reads blocks and transactions of type 0x71', async () => {
    const key = privateKeyOf(5)
    const raw = toHex(signTicket(await findWin(net.url, key), { privateKey: key, nonce: 0 }))
    const { blockNumber, status } = await net.receipt(await net.rpc<string>('eth_sendRawTransaction', [raw]))
    expect(status).toBe('0x1')
    const block = await provider.getBlock(Number(blockNumber), true)
    const [transaction] = block!.prefetchedTransactions.filter(({ type }) => type === 0x71)
    expect(transaction).toMatchObject({ from: accountOf(5).address, to: null, value: 0n, gasLimit: 80_000n, nonce: 0 })
    expect(transaction!.signature.r).toMatch(/^0x[0-9a-f]{64}$/)
    const receipt = await transaction!.wait()
    expect(receipt).toMatchObject({ status: 1, type: 0x71, gasUsed: 80_000n, logs: [] })
  })

  it('recognises refusals', async () => {
    const wallet = walletOf(0)
    const fees = { gasLimit: 21_000, maxFeePerGas: 10_000, maxPriorityFeePerGas: 1_000 }
    const to = accountOf(1).address
    await expect(wallet.sendTransaction({ to, nonce: 0, ...fees })).rejects.toMatchObject({ code: 'NONCE_EXPIRED' })
    const poor = wallet.sendTransaction({ to, value: 10n ** 30n, ...fees })
    await expect(poor).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
    await expect(wallet.sendTransaction({ data: '0x6001' })).rejects.toThrow('no EVM')
    await expect(wallet.sendTransaction({ to, data: '0x6001', ...fees, gasLimit: 90_000 })).rejects.toThrow('no EVM')
  })

  it('lets the node sign', async () => {
    const signer = await provider.getSigner(accountOf(6).address)
    const signature = await signer.signMessage('flour')
    expect(verifyMessage('flour', signature)).toBe(accountOf(6).address)
    const sent = await signer.sendTransaction({ to: accountOf(1).address, value: 1n })
    expect(await sent.wait()).toMatchObject({ status: 1 })
  })

  it('follows blocks over WebSocket', async () => {
    const socket = new WebSocketProvider(net.wsUrl)
    const seen: number[] = []
    await socket.on('block', (number: number) => void seen.push(number))
    await expect.poll(() => seen.length, PATIENCE).toBeGreaterThan(3)
    await socket.destroy()
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  })
})
