import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadIdentity, loadOrMakeIdentity, makeIdentity, peerIdOf, requireIdentity, saveIdentity } from './identity.ts'
import { parsePeerAddress } from './multiaddrs.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quern-identity-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('identity', () => {
  it('is kept in a file for its owner alone, and never written over', async () => {
    const path = join(folder, 'deep', 'node.key')
    const identity = await loadOrMakeIdentity(path)
    expect(await loadOrMakeIdentity(path)).toEqual(identity)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await expect(saveIdentity(path, makeIdentity())).rejects.toThrow('EEXIST')
    expect(await loadIdentity(path)).toEqual(identity)
  })

  it('says what to do where a node has lost its own', async () => {
    const missing = expect.objectContaining({ code: 'NODE_KEY_MISSING' })
    await expect(requireIdentity(join(folder, 'none'))).rejects.toThrow(missing)
  })

  it('refuses a file that holds something else', async () => {
    const path = join(folder, 'broken.key')
    await writeFile(path, 'hello')
    await expect(loadOrMakeIdentity(path)).rejects.toMatchObject({ code: 'P2P_IDENTITY_INVALID' })
    await expect(loadIdentity(folder)).rejects.toThrow('cannot be read (EISDIR): check its permissions')
  })

  it('has the peer id that libp2p gives its key', () => {
    const id = peerIdOf(new Uint8Array(32).fill(1))
    // RFC 8032 key of 32 bytes 01, as an identity multihash of its protobuf, in base58.
    expect(id).toBe('12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5')
    expect(() => peerIdOf(new Uint8Array(31))).toThrow('32 bytes')
  })
})

describe('addresses', () => {
  it('name a host, a port and a peer', () => {
    const id = peerIdOf(makeIdentity())
    const good = `/ip4/10.0.0.1/tcp/26650/p2p/${id}`
    expect(parsePeerAddress(good).peer).toBe(id)
    expect(parsePeerAddress(good).address.toString()).toBe(good)
    expect(parsePeerAddress(`/dns4/seed.example/tcp/1/p2p/${id}`).peer).toBe(id)
    for (const bad of [
      '',
      'seed.example:26650',
      '/ip4/10.0.0.1/tcp/26650',
      `/p2p/${id}`,
      `${good}x`,
      `/ip4/10.0.0.1/p2p/${id}`,
    ]) {
      expect(() => parsePeerAddress(bad)).toThrow('is no address of a peer')
    }
  })
})
