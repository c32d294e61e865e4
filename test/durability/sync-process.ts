/**
 * A node on LevelDB that syncs from four peers of its own process, one of which lies, made to be killed. It reports what it
 * found on its disk and each block that became final.
 *
 *     node --import tsx sync-process.ts DIRECTORY BLOCKS
 */
import fs from 'node:fs'
import { LevelStore } from '../../node/storage/level-store.ts'
import { makeChain, SyncScene } from '../../node/sync/sync-fixture.ts'

const [directory, blocks] = process.argv.slice(2)
if (directory === undefined || blocks === undefined) throw new Error('usage: sync-process.ts DIRECTORY BLOCKS')

// Synchronous on Linux: once a line is written, only the machine, not this process, can lose it.
const report = (line: string): void => void fs.writeSync(1, `${line}\n`)

const scene = new SyncScene(makeChain(Number(blocks)))
scene.addPeer('liar', (right) => right.slice(0, 40).map((served) => ({ ...served, notarization: undefined })))
for (const name of ['a', 'b', 'c']) scene.addPeer(name)
const node = await scene.follow({ store: await LevelStore.open(directory) })
report(`found ${node.finalized().height}`)
node.subscribe((event) => {
  if (event.type === 'final') report(`final ${event.block.block.header.height}`)
})
await scene.until(() => node.finalized().height === Number(blocks))
await scene.stop()
report(`ended ${node.finalized().height}`)
process.exit(0)
