import { it } from 'vitest'
import { makeChain, SyncScene } from './sync-fixture.ts'
it('dbg', async () => {
  const scene = new SyncScene(makeChain(40))
  for (const name of ['a', 'b', 'c']) scene.addPeer(name)
  const node = await scene.follow()
  await new Promise((r) => setTimeout(r, 3000))
  console.log('DBG', node.finalized().height, scene.blamed.slice(0, 5), scene.failures, [...scene.asked].map(([k, v]) => [k, v.length]))
  await scene.stop()
})
