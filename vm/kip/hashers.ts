/**
 * The keyed hashes of the KIPs: BLAKE2b-256 keyed with an ASCII tag, BLAKE3 keyed with the tag padded with zeros to 32
 * bytes, and SHA-256 behind the hash of its tag. Each takes hash-wasm where WebAssembly is there, and falls back to noble,
 * which gives identical bytes.
 * Source: rusty-kaspa crypto/hashes; `kaspa_hashers.json` holds every tag used here to its digests.
 */
import { blake2b } from '@noble/hashes/blake2.js'
import { blake3 } from '@noble/hashes/blake3.js'
import { concatBytes, type Hash, utf8 } from '../../core/bytes.ts'
import { sha256 } from '../../core/hash.ts'

/** Hashes the concatenation of its parts. */
export type KeyedHash = (...parts: readonly Uint8Array[]) => Hash

const joined = (parts: readonly Uint8Array[]): Uint8Array => (parts.length === 1 ? parts[0]! : concatBytes(...parts))

const BLAKE3_KEY_BYTES = 32

function paddedKey(tag: string): Uint8Array {
  const key = new Uint8Array(BLAKE3_KEY_BYTES)
  key.set(utf8(tag))
  return key
}

/** The pure backends: the reference of the others. */
export const pureKeyed = {
  blake2b: (data: Uint8Array, key: Uint8Array | undefined): Hash =>
    blake2b(data, key === undefined ? { dkLen: 32 } : { dkLen: 32, key }),
  blake3: (data: Uint8Array, key: Uint8Array | undefined): Hash => blake3(data, key === undefined ? {} : { key }),
} as const

type Backend = (data: Uint8Array) => Hash

async function load(algorithm: 'blake2b' | 'blake3', key?: Uint8Array): Promise<Backend> {
  try {
    const { createBLAKE2b, createBLAKE3 } = await import('hash-wasm')
    const hasher = await (algorithm === 'blake2b' ? createBLAKE2b(256, key) : createBLAKE3(256, key))
    return (data) => hasher.init().update(data).digest('binary')
  } catch {
    return (data) => pureKeyed[algorithm](data, key)
  }
}

async function keyed(algorithm: 'blake2b' | 'blake3', tag: string): Promise<KeyedHash> {
  const backend = await load(algorithm, algorithm === 'blake2b' ? utf8(tag) : paddedKey(tag))
  return (...parts) => backend(joined(parts))
}

const plainBlake2b = await load('blake2b')
const plainBlake3 = await load('blake3')

/** BLAKE2b-256 without a key: script hashes. */
export const blake2b256: KeyedHash = (...parts) => plainBlake2b(joined(parts))
/** BLAKE3 without a key. */
export const blake3Hash: KeyedHash = (...parts) => plainBlake3(joined(parts))

/** SHA-256 behind the hash of a tag, as signature hashes for ECDSA have it. */
const sha256Tagged = (tag: string): KeyedHash => {
  const prefix = sha256(utf8(tag))
  return (...parts) => sha256(prefix, ...parts)
}

/** By their tags. */
export const BLAKE2B = {
  TransactionHash: await keyed('blake2b', 'TransactionHash'),
  TransactionID: await keyed('blake2b', 'TransactionID'),
  TransactionSigningHash: await keyed('blake2b', 'TransactionSigningHash'),
  CovenantID: await keyed('blake2b', 'CovenantID'),
  BlockHash: await keyed('blake2b', 'BlockHash'),
  MerkleBranchHash: await keyed('blake2b', 'MerkleBranchHash'),
} as const

export const BLAKE3 = {
  TransactionV1Id: await keyed('blake3', 'TransactionV1Id'),
  PayloadDigest: await keyed('blake3', 'PayloadDigest'),
  TransactionRest: await keyed('blake3', 'TransactionRest'),
  SeqCommitLaneKey: await keyed('blake3', 'SeqCommitLaneKey'),
  SeqCommitMergesetContext: await keyed('blake3', 'SeqCommitMergesetContext'),
  SeqCommitActivityLeaf: await keyed('blake3', 'SeqCommitActivityLeaf'),
  SeqCommitmentMerkleBranchHash: await keyed('blake3', 'SeqCommitmentMerkleBranchHash'),
  SeqCommitLaneTip: await keyed('blake3', 'SeqCommitLaneTip'),
  SeqCommitActiveLeaf: await keyed('blake3', 'SeqCommitActiveLeaf'),
  SeqCommitActiveNode: await keyed('blake3', 'SeqCommitActiveNode'),
  SeqCommitActiveCollapsedNode: await keyed('blake3', 'SeqCommitActiveCollapsedNode'),
  SeqCommitMinerPayloadLeaf: await keyed('blake3', 'SeqCommitMinerPayloadLeaf'),
  SeqCommitActivityRoot: await keyed('blake3', 'SeqCommitActivityRoot'),
} as const

export const SHA256_TAGGED = {
  TransactionSigningHashECDSA: sha256Tagged('TransactionSigningHashECDSA'),
} as const
