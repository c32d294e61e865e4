import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { configWith, loadConfig } from './config.ts'
import { configText } from './config-file.ts'
import { OPTION_ENTRIES, type PartialConfig } from './options.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-config-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const file = path.join(folder, 'config.toml')
function load(text: string, env: NodeJS.ProcessEnv = {}, flags: PartialConfig = {}) {
  fs.writeFileSync(file, text)
  return loadConfig({ file, env, flags })
}
const refused = (code: string, ...parts: readonly string[]) =>
  expect.objectContaining({ code, message: expect.stringMatching(parts.map((part) => `(?=.*${part})`).join('')) })

describe('the table of options', () => {
  it('gives each its own flag, variable and place', () => {
    for (const name of ['flag', 'variable', 'tomlName'] as const) {
      expect(new Set(OPTION_ENTRIES.map((entry) => entry[name])).size).toBe(OPTION_ENTRIES.length)
    }
    expect(OPTION_ENTRIES.find(({ key }) => key === 'maxPeersPerAddress')).toMatchObject({
      tomlName: 'p2p.max_peers_per_address',
      flag: 'p2p-max-peers-per-address',
      variable: 'QUERN_P2P_MAX_PEERS_PER_ADDRESS',
    })
  })

  it('takes no variable that means something else', () => {
    const others = ['QUERN_HOME', 'QUERN_RPC', 'QUERN_PASSWORD', 'QUERN_PRIVATE_KEY', 'QUERN_DEBUG']
    expect(OPTION_ENTRIES.filter(({ variable }) => others.includes(variable))).toEqual([])
  })

  it('has defaults that are of their own kinds', () => {
    for (const { kind, byDefault } of OPTION_ENTRIES) expect(kind.read(byDefault)).toEqual(byDefault)
  })
})

describe('loadConfig', () => {
  it('gives the defaults without a file', () => {
    expect(loadConfig({ file: path.join(folder, 'none.toml'), env: {} })).toEqual(configWith({}))
  })

  it('reads back what init writes, defaults and others', () => {
    expect(load(configText())).toEqual(configWith({}))
    const given: PartialConfig = {
      p2p: { listen: ['/ip4/127.0.0.1/tcp/0'], persistentPeers: ['/ip4/10.0.0.1/tcp/1/p2p/12D3KooW'], mdns: true },
      rpc: { port: 0, cors: ['*'] },
      chain: { haltHeight: 12 },
    }
    expect(load(configText(given))).toEqual(configWith(given))
    expect(configWith(given).rpc).toEqual({ host: '127.0.0.1', port: 0, cors: ['*'], allowedHosts: [] })
  })

  it('takes flags over variables over the file over defaults', () => {
    const text = '[rpc]\nport = 1\nhost = "file"\n[p2p]\nmax_peers = 7\n'
    const env = { QUERN_RPC_PORT: '2', QUERN_RPC_HOST: 'variable' }
    const { rpc, p2p, metrics } = load(text, env, { rpc: { port: 3 } })
    expect([rpc.port, rpc.host, p2p.maxPeers, metrics.enabled]).toEqual([3, 'variable', 7, true])
  })

  it('reads lists and truths from variables', () => {
    const env = { QUERN_RPC_CORS: 'https://a.org, https://b.org', QUERN_P2P_MDNS: '1', QUERN_P2P_LISTEN: '' }
    const { rpc, p2p } = load('', env)
    expect([rpc.cors, p2p.mdns, p2p.listen]).toEqual([['https://a.org', 'https://b.org'], true, []])
  })

  it('names an unknown key, and the one that was meant', () => {
    expect(() => load('[p2p]\nlisten_ = []')).toThrow(
      refused('CONFIG_UNKNOWN_KEY', 'config.toml', '"p2p.listen_"', 'did you mean "p2p.listen"'),
    )
    expect(() => load('[metric]\nenabled = true')).toThrow(refused('CONFIG_UNKNOWN_KEY', 'did you mean "metrics"'))
    expect(() => load('[p2p]\nturbo = true')).toThrow(refused('CONFIG_UNKNOWN_KEY', '"p2p.turbo"', 'remove it'))
    expect(() => load('[toString]\nport = 1')).toThrow(refused('CONFIG_UNKNOWN_KEY', '"toString"'))
  })

  it('names the place of a wrong value and what belongs there', () => {
    const wrong: readonly (readonly [string, string])[] = [
      ['[rpc]\nport = "8545"', 'rpc.port must be a whole number from 0 to 65535, not "8545"'],
      ['[rpc]\nport = 65536', 'not 65536'],
      ['[rpc]\nport = 1.5', 'not 1.5'],
      ['[p2p]\nmdns = 1', 'true or false'],
      ['[p2p]\nlisten = "/ip4/0.0.0.0/tcp/1"', 'a list'],
      ['[p2p]\nlisten = ["0.0.0.0:1"]', 'multiaddrs'],
      ['[p2p]\nbootstrap = ["/ip4/1.2.3.4/tcp/1"]', 'peer id'],
      ['[chain]\nhalt_height = 2026-01-01', 'a whole number'],
      ['rpc = 5', 'write \\[rpc\\]'],
    ]
    for (const [text, why] of wrong) expect(() => load(text), text).toThrow(refused('CONFIG_VALUE', file, why))
    expect(() => load('', { QUERN_RPC_PORT: '-1' })).toThrow(refused('CONFIG_VALUE', 'QUERN_RPC_PORT', '"-1"'))
    expect(() => load('', { QUERN_P2P_MDNS: 'yes' })).toThrow(
      refused('CONFIG_VALUE', 'QUERN_P2P_MDNS', 'true or false'),
    )
  })

  it('says where a file is no TOML, in one line', () => {
    expect(() => load('[rpc]\nport = \n')).toThrow(refused('CONFIG_SYNTAX', `${file}, line 2`))
    expect(() => load('[rpc]\nport = 1\nport = 2\n')).toThrow(refused('CONFIG_SYNTAX', 'line 3'))
    try {
      load('a = [')
    } catch (error) {
      expect(error).toMatchObject({ message: expect.not.stringContaining('\n') })
    }
    expect(() => loadConfig({ file: folder, env: {} })).toThrow(refused('CONFIG_UNREADABLE', 'EISDIR'))
  })
})
