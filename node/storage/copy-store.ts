/**
 * Copies of a closed LevelDB folder, for the snapshots of a devnet. Table files never change once they are written, so a
 * copy links them and costs time and space only for the logs; how long the chain is does not matter.
 */
import fs from 'node:fs/promises'
import path from 'node:path'

const isTable = (name: string): boolean => name.endsWith('.ldb') || name.endsWith('.sst')
/** LevelDB makes these anew. */
const isOwnOf = (name: string): boolean => name === 'LOCK' || name === 'LOG' || name === 'LOG.old'

/** Makes `to` a copy of the store in `from`, which no process has open; whatever was at `to` is gone. */
export async function copyStore(from: string, to: string): Promise<void> {
  await fs.rm(to, { recursive: true, force: true })
  await fs.mkdir(to, { recursive: true })
  for (const name of await fs.readdir(from)) {
    if (isOwnOf(name)) continue
    const source = path.join(from, name)
    const target = path.join(to, name)
    // Not every file system has hard links.
    const linked =
      isTable(name) &&
      (await fs.link(source, target).then(
        () => true,
        () => false,
      ))
    if (!linked) await fs.copyFile(source, target)
  }
}
