/**
 * Multiplication by subgroup matrices, which is what WGSL calls tensor cores; experimental, in Chromium's Dawn alone
 * (docs/dawn/features/subgroup_matrix.md there). Operands lie in workgroup memory row by row, `matrixPitch` vectors of 16
 * int8 apart; offsets and strides of a load count the array's elements, which are those vectors. B's transpose, read by
 * columns, is B.
 *
 * Each subgroup computes rows x columns result matrices. Their entries are spread over the lanes in an order of the
 * driver's own, so every 16 x 16 tile passes through workgroup memory once more, where a lane takes a column and folds it.
 *
 * Grid: (n / block columns, band rows / block rows).
 */
import { blockOf, type MatrixKernel, matrixPitch } from '../kernel.ts'
import { lines, OPERANDS_WGSL } from './operands.ts'

const TILE = 16
const TILE_ENTRIES = TILE * TILE

/** One step of an operand into workgroup memory. */
function stage(operand: 'a' | 'b', rows: number, kernel: MatrixKernel): string {
  const vectors = matrixPitch(kernel) - 1
  const invocations = kernel.lanes * kernel.across * kernel.down
  const first = operand === 'a' ? 'firstRow' : 'firstColumn'
  return `
    for (var v = index; v < ${rows * vectors}u; v += ${invocations}u) {
      ${operand}Stage[(v / ${vectors}u) * ${matrixPitch(kernel)}u + v % ${vectors}u] =
        ${operand}[(${first} + v / ${vectors}u) * width + step * ${vectors}u + v % ${vectors}u];
    }`
}

function multiply(kernel: MatrixKernel): string {
  const { shape, rows, columns, steps } = kernel
  const { m, n, k } = shape
  const pitch = matrixPitch(kernel)
  const load = (s: number): string => `
${lines(
  rows,
  (i) => `    let left${s}_${i} = subgroupMatrixLoad<subgroup_matrix_left<i8, ${k}, ${m}>, row_major>(
      &aStage, (subRow + ${i * m}u) * ${pitch}u + ${(s * k) / 16}u, ${pitch}u);`,
)}
${lines(
  columns,
  (j) => `    let right${s}_${j} = subgroupMatrixLoad<subgroup_matrix_right<i8, ${n}, ${k}>, col_major>(
      &bStage, (subColumn + ${j * n}u) * ${pitch}u + ${(s * k) / 16}u, ${pitch}u);`,
)}
${lines(rows, (i) =>
  lines(
    columns,
    (j) => `    c${i}_${j} = subgroupMatrixMultiplyAccumulate(left${s}_${i}, right${s}_${j}, c${i}_${j});`,
  ),
)}`
  return lines(steps, load)
}

/** Folds tile (tileRow, tileColumn) of the subgroup's block. */
function fold({ shape, lanes }: MatrixKernel, tileRow: number, tileColumn: number): string {
  const [perRow, perColumn] = [TILE / shape.m, TILE / shape.n]
  const store = (y: number, x: number): string =>
    `  subgroupMatrixStore<row_major>(&tiles, own + ${y * shape.m * TILE + x * shape.n}u, ` +
    `c${tileRow * perRow + y}_${tileColumn * perColumn + x}, ${TILE}u);`
  return `
${lines(perRow, (y) => lines(perColumn, (x) => store(y, x)))}
  workgroupBarrier();
  for (var column = lane; column < ${TILE}u; column += ${lanes}u) {
    var f = 0u;
    for (var i = 0u; i < ${TILE}u; i++) { f = rotated(f, 13u) ^ bitcast<u32>(tiles[own + i * ${TILE}u + column]); }
    folds[(firstTile + ${tileRow}u * job.side + ${tileColumn}u) * 16u + column] = f;
  }
  workgroupBarrier();`
}

export function matrixWgsl(kernel: MatrixKernel): string {
  const { shape, lanes, across, down, rows, columns, steps } = kernel
  const block = blockOf(kernel)
  const [subRows, subColumns] = [rows * shape.m, columns * shape.n]
  return /* wgsl */ `enable subgroups;
enable chromium_experimental_subgroup_matrix;
// Which subgroup it is decides on offsets, the same for all of its lanes.
diagnostic(off, chromium.subgroup_matrix_uniformity);
${OPERANDS_WGSL}
var<workgroup> aStage: array<vec4u, ${block.rows * matrixPitch(kernel)}>;
var<workgroup> bStage: array<vec4u, ${block.columns * matrixPitch(kernel)}>;
var<workgroup> tiles: array<i32, ${TILE_ENTRIES * across * down}>;

@compute @workgroup_size(${lanes * across * down})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) index: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  // Vectors in a row of a and b.
  let width = job.n / 16u;
  let steps = job.n / ${shape.k * steps}u;
  let firstRow = band.firstRow + group.y * ${block.rows}u;
  let firstColumn = group.x * ${block.columns}u;
  let subRow = (subgroup / ${across}u) * ${subRows}u;
  let subColumn = (subgroup % ${across}u) * ${subColumns}u;
${lines(rows, (i) => lines(columns, (j) => `  var c${i}_${j}: subgroup_matrix_result<i32, ${shape.n}, ${shape.m}>;`))}
  for (var step = 0u; step < steps; step++) {
${stage('a', block.rows, kernel)}
${stage('b', block.columns, kernel)}
    workgroupBarrier();
${multiply(kernel)}
    workgroupBarrier();
  }
  let own = subgroup * ${TILE_ENTRIES}u;
  let firstTile = ((firstRow + subRow) / 16u) * job.side + (firstColumn + subColumn) / 16u;
${lines(subRows / TILE, (y) => lines(subColumns / TILE, (x) => fold(kernel, y, x)))}
}
`
}
