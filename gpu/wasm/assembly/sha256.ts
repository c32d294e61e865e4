/**
 * The SHA-256 compression function (FIPS 180-4, section 6.2.2) on four messages at once: lane l of every vector belongs to
 * message l. States are eight vectors, 128 bytes; schedules 64 vectors, of which the caller fills the first 16.
 */

export const STATE_BYTES: u32 = 128
export const SCHEDULE_BYTES: u32 = 1024

const K = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
])

const INITIAL = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
])

function rotr(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(x, bits), i32x4.shl(x, 32 - bits))
}

function xor3(x: v128, y: v128, z: v128): v128 {
  return v128.xor(v128.xor(x, y), z)
}

/** T1 without the schedule's word: h + S1(e) + Ch(e, f, g). */
function first(e: v128, f: v128, g: v128, h: v128): v128 {
  const choice = v128.xor(g, v128.and(e, v128.xor(f, g)))
  return i32x4.add(i32x4.add(h, xor3(rotr(e, 6), rotr(e, 11), rotr(e, 25))), choice)
}

/** T2: S0(a) + Maj(a, b, c). */
function second(a: v128, b: v128, c: v128): v128 {
  const majority = v128.or(v128.and(a, b), v128.and(c, v128.or(a, b)))
  return i32x4.add(xor3(rotr(a, 2), rotr(a, 13), rotr(a, 22)), majority)
}

function keyed(schedule: usize, round: usize, step: usize): v128 {
  return i32x4.add(v128.load(schedule + 16 * (round + step)), v128.load32_splat(K + 4 * (round + step)))
}

export function initialState(state: usize): void {
  for (let i: usize = 0; i < 8; i++) v128.store(state + 16 * i, v128.load32_splat(INITIAL + 4 * i))
}

function expandSchedule(w: usize): void {
  for (const end = w + 48 * 16; w < end; w += 16) {
    const w1 = v128.load(w, 16)
    const w14 = v128.load(w, 224)
    const s0 = xor3(rotr(w1, 7), rotr(w1, 18), i32x4.shr_u(w1, 3))
    const s1 = xor3(rotr(w14, 17), rotr(w14, 19), i32x4.shr_u(w14, 10))
    v128.store(w, i32x4.add(i32x4.add(v128.load(w), s0), i32x4.add(v128.load(w, 144), s1)), 256)
  }
}

export function compress(state: usize, schedule: usize): void {
  expandSchedule(schedule)
  let a = v128.load(state)
  let b = v128.load(state, 16)
  let c = v128.load(state, 32)
  let d = v128.load(state, 48)
  let e = v128.load(state, 64)
  let f = v128.load(state, 80)
  let g = v128.load(state, 96)
  let h = v128.load(state, 112)
  // Eight rounds bring every name back to its place.
  for (let round: usize = 0; round < 64; round += 8) {
    h = i32x4.add(first(e, f, g, h), keyed(schedule, round, 0))
    d = i32x4.add(d, h)
    h = i32x4.add(h, second(a, b, c))
    g = i32x4.add(first(d, e, f, g), keyed(schedule, round, 1))
    c = i32x4.add(c, g)
    g = i32x4.add(g, second(h, a, b))
    f = i32x4.add(first(c, d, e, f), keyed(schedule, round, 2))
    b = i32x4.add(b, f)
    f = i32x4.add(f, second(g, h, a))
    e = i32x4.add(first(b, c, d, e), keyed(schedule, round, 3))
    a = i32x4.add(a, e)
    e = i32x4.add(e, second(f, g, h))
    d = i32x4.add(first(a, b, c, d), keyed(schedule, round, 4))
    h = i32x4.add(h, d)
    d = i32x4.add(d, second(e, f, g))
    c = i32x4.add(first(h, a, b, c), keyed(schedule, round, 5))
    g = i32x4.add(g, c)
    c = i32x4.add(c, second(d, e, f))
    b = i32x4.add(first(g, h, a, b), keyed(schedule, round, 6))
    f = i32x4.add(f, b)
    b = i32x4.add(b, second(c, d, e))
    a = i32x4.add(first(f, g, h, a), keyed(schedule, round, 7))
    e = i32x4.add(e, a)
    a = i32x4.add(a, second(b, c, d))
  }
  v128.store(state, i32x4.add(v128.load(state), a))
  v128.store(state, i32x4.add(v128.load(state, 16), b), 16)
  v128.store(state, i32x4.add(v128.load(state, 32), c), 32)
  v128.store(state, i32x4.add(v128.load(state, 48), d), 48)
  v128.store(state, i32x4.add(v128.load(state, 64), e), 64)
  v128.store(state, i32x4.add(v128.load(state, 80), f), 80)
  v128.store(state, i32x4.add(v128.load(state, 96), g), 96)
  v128.store(state, i32x4.add(v128.load(state, 112), h), 112)
}
