import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bls } from '../../core/bls.ts'
import { utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { privateKeyToAddress } from '../../core/secp256k1.ts'
import { readValidatorKey, writeValidatorKey } from './key-file.ts'
import { readProtection, writeProtection } from './protection-file.ts'
import { readReporter, writeReporter } from './reporter-file.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-key-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
let files = 0
const newFile = () => path.join(folder, `${files++}`, 'file.json')
const coded = (code: string) => expect.objectContaining({ code, message: expect.not.stringContaining('\n') })

const KEY = { owner: new Uint8Array(20).fill(3), blsSecretKey: new Uint8Array(32).fill(5) }
const LOW_COST = 1 << 10

describe('validator/key.json', () => {
  it('gives the key back, in the clear and encrypted, to its owner only', async () => {
    const [clear, locked] = [newFile(), newFile()]
    await writeValidatorKey(clear, KEY)
    await writeValidatorKey(locked, KEY, 'grain', LOW_COST)
    const [first, second] = [readValidatorKey(clear)!, readValidatorKey(locked)!]
    expect([first.isEncrypted, second.isEncrypted]).toEqual([false, true])
    expect(first.blsPublicKey).toEqual(bls.publicKey(KEY.blsSecretKey))
    expect(await first.unlock()).toEqual(KEY)
    expect(await second.unlock('grain')).toEqual(KEY)
    expect(fs.readFileSync(locked, 'utf8')).not.toContain('0505050505')
    expect(fs.statSync(clear).mode & 0o077).toBe(0)
    expect(fs.statSync(path.dirname(clear)).mode & 0o077).toBe(0)
    await expect(second.unlock()).rejects.toThrow(coded('PASSWORD_MISSING'))
    await expect(second.unlock('chaff')).rejects.toThrow(coded('KEYSTORE_PASSWORD'))
  })

  it('is never overwritten', async () => {
    const file = newFile()
    await writeValidatorKey(file, KEY)
    const before = fs.readFileSync(file)
    await expect(writeValidatorKey(file, { ...KEY, blsSecretKey: sha256(utf8('b')) })).rejects.toThrow()
    await expect(writeValidatorKey(file, KEY)).rejects.toThrow(coded('VALIDATOR_KEY_EXISTS'))
    expect(fs.readFileSync(file)).toEqual(before)
  })

  it('is refused when it is damaged, and missing without a word when there is none', async () => {
    const file = newFile()
    expect(readValidatorKey(file)).toBeUndefined()
    await writeValidatorKey(file, KEY)
    const good = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>
    const other = bls.publicKey(new Uint8Array(32).fill(6))
    const hex = `0x${Buffer.from(other).toString('hex')}`
    const bad: Record<string, unknown>[] = [
      { version: 2 },
      { owner: 'cpc1' },
      { blsPublicKey: '0x00' },
      { blsSecretKey: '0x05' },
      { blsSecretKey: undefined },
      { blsSecretKey: `0x${'00'.repeat(32)}` },
      { blsPublicKey: hex },
      { crypto: {} },
    ]
    for (const change of bad) {
      fs.writeFileSync(file, JSON.stringify({ ...good, ...change }))
      const use = async () => readValidatorKey(file)?.unlock('')
      await expect(use(), JSON.stringify(change)).rejects.toThrow(coded('VALIDATOR_KEY_INVALID'))
    }
    fs.writeFileSync(file, '{')
    expect(() => readValidatorKey(file)).toThrow(coded('VALIDATOR_KEY_INVALID'))
  })
})

describe('validator/reporter.json', () => {
  it('gives the account back', () => {
    const file = newFile()
    const privateKey = sha256(utf8('reporter'))
    expect(readReporter(file)).toBeUndefined()
    writeReporter(file, privateKey)
    expect(readReporter(file)).toEqual({ privateKey, address: privateKeyToAddress(privateKey) })
    expect(() => writeReporter(file, privateKey)).toThrow(coded('VALIDATOR_KEY_EXISTS'))
    fs.writeFileSync(file, '{"version":1}')
    expect(() => readReporter(file)).toThrow(coded('REPORTER_INVALID'))
  })
})

describe('the protection file', () => {
  const key = { genesisHash: sha256(utf8('genesis')), blsPublicKey: bls.publicKey(KEY.blsSecretKey) }

  it('carries a place, of one key on one chain', async () => {
    const file = path.join(folder, 'protection.json')
    await writeProtection(file, key, { epoch: 4, view: 17 })
    expect(readProtection(file, key)).toEqual({ epoch: 4, view: 17 })
    expect(() => readProtection(file, { ...key, genesisHash: sha256(utf8('x')) })).toThrow(
      coded('PROTECTION_OTHER_CHAIN'),
    )
    expect(() => readProtection(file, { ...key, blsPublicKey: new Uint8Array(48) })).toThrow(
      coded('PROTECTION_OTHER_KEY'),
    )
    const good = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>
    for (const change of [{ version: 2 }, { format: 'x' }, { epoch: -1 }, { view: '17' }]) {
      fs.writeFileSync(file, JSON.stringify({ ...good, ...change }))
      expect(() => readProtection(file, key), JSON.stringify(change)).toThrow(coded('PROTECTION_INVALID'))
    }
    expect(() => readProtection(newFile(), key)).toThrow(coded('PROTECTION_INVALID'))
  })
})
