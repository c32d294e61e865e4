/**
 * The two hashes of the L1. SHA-256 for everything of our own, keccak256 only where Ethereum tools expect it.
 *
 * Each takes hash-wasm where WebAssembly is there and falls back to noble, which gives identical bytes: under
 * `node --jitless` the fallbacks decide the same blocks.
 */

import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Hash } from './bytes.ts'
import { concatBytes } from './bytes.ts'
import { DOMAIN_BYTES, type Domain } from './domains.ts'

type HashFunction = (data: Uint8Array) => Hash

/** The pure backends: the reference of every other one. */
export const pureHash = {
  keccak256: ((data) => keccak_256(data)) as HashFunction,
  sha256: ((data) => nobleSha256(data)) as HashFunction,
} as const

async function loadKeccak(): Promise<HashFunction> {
  try {
    const { createKeccak } = await import('hash-wasm')
    const hasher = await createKeccak(256)
    return (data) => hasher.init().update(data).digest('binary')
  } catch {
    return pureHash.keccak256
  }
}

async function loadSha256(): Promise<HashFunction> {
  try {
    const { createSHA256 } = await import('hash-wasm')
    const hasher = await createSHA256()
    return (data) => hasher.init().update(data).digest('binary')
  } catch {
    return pureHash.sha256
  }
}

const backends = { keccak256: await loadKeccak(), sha256: await loadSha256() }

/**
 * Tree nodes, table keys and most envelopes in their domains fit. Joined here, because arrays above 64 bytes live outside
 * the JavaScript heap, and making one costs as much as hashing it.
 */
const JOINED = new Uint8Array(1_024)
/** Its beginnings, by length: made once each. */
const BEGINNINGS: (Uint8Array | undefined)[] = []

/** SHA-256 of the concatenation of the parts. */
export function sha256(...parts: readonly Uint8Array[]): Hash {
  if (parts.length === 1) return backends.sha256(parts[0]!)
  let length = 0
  for (const part of parts) length += part.length
  if (length > JOINED.length) return backends.sha256(concatBytes(...parts))
  let at = 0
  for (const part of parts) {
    JOINED.set(part, at)
    at += part.length
  }
  const joined = BEGINNINGS[length] ?? JOINED.subarray(0, length)
  BEGINNINGS[length] = joined
  return backends.sha256(joined)
}

/** SHA-256 of `domain || parts`. Every hash of our own goes through here; the exemptions are named in domains.ts. */
export function domainHash(domain: Domain, ...parts: readonly Uint8Array[]): Hash {
  return sha256(DOMAIN_BYTES[domain], ...parts)
}

export const keccak256 = (data: Uint8Array): Hash => backends.keccak256(data)
