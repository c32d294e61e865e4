/**
 * SHA-256's state in the middle of a message (FIPS 180-4, section 6.2.2): tickets of one attempt share their first block,
 * so it is compressed once, here, and the device goes on from there.
 */
import { assert } from '../../core/errors.ts'

const BLOCK_BYTES = 64

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
export const SHA256_K: Uint32Array = Uint32Array.from([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
])

const INITIAL: Eight = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]

type Eight = readonly [number, number, number, number, number, number, number, number]

const rotr = (x: number, bits: number): number => (x >>> bits) | (x << (32 - bits))

function schedule(block: Uint8Array): Int32Array {
  const view = new DataView(block.buffer, block.byteOffset, BLOCK_BYTES)
  const w = new Int32Array(64)
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(4 * i)
  for (let i = 16; i < 64; i++) {
    const w15 = w[i - 15]!
    const w2 = w[i - 2]!
    const s0 = rotr(w15, 7) ^ rotr(w15, 18) ^ (w15 >>> 3)
    const s1 = rotr(w2, 17) ^ rotr(w2, 19) ^ (w2 >>> 10)
    w[i] = w[i - 16]! + s0 + w[i - 7]! + s1
  }
  return w
}

/** The eight words of the state after `block`, the first 64 bytes of a message. */
export function midstate(block: Uint8Array): Uint32Array {
  assert(block.length === BLOCK_BYTES, 'a block has 64 bytes', { length: block.length })
  const w = schedule(block)
  let [a, b, c, d, e, f, g, h]: Eight = INITIAL
  for (let i = 0; i < 64; i++) {
    const t1 = (h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + SHA256_K[i]! + w[i]!) | 0
    const t2 = ((rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  return Uint32Array.of(a, b, c, d, e, f, g, h).map((word, i) => word + INITIAL[i]!)
}
