/**
 * Multiplication through workgroup memory.
 *
 *     columns of the block: local.x + across * j          j < columns
 *     rows of the block:    local.y * rows + i            i < rows
 *
 * Neighbours in x read neighbouring vectors of B, and one vector of A together: no bank is asked twice. An operand lies
 * in workgroup memory by 16-column steps, `tiledPitch` vectors apart, one vector of 16 int8 for each of its rows.
 *
 * The fold of a column is the XOR of its entries, each rotated by 13 bits for every row below it. So an invocation folds
 * its own rows, turns the result into place, and the 16 / rows invocations of a tile's column XOR theirs together.
 *
 * Grid: (n / block columns, band rows / block rows).
 */
import { blockOf, type TiledKernel, tiledPitch } from '../kernel.ts'
import { DOT_WGSL, dotRequires, lines, OPERANDS_WGSL } from './operands.ts'

/** Code to move one step of an operand into workgroup memory, in two halves, between which other work may stand. */
function transfer(operand: 'a' | 'b', rows: number, kernel: TiledKernel) {
  const { quads, across, down } = kernel
  const invocations = across * down
  const vectors = (rows * quads) / invocations
  const first = operand === 'a' ? 'firstRow' : 'firstColumn'
  const name = (l: number): string => `${operand}Next${l}`
  const row = (l: number): string => `(index + ${l * invocations}u) / ${quads}u`
  const quad = (l: number): string => `(index + ${l * invocations}u) % ${quads}u`
  return {
    declare: lines(vectors, (l) => `  var ${name(l)}: vec4u;`),
    fetch: (step: string): string =>
      lines(
        vectors,
        (l) => `    ${name(l)} = ${operand}[(${first} + ${row(l)}) * width + ${step} * ${quads}u + ${quad(l)}];`,
      ),
    store: lines(
      vectors,
      (l) => `    ${operand}Stage[${quad(l)} * ${tiledPitch(rows, quads)}u + ${row(l)}] = ${name(l)};`,
    ),
  }
}

/** The sums' part in one 16-column step. */
function multiply({ rows, columns, across, quads, down }: TiledKernel): string {
  const [pitchA, pitchB] = [tiledPitch(rows * down, quads), tiledPitch(columns * across, quads)]
  const column = (j: number): string => `
      let b${j} = bStage[q * ${pitchB}u + local.x + ${across * j}u];
${lines(rows, (i) => ['x', 'y', 'z', 'w'].map((c) => `      c${i}_${j} += dot4(a${i}.${c}, b${j}.${c});`).join('\n'))}`
  return `
    for (var q = 0u; q < ${quads}u; q++) {
${lines(rows, (i) => `      let a${i} = aStage[q * ${pitchA}u + local.y * ${rows}u + ${i}u];`)}
${lines(columns, column)}
    }`
}

/** Folds, and writes them. */
function fold(kernel: TiledKernel): string {
  const { rows, columns, across } = kernel
  const block = blockOf(kernel)
  const parts = 16 / rows
  const folded = lines(columns, (j) => {
    const chain = Array.from({ length: rows }, (_, i) => i).reduce(
      (code, i) => (i === 0 ? `bitcast<u32>(c0_${j})` : `(rotated(${code}, 13u) ^ bitcast<u32>(c${i}_${j}))`),
      '',
    )
    return `  var f${j} = rotated(${chain}, turn);`
  })
  const share = (j: number): string => `      partial[at + ${across * j}u] = f${j};`
  const join = (j: number): string =>
    Array.from(
      { length: parts - 1 },
      (_, p) => `    f${j} ^= partial[${(p * block.rows * block.columns) / 16}u + at + ${across * j}u];`,
    ).join('\n')
  const write = (j: number): string => `
    let column${j} = local.x + ${across * j}u;
    folds[(firstTile + column${j} / 16u) * 16u + column${j} % 16u] = f${j};`
  return `
  let part = local.y % ${parts}u;
  let turn = (${13 * rows}u * (${parts - 1}u - part)) % 32u;
${folded}
  let at = (local.y / ${parts}u) * ${block.columns}u + local.x;
  let firstTile = (firstRow / 16u + local.y / ${parts}u) * job.side + firstColumn / 16u;
${
  parts === 1
    ? ''
    : `  if (part < ${parts - 1}u) {
    let at = part * ${(block.rows * block.columns) / 16}u + at;
${lines(columns, share)}
  }
  workgroupBarrier();`
}
  if (part == ${parts - 1}u) {
${lines(columns, join)}
${lines(columns, write)}
  }`
}

export function tiledWgsl(kernel: TiledKernel): string {
  const { dot, across, down, rows, columns, quads, ahead } = kernel
  const block = blockOf(kernel)
  const a = transfer('a', block.rows, kernel)
  const b = transfer('b', block.columns, kernel)
  const fetch = (step: string): string => `${a.fetch(step)}\n${b.fetch(step)}`
  const partials = (16 / rows - 1) * (block.rows / 16) * block.columns
  return /* wgsl */ `${dotRequires(dot)}
${OPERANDS_WGSL}${DOT_WGSL[dot]}
var<workgroup> aStage: array<vec4u, ${quads * tiledPitch(block.rows, quads)}>;
var<workgroup> bStage: array<vec4u, ${quads * tiledPitch(block.columns, quads)}>;
${partials === 0 ? '' : `var<workgroup> partial: array<u32, ${partials}>;`}

@compute @workgroup_size(${across}, ${down})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  // Vectors in a row of a and b.
  let width = job.n / 16u;
  let steps = width / ${quads}u;
  let firstRow = band.firstRow + group.y * ${block.rows}u;
  let firstColumn = group.x * ${block.columns}u;
${lines(rows, (i) => Array.from({ length: columns }, (_, j) => `  var c${i}_${j} = 0i;`).join(' '))}
${a.declare}
${b.declare}
${ahead ? fetch('0u') : ''}
  for (var step = 0u; step < steps; step++) {
${ahead ? '' : fetch('step')}
    workgroupBarrier();
${a.store}
${b.store}
    workgroupBarrier();
${ahead ? `    let next = min(step + 1u, steps - 1u);\n${fetch('next')}` : ''}
${multiply(kernel)}
  }
${fold(kernel)}
}
`
}
