/**
 * Draws A and B's transpose: one invocation is one ChaCha20 block, 64 bytes of one of them (RFC 8439, section 2.3; PROTOCOL
 * 6.2). The keystream's bytes are the matrix's bytes, so its little-endian words are the packed int8 words, four columns
 * each, that the multiplication reads.
 *
 * Grid: (n^2 / 64 / 64, 2); y chooses the matrix.
 */
import { JOB_WGSL } from './job.ts'

const INVOCATIONS = 64
const BLOCK_BYTES = 64

export const drawGroups = (n: number): readonly [number, number] => [(n * n) / BLOCK_BYTES / INVOCATIONS, 2]

export const DRAW_WGSL = /* wgsl */ `${JOB_WGSL}
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read_write> a: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> b: array<vec4u>;

fn rotated(x: vec4u, bits: u32) -> vec4u {
  return (x << vec4u(bits)) | (x >> vec4u(32u - bits));
}

struct State { r0: vec4u, r1: vec4u, r2: vec4u, r3: vec4u }

// Four quarter rounds side by side, one in each lane.
fn quarters(state: State) -> State {
  var s = state;
  s.r0 += s.r1; s.r3 = rotated(s.r3 ^ s.r0, 16u);
  s.r2 += s.r3; s.r1 = rotated(s.r1 ^ s.r2, 12u);
  s.r0 += s.r1; s.r3 = rotated(s.r3 ^ s.r0, 8u);
  s.r2 += s.r3; s.r1 = rotated(s.r1 ^ s.r2, 7u);
  return s;
}

@compute @workgroup_size(${INVOCATIONS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let columns = id.y == 1u;
  let first = State(
    vec4u(0x61707865u, 0x3320646eu, 0x79622d32u, 0x6b206574u),
    select(job.keyA[0], job.keyB[0], columns),
    select(job.keyA[1], job.keyB[1], columns),
    // The block counter; its high word is 0 at every n, and so is the nonce.
    vec4u(id.x, 0u, 0u, 0u),
  );
  var s = first;
  for (var round = 0u; round < 10u; round++) {
    s = quarters(s);
    s = quarters(State(s.r0, s.r1.yzwx, s.r2.zwxy, s.r3.wxyz));
    s = State(s.r0, s.r1.wxyz, s.r2.zwxy, s.r3.yzwx);
  }
  let at = 4u * id.x;
  if (columns) {
    b[at] = s.r0 + first.r0; b[at + 1u] = s.r1 + first.r1; b[at + 2u] = s.r2 + first.r2; b[at + 3u] = s.r3 + first.r3;
  } else {
    a[at] = s.r0 + first.r0; a[at + 1u] = s.r1 + first.r1; a[at + 2u] = s.r2 + first.r2; a[at + 3u] = s.r3 + first.r3;
  }
}
`
