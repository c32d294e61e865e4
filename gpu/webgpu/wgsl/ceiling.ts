/**
 * How fast the device multiplies int8 at all: chains of packed dot products in registers, with no memory behind them. What a
 * whole attempt reaches is measured against it.
 */
import type { DotProduct } from '../kernel.ts'
import { DOT_WGSL, dotRequires, lines } from './operands.ts'

const INVOCATIONS = 256
/** Independent sums of an invocation: enough to cover the latency of one dot product. */
const SUMS = 32
/** One turn of the loop: a dot product for each sum. */
const TURNS = 4_096

/** Multiply-accumulates of one workgroup. */
export const CEILING_GROUP_MACS = INVOCATIONS * SUMS * TURNS * 4

export const ceilingWgsl = (dot: DotProduct): string => /* wgsl */ `${dotRequires(dot)}
${DOT_WGSL[dot]}
@group(0) @binding(0) var<storage, read_write> out: array<i32>;

@compute @workgroup_size(${INVOCATIONS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  var y = id.x * 0x9e3779b9u;
${lines(SUMS, (i) => `  var s${i} = 0i; let x${i} = (id.x + ${i}u) * 0x85ebca6bu;`)}
  for (var turn = 0u; turn < ${TURNS}u; turn++) {
${lines(SUMS, (i) => `    s${i} += dot4(x${i}, y);`)}
    // Changes every operand: nothing of the next turn is known before.
    y += 0x01030507u;
  }
  out[id.x] = ${Array.from({ length: SUMS }, (_, i) => `s${i}`).join(' ^ ')};
}
`
