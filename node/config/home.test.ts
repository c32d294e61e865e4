import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'
import { genesisEntry } from '../genesis-entry.ts'
import { readValidatorKey } from '../validator-key/key-file.ts'
import { readReporter } from '../validator-key/reporter-file.ts'
import { loadConfig } from './config.ts'
import { readGenesis } from './genesis-file.ts'
import { writeHome } from './home.ts'
import { defaultHome, homePaths } from './home-paths.ts'
import { soloGenesis } from './new-genesis.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-home-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
const coded = (code: string) => expect.objectContaining({ code })

const VALIDATOR = { owner: new Uint8Array(20).fill(3), blsSecretKey: new Uint8Array(32).fill(5) }
const GENESIS = soloGenesis(VALIDATOR, '12D3KooW', 1_700_000_000_000)

describe('writeHome', () => {
  it('makes a home that reads back', async () => {
    const home = path.join(folder, 'whole')
    const identity = sha256(utf8('identity'))
    const reporter = sha256(utf8('reporter'))
    const config = { rpc: { port: 0 }, p2p: { persistentPeers: ['/ip4/127.0.0.1/tcp/1/p2p/12D3KooW'] } }
    const nodeId = await writeHome({ home, genesis: GENESIS, config, identity, validator: VALIDATOR, reporter })
    expect(nodeId).toMatch(/^12D3KooW\w{44}$/)
    const paths = homePaths(home)
    expect(loadConfig({ file: paths.config, env: {} })).toMatchObject(config)
    expect(toHex(genesisEntry(readGenesis(paths.genesis)).block.hash)).toBe(toHex(genesisEntry(GENESIS).block.hash))
    expect(await readValidatorKey(paths.validatorKey)?.unlock()).toEqual(VALIDATOR)
    expect(readReporter(paths.reporter)?.privateKey).toEqual(reporter)
    for (const file of [paths.nodeKey, paths.validatorKey, paths.reporter]) {
      expect(fs.statSync(file).mode & 0o077, file).toBe(0)
    }
  })

  it('keeps the keys that are there, and never replaces one', async () => {
    const home = path.join(folder, 'twice')
    const first = await writeHome({ home, genesis: GENESIS, validator: VALIDATOR })
    expect(await writeHome({ home, genesis: GENESIS, config: { rpc: { port: 1 } }, validator: VALIDATOR })).toBe(first)
    expect(loadConfig({ file: homePaths(home).config, env: {} }).rpc.port).toBe(1)
    const others = [
      { identity: sha256(utf8('other')) },
      { validator: { ...VALIDATOR, blsSecretKey: new Uint8Array(32).fill(6) } },
      { validator: { ...VALIDATOR, owner: new Uint8Array(20) } },
    ]
    for (const other of others) {
      await expect(writeHome({ home, genesis: GENESIS, ...other })).rejects.toThrow(coded('HOME_KEY_DIFFERS'))
    }
    expect(await readValidatorKey(homePaths(home).validatorKey)?.unlock()).toEqual(VALIDATOR)
  })

  it('says where it cannot write', async () => {
    const file = path.join(folder, 'file')
    fs.writeFileSync(file, '')
    await expect(writeHome({ home: path.join(file, 'home'), genesis: GENESIS })).rejects.toThrow(
      coded('HOME_UNWRITABLE'),
    )
  })
})

describe('readGenesis', () => {
  it('says what is wrong with a file', () => {
    expect(() => readGenesis(path.join(folder, 'none.json'))).toThrow(coded('GENESIS_UNREADABLE'))
    const file = path.join(folder, 'bad.json')
    fs.writeFileSync(file, '{')
    expect(() => readGenesis(file)).toThrow(coded('GENESIS_UNREADABLE'))
    fs.writeFileSync(file, '{}')
    expect(() => readGenesis(file)).toThrow(coded('GENESIS_SHAPE'))
  })
})

it('the home folder is the one named by QUERN_HOME, or one under the user’s', () => {
  expect(defaultHome({ QUERN_HOME: 'elsewhere' })).toBe('elsewhere')
  expect(defaultHome({})).toBe(path.join(os.homedir(), '.quern'))
})
