/**
 * The two hashes of the tree. The inputs are 65 and 67 bytes, which batch hashers of 64-byte nodes cannot take, so they are
 * hashed one at a time.
 */
import type { Hash } from '../bytes.ts'
import { pureHash, sha256 } from '../hash.ts'

type Sha256 = (data: Uint8Array) => Hash

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
export const pureTreeHashes: TreeHashes = treeHashes(pureHash.sha256)

export const { hashLeaf, hashInternal } = treeHashes(sha256)
