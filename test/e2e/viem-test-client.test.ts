/** viem's test client in its anvil mode, unmodified: what tests of other projects do to a devnet. */
import { createTestClient, http, parseEther, publicActions, walletActions } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountOf, TestDevnet } from './devnet-fixture.ts'

let net: TestDevnet

beforeAll(async () => {
  net = await TestDevnet.start({ validators: 2, workers: 0 })
})
afterAll(() => net.stop())

const client = () =>
  createTestClient({ chain: net.chain, mode: 'anvil', transport: http(), pollingInterval: 50 })
    .extend(publicActions)
    .extend(walletActions)

describe("viem's test client", () => {
  it('mines', async () => {
    const test = client()
    const before = await test.getBlockNumber({ cacheTime: 0 })
    await test.mine({ blocks: 25 })
    expect(await test.getBlockNumber({ cacheTime: 0 })).toBeGreaterThanOrEqual(before + 25n)
    expect(await net.rpc('evm_mine')).toBe('0x0')
    expect(await test.getBlockNumber({ cacheTime: 0 })).toBeGreaterThanOrEqual(before + 26n)
  })

  it('mines blocks some seconds apart', async () => {
    const test = client()
    const start = await test.getBlock()
    await test.mine({ blocks: 3, interval: 600 })
    const end = await test.getBlock()
    expect(end.timestamp - start.timestamp).toBeGreaterThanOrEqual(1_200n)
  })

  it('moves time ahead', async () => {
    const test = client()
    const before = await test.getBlock()
    await test.increaseTime({ seconds: 86_400 })
    await test.mine({ blocks: 1 })
    const after = await test.getBlock()
    expect(after.timestamp - before.timestamp).toBeGreaterThanOrEqual(86_400n)
    expect(after.timestamp - before.timestamp).toBeLessThan(86_400n + 60n)
  })

  it('dates the next block', async () => {
    const test = client()
    const from = await test.getBlock()
    const timestamp = from.timestamp + 1_000n
    await test.setNextBlockTimestamp({ timestamp })
    await test.mine({ blocks: 1 })
    const newest = await test.getBlockNumber({ cacheTime: 0 })
    const dates: bigint[] = []
    for (let number = from.number + 1n; number <= newest; number++) {
      dates.push((await test.getBlock({ blockNumber: number })).timestamp)
    }
    expect(dates).toContain(timestamp)
    await expect(test.setNextBlockTimestamp({ timestamp: from.timestamp })).rejects.toThrow('or later')
  })

  it('sets a balance, up and down, and supply agrees', async () => {
    const test = client()
    const { address } = accountOf(8)
    type Supply = Record<'genesis' | 'minted' | 'burned' | 'total', string>
    for (const value of [parseEther('123456.789'), 5n]) {
      await test.setBalance({ address, value })
      expect(await test.getBalance({ address })).toBe(value)
      const { genesis, minted, burned, total } = await net.rpc<Supply>('chain_getSupply')
      expect(BigInt(genesis) + BigInt(minted) - BigInt(burned)).toBe(BigInt(total))
    }
  })

  it('mines what was sent just before', async () => {
    const test = client()
    for (let i = 0; i < 5; i++) {
      const hash = await test.sendTransaction({ account: accountOf(3), to: accountOf(4).address, value: 1n })
      await test.mine({ blocks: 1 })
      expect((await test.getTransactionReceipt({ hash })).status).toBe('success')
    }
  })

  it('turns the clock back with the chain', async () => {
    const test = client()
    const id = await test.snapshot()
    const before = await test.getBlock()
    await test.increaseTime({ seconds: 86_400 })
    await test.mine({ blocks: 1 })
    await test.revert({ id })
    await test.mine({ blocks: 1 })
    const after = await test.getBlock()
    expect(after.timestamp - before.timestamp).toBeLessThan(3_600n)
  })

  it('goes back to a snapshot, and on from there', async () => {
    const test = client()
    const account = accountOf(1)
    const to = accountOf(2).address
    const before = await test.getBalance({ address: to })
    const id = await test.snapshot()
    const height = await test.getBlockNumber({ cacheTime: 0 })
    const send = async () => {
      const hash = await test.sendTransaction({ account, to, value: parseEther('3') })
      return test.waitForTransactionReceipt({ hash })
    }
    const lost = await send()
    await test.mine({ blocks: 10 })
    expect(await test.getBalance({ address: to })).toBe(before + parseEther('3'))

    await test.revert({ id })
    expect(await test.getBalance({ address: to })).toBe(before)
    expect(await net.rpc('eth_getTransactionReceipt', [lost.transactionHash])).toBeNull()
    expect(await test.getBlockNumber({ cacheTime: 0 })).toBeLessThan(height + 10n)
    expect(await test.getTransactionCount({ address: account.address })).toBe(0)

    expect((await send()).status).toBe('success')
    expect(await test.getBalance({ address: to })).toBe(before + parseEther('3'))
    // It has been used up.
    expect(await net.rpc('evm_revert', [id])).toBe(false)
  })
})
