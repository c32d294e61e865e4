/**
 * The two hashes of the tree. The inputs are 65 and 67 bytes, which batch hashers of 64-byte nodes cannot take, so this
 * is the one place where a WebAssembly SHA-256 hashes one message at a time; noble is the fallback and the reference.
 */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import type { Hash } from '../bytes.ts'

type Sha256 = (data: Uint8Array) => Hash

async function loadSha256(): Promise<Sha256> {
  try {
    const { createSHA256 } = await import('hash-wasm')
    const hasher = await createSHA256()
    return (data) => hasher.init().update(data).digest('binary')
  } catch {
    return nobleSha256
  }
}

interface TreeHashes {
  /** SHA256(01 || key || valueHash). */
  readonly hashLeaf: (key: Hash, valueHash: Hash) => Hash
  /** SHA256(02 || kindLeft || kindRight || hashLeft || hashRight). */
  readonly hashInternal: (kindLeft: number, kindRight: number, hashLeft: Hash, hashRight: Hash) => Hash
}

function treeHashes(sha256: Sha256): TreeHashes {
  // Written anew before each hash; hashing is synchronous and keeps no reference.
  const leafInput = new Uint8Array(65)
  const internalInput = new Uint8Array(67)
  leafInput[0] = 1
  internalInput[0] = 2
  return {
    hashLeaf: (key, valueHash) => {
      leafInput.set(key, 1)
      leafInput.set(valueHash, 33)
      return sha256(leafInput)
    },
    hashInternal: (kindLeft, kindRight, hashLeft, hashRight) => {
      internalInput[1] = kindLeft
      internalInput[2] = kindRight
      internalInput.set(hashLeft, 3)
      internalInput.set(hashRight, 35)
      return sha256(internalInput)
    },
  }
}

/** The pure backend: the reference of the fast one. */
export const pureTreeHashes: TreeHashes = treeHashes(nobleSha256)

export const { hashLeaf, hashInternal } = treeHashes(await loadSha256())
