import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readGenesis } from '../node/config/genesis-file.ts'
import { genesisEntry } from '../node/genesis-entry.ts'
import { Devnet } from './devnet.ts'

const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-joining-'))
afterAll(() => fs.rmSync(dataDir, { recursive: true, force: true }))

it('a devnet with a data folder leaves what a joiner needs, with epochs as short as asked', async () => {
  const devnet = await Devnet.start({
    plan: { validators: 1, workers: 0, accounts: 1, blockIntervalMs: 20, epochBlocks: 7 },
    dataDir,
    port: 0,
    clientVersion: 'quern/test',
    onFailure: (_, error) => {
      throw error
    },
  })
  try {
    const genesis = readGenesis(path.join(dataDir, 'genesis.json'))
    expect(genesisEntry(genesis).block.hash).toEqual(devnet.ready.genesisHash)
    expect(genesis.params).toMatchObject({ epochBlocks: 7, seedWindowBlocks: 3 })
    const listed = fs.readFileSync(path.join(dataDir, 'multiaddrs'), 'utf8').trimEnd().split('\n')
    expect(listed).toEqual(devnet.ready.nodes.map(({ multiaddr }) => multiaddr))
  } finally {
    await devnet.stop()
  }
})
