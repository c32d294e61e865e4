import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Wallet } from 'ethers'
import { afterAll, describe, expect, it } from 'vitest'
import { fromHex, hexKey } from '../../core/bytes.ts'
import { KeyDirectory } from './directory.ts'
import { decryptKey, encryptKey, readKeystore } from './keystore.ts'

const KEY = fromHex('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
/** Enough for the format, cheap enough for a test. */
const LIGHT_N = 1 << 10

describe('keystore', () => {
  it('round-trips, and refuses a wrong password', async () => {
    const file = await encryptKey(KEY, 'grain', LIGHT_N)
    expect(hexKey(await decryptKey(file, 'grain'))).toBe(hexKey(KEY))
    await expect(decryptKey(file, 'flour')).rejects.toMatchObject({ code: 'KEYSTORE_PASSWORD' })
  })

  it('spends no cost on the empty password, which everybody guesses', async () => {
    const file = await encryptKey(KEY, '')
    expect(file.crypto.kdfparams.n).toBe(4_096)
    expect(hexKey(await decryptKey(file, ''))).toBe(hexKey(KEY))
    expect((await encryptKey(KEY, ' ')).crypto.kdfparams.n).toBe(262_144)
  })

  it('reads what ethers writes and writes what ethers reads', async () => {
    const theirs = await new Wallet(`0x${hexKey(KEY)}`).encrypt('grain', undefined)
    expect(hexKey(await decryptKey(readKeystore(JSON.parse(theirs)), 'grain'))).toBe(hexKey(KEY))
    const ours = await encryptKey(KEY, 'grain', LIGHT_N)
    expect((await Wallet.fromEncryptedJson(JSON.stringify(ours), 'grain')).privateKey).toBe(`0x${hexKey(KEY)}`)
  })

  it.each([
    ['version', { version: 4 }],
    ['kdf', { crypto: { kdf: 'pbkdf2' } }],
    ['memory', { crypto: { kdfparams: { n: 1 << 30 } } }],
    ['cost not a power of two', { crypto: { kdfparams: { n: 1000 } } }],
  ])('refuses a file with another %s', async (_what, change: Record<string, unknown>) => {
    const file = structuredClone(await encryptKey(KEY, 'grain', LIGHT_N)) as unknown as Record<string, unknown>
    const merge = (into: Record<string, unknown>, from: Record<string, unknown>): void => {
      for (const [key, value] of Object.entries(from)) {
        if (typeof value === 'object') merge(into[key] as Record<string, unknown>, value as Record<string, unknown>)
        else into[key] = value
      }
    }
    merge(file, change)
    expect(() => readKeystore(file)).toThrow(expect.objectContaining({ code: 'KEYSTORE_INVALID' }))
  })
})

describe('key directory', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-keys-'))
  afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))

  it('finds a key by name and by both address forms, and never overwrites one', async () => {
    const keys = new KeyDirectory(path.join(directory, 'keys'))
    expect(keys.list()).toEqual([])
    const saved = keys.save('miller', await encryptKey(KEY, 'grain', LIGHT_N))
    expect(saved.hexAddress).toBe('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')
    for (const name of ['miller', saved.address, saved.hexAddress]) expect(keys.find(name).key).toEqual(saved)
    expect(fs.statSync(saved.path).mode & 0o077).toBe(0)
    const again = await encryptKey(KEY, 'other', LIGHT_N)
    expect(() => keys.save('miller', again)).toThrow(expect.objectContaining({ code: 'KEY_EXISTS' }))
    expect(() => keys.save('../miller', again)).toThrow(expect.objectContaining({ code: 'KEY_NAME_INVALID' }))
    expect(() => keys.find('thief')).toThrow(expect.objectContaining({ code: 'KEY_NOT_FOUND' }))
  })
})
