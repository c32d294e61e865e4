import { describe, expect, it } from 'vitest'
import { checksumAddress } from '../core/address.ts'
import { hexKey } from '../core/bytes.ts'
import { DEFAULT_MNEMONIC, devnetValidator, mnemonicAccounts, roleAccount } from './keys.ts'

describe('devnet keys', () => {
  it('gives the accounts that users of anvil and Hardhat know', () => {
    const [first, second] = mnemonicAccounts(DEFAULT_MNEMONIC, 2)
    expect(checksumAddress(first!.address)).toBe('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')
    expect(hexKey(first!.privateKey)).toBe('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
    expect(checksumAddress(second!.address)).toBe('0x70997970C51812dc3A010C7d01b50e0d17dc79C8')
  })

  it('derives everything else from the seed, and differently for each role and index', () => {
    expect(roleAccount('a', 'worker')).toEqual(roleAccount('a', 'worker'))
    expect(devnetValidator('a', 3)).toEqual(devnetValidator('a', 3))
    const keys = [
      roleAccount('a', 'worker'),
      roleAccount('a', 'faucet'),
      roleAccount('a', 'worker', 1),
      roleAccount('b', 'worker'),
      devnetValidator('a', 0).account,
    ]
    expect(new Set(keys.map((key) => hexKey(key.address))).size).toBe(keys.length)
  })

  it('refuses a mistyped mnemonic', () => {
    expect(() => mnemonicAccounts(DEFAULT_MNEMONIC.replace('junk', 'test'), 1)).toThrow(
      expect.objectContaining({ code: 'MNEMONIC_INVALID' }),
    )
  })
})
