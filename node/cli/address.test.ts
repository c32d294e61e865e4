import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { checksumAddress, formatAddress } from '../../core/address.ts'
import { fromHex } from '../../core/bytes.ts'
import { KeyDirectory } from '../keystore/directory.ts'
import { encryptKey } from '../keystore/keystore.ts'
import { addressReader } from './address.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-address-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

it('reads both address forms and the names of own keys, and never takes a mistyped address for a name', async () => {
  const key = fromHex('ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')
  new KeyDirectory(folder).save('miller', await encryptKey(key, 'grain', 1 << 10))
  const read = addressReader({}, folder)
  const address = read('miller')
  expect(read(formatAddress(address))).toEqual(address)
  expect(read(checksumAddress(address))).toEqual(address)
  const invalid = expect.objectContaining({ code: 'ADDRESS_INVALID' })
  for (const text of ['baker', '', formatAddress(address).slice(0, -1), checksumAddress(address).slice(0, -1)]) {
    expect(() => read(text)).toThrow(invalid)
  }
})
