/**
 * Tickets: one invocation hashes one tile's fold, compares and, where it wins, appends it to the winners. PROTOCOL 6.2.
 *
 * The message has 131 bytes. The first 64, up to the top byte of t, are the same for a whole attempt: the job holds their
 * state. The rest are two blocks, where every word is a byte of one fold word and three of the next:
 *
 *     t1 t2 t3 f0[0] | f0[1] f0[2] f0[3] f1[0] | ... | f15[1] f15[2] f15[3] 80 | 0 ... 0 | 1048
 *
 * The counter of winners counts on beyond the capacity: then the host knows how many there are and plays once more.
 *
 * Grid: (tiles of the band / 64, rounded up).
 */
import { JOB_WGSL, WIN_WORDS } from './job.ts'

const INVOCATIONS = 64
const MESSAGE_BITS = 131 * 8

export const ticketGroups = (tiles: number): number => Math.ceil(tiles / INVOCATIONS)

const sixteen = (line: (i: number) => string): string => Array.from({ length: 16 }, (_, i) => line(i)).join('\n')

/** Word i of the schedule for the next sixteen rounds, over the word sixteen rounds older. */
const expand = (i: number): string =>
  `    w${i} += small0(w${(i + 1) % 16}) + w${(i + 9) % 16} + small1(w${(i + 14) % 16});`

/** A round: instead of moving eight values on by one, their names move. */
function round(i: number): string {
  const name = (at: number): string => 'abcdefgh'[(at - i + 16) % 8]!
  const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(name)
  return `    ${h} += big1(${e}) + (${g} ^ (${e} & (${f} ^ ${g}))) + job.k[4u * r + ${i >> 2}u].${'xyzw'[i & 3]} + w${i};
    ${d} += ${h};
    ${h} += big0(${a}) + ((${a} & ${b}) | (${c} & (${a} | ${b})));`
}

const WORD_ARGUMENTS = Array.from({ length: 16 }, (_, i) => `x${i}: u32`).join(', ')

const COMPRESS = /* wgsl */ `
fn big0(x: u32) -> u32 { return rotr(x, 2u) ^ rotr(x, 13u) ^ rotr(x, 22u); }
fn big1(x: u32) -> u32 { return rotr(x, 6u) ^ rotr(x, 11u) ^ rotr(x, 25u); }
fn small0(x: u32) -> u32 { return rotr(x, 7u) ^ rotr(x, 18u) ^ (x >> 3u); }
fn small1(x: u32) -> u32 { return rotr(x, 17u) ^ rotr(x, 19u) ^ (x >> 10u); }
fn rotr(x: u32, bits: u32) -> u32 { return (x >> bits) | (x << (32u - bits)); }

struct Hash { high: vec4u, low: vec4u }

// FIPS 180-4, section 6.2.2. The schedule stays in sixteen registers.
fn compress(state: Hash, ${WORD_ARGUMENTS}) -> Hash {
${sixteen((i) => `  var w${i} = x${i};`)}
  var a = state.high.x; var b = state.high.y; var c = state.high.z; var d = state.high.w;
  var e = state.low.x; var f = state.low.y; var g = state.low.z; var h = state.low.w;
  for (var r = 0u; r < 4u; r++) {
    if (r > 0u) {
${sixteen(expand)}
    }
${sixteen(round)}
  }
  return Hash(state.high + vec4u(a, b, c, d), state.low + vec4u(e, f, g, h));
}
`

export const TICKET_WGSL = /* wgsl */ `${JOB_WGSL}${COMPRESS}
struct Wins { count: atomic<u32>, words: array<u32> }

@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<uniform> band: Band;
@group(0) @binding(2) var<storage, read> folds: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> wins: Wins;

fn swapped(x: vec4u) -> vec4u {
  let halves = (x << vec4u(16u)) | (x >> vec4u(16u));
  return ((halves & vec4u(0x00ff00ffu)) << vec4u(8u)) | ((halves >> vec4u(8u)) & vec4u(0x00ff00ffu));
}

fn joined(before: u32, word: u32) -> u32 { return (before << 8u) | (word >> 24u); }

// -1, 0 or 1.
fn ordered(x: vec4u, y: vec4u) -> i32 {
  for (var i = 0u; i < 4u; i++) {
    if (x[i] != y[i]) { return select(1, -1, x[i] < y[i]); }
  }
  return 0;
}

fn isUnder(ticket: Hash) -> bool {
  let order = ordered(ticket.high, job.limit[0]);
  return order < 0 || (order == 0 && ordered(ticket.low, job.limit[1]) < 0);
}

@compute @workgroup_size(${INVOCATIONS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= band.tiles) { return; }
  let tile = band.firstTile + id.x;
  let f0 = swapped(folds[4u * tile]);
  let f1 = swapped(folds[4u * tile + 1u]);
  let f2 = swapped(folds[4u * tile + 2u]);
  let f3 = swapped(folds[4u * tile + 3u]);
  var ticket = compress(Hash(job.midstate[0], job.midstate[1]),
    joined(tile, f0.x), joined(f0.x, f0.y), joined(f0.y, f0.z), joined(f0.z, f0.w),
    joined(f0.w, f1.x), joined(f1.x, f1.y), joined(f1.y, f1.z), joined(f1.z, f1.w),
    joined(f1.w, f2.x), joined(f2.x, f2.y), joined(f2.y, f2.z), joined(f2.z, f2.w),
    joined(f2.w, f3.x), joined(f3.x, f3.y), joined(f3.y, f3.z), joined(f3.z, f3.w));
  ticket = compress(ticket, (f3.w << 8u) | 0x80u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, ${MESSAGE_BITS}u);
  if (!isUnder(ticket)) { return; }
  let slot = atomicAdd(&wins.count, 1u);
  if (slot >= job.capacity) { return; }
  let at = ${WIN_WORDS}u * slot;
  wins.words[at] = tile;
  for (var i = 0u; i < 4u; i++) {
    wins.words[at + 1u + i] = ticket.high[i];
    wins.words[at + 5u + i] = ticket.low[i];
  }
}
`
