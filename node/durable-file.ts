/** Files that a crash leaves either old or new, whole. */
import { type FileHandle, open, rename } from 'node:fs/promises'
import path from 'node:path'

/**
 * Writes beside the file, then exchanges the two. Resolves when both the text and the exchange are on the disk. The file
 * is readable by its owner only.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  const fresh = `${file}.new`
  await synced(await open(fresh, 'w', 0o600), (handle) => handle.writeFile(text))
  await rename(fresh, file)
  // Windows has no handle of a folder to sync; its rename is journaled.
  if (process.platform !== 'win32') await synced(await open(path.dirname(file), 'r'), async () => undefined)
}

async function synced(handle: FileHandle, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await write(handle)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
