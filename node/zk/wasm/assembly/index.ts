/**
 * Poseidon2 over BabyBear, four words at a time: what `purePoseidon2` computes. Words are in Montgomery form, below p. Of the
 * memory below 1024 bytes the host fills the first 948 with the constants, in the order of `encodeConstants`.
 */

const P: u32 = 0x78000001
const P_INVERSE: u32 = 0x88000001
const VECTOR: usize = 16
const WIDTH_BYTES: usize = 96
const RATE_BYTES: usize = 64
const PARTIAL_ROUNDS: usize = 21

const FULL_AT: usize = 0
const SECOND_HALF_AT: usize = 4 * WIDTH_BYTES
const PARTIAL_AT: usize = 8 * WIDTH_BYTES
const DIAGONAL_AT: usize = PARTIAL_AT + 4 * PARTIAL_ROUNDS
/** The permutation's state: 24 words. The host reads digests here. */
export const STATE: usize = 1024
/** Where the host puts what is to be hashed, to the end of the first page. */
export const INPUT: usize = 2048

function add(a: v128, b: v128): v128 {
  const sum = i32x4.add(a, b)
  // Below p, less p is a large number.
  return i32x4.min_u(sum, i32x4.sub(sum, i32x4.splat(P)))
}

function mul(a: v128, b: v128): v128 {
  const p = i32x4.splat(P)
  const q = i32x4.mul(i32x4.mul(a, b), i32x4.splat(P_INVERSE))
  const high = v128.shuffle<u32>(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), 1, 3, 5, 7)
  const reduced = v128.shuffle<u32>(i64x2.extmul_low_i32x4_u(q, p), i64x2.extmul_high_i32x4_u(q, p), 1, 3, 5, 7)
  const difference = i32x4.sub(high, reduced)
  return i32x4.min_u(difference, i32x4.add(difference, p))
}

function power7(x: v128): v128 {
  const x2 = mul(x, x)
  return mul(mul(mul(x2, x2), x2), x)
}

function mulOne(a: u32, b: u32): u32 {
  const product = <u64>a * <u64>b
  const q = <u32>product * P_INVERSE
  const difference = <u32>(product >> 32) - <u32>((<u64>q * <u64>P) >> 32)
  return min(difference, difference + P)
}

function power7One(x: u32): u32 {
  const x2 = mulOne(x, x)
  return mulOne(mulOne(mulOne(x2, x2), x2), x)
}

function addOne(a: u32, b: u32): u32 {
  const sum = a + b
  return min(sum, sum - P)
}

/** The 4 x 4 matrix of the paper's appendix B. */
function mix4(x: v128): v128 {
  // a+b a+b c+d c+d
  const pairs = add(x, v128.shuffle<u32>(x, x, 1, 0, 3, 2))
  const odd = v128.shuffle<u32>(x, x, 1, 1, 3, 3)
  // t2 t2 t3 t3
  const crossed = add(add(odd, odd), v128.shuffle<u32>(pairs, pairs, 2, 3, 0, 1))
  const twice = add(pairs, pairs)
  // t5 t5 t4 t4
  const sums = add(add(twice, twice), crossed)
  // t3 0 t2 0
  const rest = v128.shuffle<u32>(crossed, i32x4.splat(0), 2, 4, 0, 4)
  return add(sums, rest)
}

function outerLayer(): void {
  let total = i32x4.splat(0)
  for (let at = STATE; at < STATE + WIDTH_BYTES; at += VECTOR) {
    const mixed = mix4(v128.load(at))
    v128.store(at, mixed)
    total = add(total, mixed)
  }
  for (let at = STATE; at < STATE + WIDTH_BYTES; at += VECTOR) v128.store(at, add(v128.load(at), total))
}

function fullRounds(from: usize): void {
  for (let round = from; round < from + 4 * WIDTH_BYTES; round += WIDTH_BYTES) {
    for (let i: usize = 0; i < WIDTH_BYTES; i += VECTOR) {
      v128.store(STATE + i, power7(add(v128.load(STATE + i), v128.load(round + i))))
    }
    outerLayer()
  }
}

function partialRounds(): void {
  let s0 = v128.load(STATE)
  let s1 = v128.load(STATE, 16)
  let s2 = v128.load(STATE, 32)
  let s3 = v128.load(STATE, 48)
  let s4 = v128.load(STATE, 64)
  let s5 = v128.load(STATE, 80)
  const d0 = v128.load(DIAGONAL_AT)
  const d1 = v128.load(DIAGONAL_AT, 16)
  const d2 = v128.load(DIAGONAL_AT, 32)
  const d3 = v128.load(DIAGONAL_AT, 48)
  const d4 = v128.load(DIAGONAL_AT, 64)
  const d5 = v128.load(DIAGONAL_AT, 80)
  for (let at = PARTIAL_AT; at < DIAGONAL_AT; at += 4) {
    const first = power7One(addOne(<u32>i32x4.extract_lane(s0, 0), load<u32>(at)))
    s0 = i32x4.replace_lane(s0, 0, first)
    let total = add(add(add(s0, s1), add(s2, s3)), add(s4, s5))
    total = add(total, v128.shuffle<u32>(total, total, 2, 3, 0, 1))
    total = add(total, v128.shuffle<u32>(total, total, 1, 0, 3, 2))
    s0 = add(total, mul(d0, s0))
    s1 = add(total, mul(d1, s1))
    s2 = add(total, mul(d2, s2))
    s3 = add(total, mul(d3, s3))
    s4 = add(total, mul(d4, s4))
    s5 = add(total, mul(d5, s5))
  }
  v128.store(STATE, s0)
  v128.store(STATE, s1, 16)
  v128.store(STATE, s2, 32)
  v128.store(STATE, s3, 48)
  v128.store(STATE, s4, 64)
  v128.store(STATE, s5, 80)
}

export function permute(): void {
  outerLayer()
  fullRounds(FULL_AT)
  partialRounds()
  fullRounds(SECOND_HALF_AT)
}

/** Takes `count` words from `INPUT` into the state; only the last call of a hash may have a count that 16 does not divide. */
export function absorb(count: u32): void {
  const bytes: usize = <usize>count * 4
  for (let at: usize = 0; at < bytes; at += RATE_BYTES) {
    const taken = min(RATE_BYTES, bytes - at)
    memory.fill(STATE, 0, RATE_BYTES)
    memory.copy(STATE, INPUT + at, taken)
    permute()
  }
}
