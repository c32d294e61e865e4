/** Envelopes made by the libraries people use, read by ours. */
import { Transaction as EthersTransaction, Wallet as EthersWallet } from 'ethers'
import fc from 'fast-check'
import { type Hex, keccak256, parseTransaction } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { describe, expect, test } from 'vitest'
import { fromHex, hexKey, toHex } from '../../core/bytes.ts'
import { testWallet } from '../testing/wallet.ts'
import { decodeTransaction } from './envelope.ts'
import { signEip1559Transfer, signLegacyTransfer } from './sign.ts'

const CHAIN = 26_180
const alice = testWallet(1)
const to = toHex(testWallet(2).address)
const account = privateKeyToAccount(toHex(alice.privateKey))
const wallet = new EthersWallet(toHex(alice.privateKey))

const fields = fc.record({
  nonce: fc.nat(100_000),
  value: fc.bigInt(0n, 1n << 100n),
  gas: fc.integer({ min: 21_000, max: 1_000_000 }),
  price: fc.bigInt(0n, 1n << 70n),
})
const SOME = { numRuns: 12 }

function expectTransfer(
  raw: Hex,
  type: string,
  sent: { nonce: number; value: bigint; gas: number; price: bigint },
): void {
  const tx = decodeTransaction(fromHex(raw), CHAIN)
  expect(tx).toMatchObject({ type, nonce: sent.nonce, gasLimit: sent.gas, maxFeePerGas: sent.price })
  expect(tx.action).toMatchObject({ kind: 'TRANSFER', value: sent.value })
  expect(toHex(tx.from)).toBe(account.address.toLowerCase())
  expect(toHex(tx.hash)).toBe(keccak256(raw))
}

describe('viem', () => {
  test('legacy, 0x01 and 0x02 transfers', async () => {
    await fc.assert(
      fc.asyncProperty(fields, async (f) => {
        const { nonce, value, price } = f
        const common = { chainId: CHAIN, to, nonce, value, gas: BigInt(f.gas) } as const
        expectTransfer(await account.signTransaction({ ...common, type: 'legacy', gasPrice: price }), 'legacy', f)
        expectTransfer(await account.signTransaction({ ...common, type: 'eip2930', gasPrice: price }), 'eip2930', f)
        const fees = { maxFeePerGas: price, maxPriorityFeePerGas: price / 2n }
        expectTransfer(await account.signTransaction({ ...common, type: 'eip1559', ...fees }), 'eip1559', f)
      }),
      SOME,
    )
  })

  test('reads what we sign', () => {
    const raw = signEip1559Transfer(
      { chainId: CHAIN, nonce: 3, maxPriorityFeePerGas: 1n, maxFeePerGas: 9n, to: fromHex(to), value: 5n },
      alice.privateKey,
    )
    const parsed = parseTransaction(toHex(raw))
    expect(parsed).toMatchObject({ type: 'eip1559', chainId: CHAIN, nonce: 3, gas: 21_000n, value: 5n, to })
  })

  test('contract creation and calls are refused by name', async () => {
    const common = { chainId: CHAIN, nonce: 0, gas: 21_000n, maxFeePerGas: 9n, maxPriorityFeePerGas: 1n } as const
    const creation = await account.signTransaction({ ...common, data: '0x6000' })
    const call = await account.signTransaction({ ...common, to, data: '0xa9059cbb' })
    for (const raw of [creation, call]) {
      expect(() => decodeTransaction(fromHex(raw), CHAIN)).toThrow(expect.objectContaining({ code: 'TX_NO_EVM' }))
    }
  })

  test('legacy without a chain id is refused', async () => {
    const raw = await account.signTransaction({ to, nonce: 0, gas: 21_000n, gasPrice: 9n, type: 'legacy' })
    expect(() => decodeTransaction(fromHex(raw), CHAIN)).toThrow(expect.objectContaining({ code: 'TX_UNPROTECTED' }))
  })
})

describe('ethers', () => {
  test('legacy, 0x01 and 0x02 transfers', async () => {
    await fc.assert(
      fc.asyncProperty(fields, async (f) => {
        const { nonce, value, price } = f
        const common = { chainId: CHAIN, to, nonce, value, gasLimit: f.gas }
        const sign = async (request: object): Promise<Hex> => (await wallet.signTransaction(request)) as Hex
        expectTransfer(await sign({ ...common, type: 0, gasPrice: price }), 'legacy', f)
        expectTransfer(await sign({ ...common, type: 1, gasPrice: price, accessList: [] }), 'eip2930', f)
        const fees = { maxFeePerGas: price, maxPriorityFeePerGas: price / 2n }
        expectTransfer(await sign({ ...common, type: 2, ...fees }), 'eip1559', f)
      }),
      SOME,
    )
  })

  test('reads what we sign, and finds the same sender and hash', () => {
    const raw = signLegacyTransfer(
      { chainId: CHAIN, nonce: 3, gasPrice: 9n, to: fromHex(to), value: 5n },
      alice.privateKey,
    )
    const parsed = EthersTransaction.from(toHex(raw))
    expect(parsed.from?.toLowerCase()).toBe(toHex(alice.address))
    expect(parsed.hash).toBe(`0x${hexKey(decodeTransaction(raw, CHAIN).hash)}`)
    expect(parsed.chainId).toBe(BigInt(CHAIN))
  })
})
