/**
 * Multiplication within a subgroup: no workgroup memory and no barriers. Each lane holds `columns` columns of the block,
 *
 *     columns of the block: lane + lanes * j              j < columns
 *
 * and the 16 rows of A are spread over the lanes, which pass them round. A lane has whole columns of its tiles, so it folds
 * them alone. A workgroup is one subgroup.
 *
 * Grid: (n / block columns, band rows / 16).
 */
import { blockOf, type SubgroupKernel } from '../kernel.ts'
import { DOT_WGSL, dotRequires, lines, OPERANDS_WGSL } from './operands.ts'

const ROWS = 16

export function subgroupWgsl(kernel: SubgroupKernel): string {
  const { dot, lanes, columns } = kernel
  const held = Math.max(1, ROWS / lanes)
  const row = (i: number): string => `
    let a${i} = subgroupBroadcast(held${Math.floor(i / lanes)}, ${i % lanes}u);
${lines(columns, (j) => ['x', 'y', 'z', 'w'].map((c) => `    c${i}_${j} += dot4(a${i}.${c}, b${j}.${c});`).join('\n'))}`
  const fold = (j: number): string => `
  var f${j} = 0u;
${lines(ROWS, (i) => `  f${j} = rotated(f${j}, 13u) ^ bitcast<u32>(c${i}_${j});`)}
  let column${j} = firstColumn + lane + ${lanes * j}u;
  folds[(firstTile + column${j} / 16u) * 16u + column${j} % 16u] = f${j};`
  return /* wgsl */ `enable subgroups;
${dotRequires(dot)}
${OPERANDS_WGSL}${DOT_WGSL[dot]}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  // Vectors in a row of a and b.
  let width = job.n / 16u;
  let firstRow = band.firstRow + group.y * ${ROWS}u;
  let firstColumn = group.x * ${blockOf(kernel).columns}u;
${lines(ROWS, (i) => Array.from({ length: columns }, (_, j) => `  var c${i}_${j} = 0i;`).join(' '))}
  for (var q = 0u; q < width; q++) {
${lines(held, (h) => `    let held${h} = a[(firstRow + (lane + ${h * lanes}u) % ${ROWS}u) * width + q];`)}
${lines(columns, (j) => `    let b${j} = b[(firstColumn + lane + ${lanes * j}u) * width + q];`)}
${lines(ROWS, row)}
  }
  let firstTile = (firstRow / 16u) * job.side;
${lines(columns, fold)}
}
`
}
