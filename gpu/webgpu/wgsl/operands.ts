/** What the three ways to multiply have in common: their bindings, four int8 products at a time, and the fold's rotation. */
import type { DotProduct } from '../kernel.ts'
import { JOB_WGSL } from './job.ts'

/** `lines(3, (i) => ...)`: code for each i, in place of loops over registers, which have no index. */
export const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')

export const OPERANDS_WGSL = /* wgsl */ `${JOB_WGSL}
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<uniform> band: Band;
// n rows of n int8, 16 in a vector; b is B's transpose.
@group(0) @binding(2) var<storage, read> a: array<vec4u>;
@group(0) @binding(3) var<storage, read> b: array<vec4u>;
// 16 words for each tile.
@group(0) @binding(4) var<storage, read_write> folds: array<u32>;

fn rotated(x: u32, bits: u32) -> u32 {
  return (x << (bits & 31u)) | (x >> ((32u - bits) & 31u));
}
`

/** `dot4(x, y)`: the sum of the products of four int8. */
export const DOT_WGSL: Readonly<Record<DotProduct, string>> = {
  packed: /* wgsl */ `
fn dot4(x: u32, y: u32) -> i32 { return dot4I8Packed(x, y); }
`,
  unpacked: /* wgsl */ `
fn bytes(x: u32) -> vec4i {
  let s = bitcast<i32>(x);
  return vec4i(extractBits(s, 0u, 8u), extractBits(s, 8u, 8u), extractBits(s, 16u, 8u), extractBits(s, 24u, 8u));
}
fn dot4(x: u32, y: u32) -> i32 { return dot(bytes(x), bytes(y)); }
`,
}

export const dotRequires = (dot: DotProduct): string =>
  dot === 'packed' ? 'requires packed_4x8_integer_dot_product;' : ''
