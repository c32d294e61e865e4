import { afterEach, describe, expect, it } from 'vitest'
import { HEADER_VERSION } from '../../consensus/header.ts'
import { makeChain, SyncScene } from './sync-fixture.ts'

const BLOCKS = 80
const chain = makeChain(BLOCKS)

let scene: SyncScene
afterEach(() => scene.stop())

function withNewer(isFinal: boolean): SyncScene {
  const made = new SyncScene({ ...chain, blocks: [...chain.blocks, chain.newer(isFinal)] })
  for (const name of ['a', 'b', 'c']) made.addPeer(name)
  return made
}

describe('a chain that went on under rules that are not known here', () => {
  it('stops the node below the first block of the new version, and says what to do', async () => {
    scene = withNewer(true)
    const node = await scene.follow()
    await scene.until(() => false)
    expect(scene.failures).toEqual([
      expect.objectContaining({
        code: 'UPGRADE_NEEDED',
        meta: { height: BLOCKS + 1, version: HEADER_VERSION + 1, known: HEADER_VERSION },
      }),
    ])
    expect(String(scene.failures[0])).toContain('install a newer quern')
    expect(node.finalized().height).toBe(BLOCKS)
    expect(scene.blamed).toEqual([])
  })

  it('is believed of no peer without the votes of this chain', async () => {
    scene = withNewer(false)
    const node = await scene.follow()
    await scene.until(() => node.finalized().height === BLOCKS && node.syncing() === undefined)
    expect(scene.failures).toEqual([])
    expect(scene.blamed).toEqual([])
  })
})
