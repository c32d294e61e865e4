/**
 * Joins a made chain by its state, slowly, made to be killed: a line on standard output for each answer that is here.
 *
 *     node --import tsx snapshot-process.ts DIRECTORY
 */
import fs from 'node:fs'
import { LevelStore } from '../../node/storage/level-store.ts'
import { FixturePeers, honest, joining, madeChain } from '../../node/sync/snapshot-fixture.ts'
import { SnapshotSync } from '../../node/sync/snapshot-sync.ts'

const directory = process.argv[2]
if (directory === undefined) throw new Error('usage: snapshot-process.ts DIRECTORY')

const maker = await madeChain()
const slow = async (request: Parameters<ReturnType<typeof honest>>[0]) => {
  await new Promise((resolve) => setTimeout(resolve, 10))
  return honest(maker.chain)(request)
}
const kv = await LevelStore.open(directory)
const modules = joining(maker, new FixturePeers({ slow }))
await new SnapshotSync({ kv, ...modules, progressed: ({ chunks }) => fs.writeSync(1, `${chunks}\n`) }).run()
await kv.close()
