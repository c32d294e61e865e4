/**
 * What another node needs to join a devnet, beside its plan in its data folder:
 *
 *     genesis.json    the chain, for `quern init --genesis`
 *     multiaddrs      where its nodes listen, one a line; written anew at every start
 */
import path from 'node:path'
import type { DevNode } from '../node/api.ts'
import { genesisText } from '../node/config/genesis-file.ts'
import { replaceFile } from '../node/durable-file.ts'
import type { Genesis } from '../vm/genesis.ts'
import type { DevnetDirectory } from './directory.ts'

export async function writeJoining(
  { path: folder, isTemporary }: DevnetDirectory,
  genesis: Genesis,
  nodes: readonly DevNode[],
): Promise<void> {
  if (isTemporary) return
  await replaceFile(path.join(folder, 'genesis.json'), genesisText(genesis))
  await replaceFile(path.join(folder, 'multiaddrs'), nodes.map(({ multiaddr }) => `${multiaddr}\n`).join(''))
}
