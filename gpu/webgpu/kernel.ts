/**
 * The kernels that multiply and fold, as data: which way of multiplying, and in tiles of which shape. Which of them is the
 * fastest on a device nobody knows beforehand, so `tune.ts` tries them; what they are made of stands in `wgsl/`.
 *
 * Every kernel does the same: a workgroup computes a block of the product and leaves the fold of each of its 16 x 16 tiles.
 * The product itself is never stored.
 */

/** Words of four int8 each: by the language's packed dot product, or taken apart where it has none. */
export type DotProduct = 'packed' | 'unpacked'

/** Blocks of A and B go through workgroup memory, and each invocation keeps `rows` x `columns` sums in registers. */
export interface TiledKernel {
  readonly kind: 'tiled'
  readonly dot: DotProduct
  /** Invocations along the columns and the rows of the block. */
  readonly across: number
  readonly down: number
  /** Sums of one invocation. Rows divide 16, and those of one invocation are neighbours. */
  readonly rows: number
  readonly columns: number
  /** Columns of A (rows of B) in workgroup memory at a time, in 16s. */
  readonly quads: number
  /** Fetches the next step's operands before it multiplies this one's: hides latency, takes registers. */
  readonly ahead: boolean
}

/** No workgroup memory: the lanes of one subgroup hold columns of B, and pass each other the rows of A. */
export interface SubgroupKernel {
  readonly kind: 'subgroup'
  readonly dot: DotProduct
  /** Lanes of a subgroup. */
  readonly lanes: number
  /** Columns of each lane. */
  readonly columns: number
}

/** A shape the device multiplies in one instruction of a subgroup: (m x k) (k x n), int8 into int32. */
export interface MatrixShape {
  readonly m: number
  readonly n: number
  readonly k: number
}

/** Tensor cores, by the experimental subgroup matrices of Chromium. */
export interface MatrixKernel {
  readonly kind: 'matrix'
  readonly shape: MatrixShape
  readonly lanes: number
  /** Subgroups along the columns and the rows of the block. */
  readonly across: number
  readonly down: number
  /** Result matrices of one subgroup. */
  readonly rows: number
  readonly columns: number
  /** Multiplications along k between two barriers. */
  readonly steps: number
}

export type Kernel = TiledKernel | SubgroupKernel | MatrixKernel

/** What a device can do, as far as kernels ask. */
export interface Capabilities {
  readonly dot: DotProduct
  /** Lanes of every subgroup; undefined where there are none, or where their number varies. */
  readonly subgroupLanes: number | undefined
  /** Shapes for int8 into int32, where the device lists them. */
  readonly matrixShapes: readonly MatrixShape[]
  readonly workgroupBytes: number
  readonly workgroupInvocations: number
}

/** Rows and columns of the product that one workgroup computes. */
export function blockOf(kernel: Kernel): { readonly rows: number; readonly columns: number } {
  switch (kernel.kind) {
    case 'tiled':
      return { rows: kernel.down * kernel.rows, columns: kernel.across * kernel.columns }
    case 'subgroup':
      return { rows: 16, columns: kernel.lanes * kernel.columns }
    case 'matrix':
      return {
        rows: kernel.down * kernel.rows * kernel.shape.m,
        columns: kernel.across * kernel.columns * kernel.shape.n,
      }
  }
}

const invocationsOf = (kernel: Kernel): number =>
  kernel.kind === 'tiled'
    ? kernel.across * kernel.down
    : kernel.lanes * (kernel.kind === 'matrix' ? kernel.across * kernel.down : 1)

/** Vectors of 16 bytes between the rows of an operand in workgroup memory: one more than there are, against bank conflicts. */
export const matrixPitch = ({ shape, steps }: MatrixKernel): number => (shape.k * steps) / 16 + 1

/** Vectors between the 16-column steps of an operand of `rows` rows: the padding spreads a step's stores over all banks. */
export const tiledPitch = (rows: number, quads: number): number => rows + 8 / quads

/** Workgroup memory in bytes. */
export function workgroupBytesOf(kernel: Kernel): number {
  const { rows, columns } = blockOf(kernel)
  switch (kernel.kind) {
    case 'tiled': {
      const { quads } = kernel
      const operands = 16 * quads * (tiledPitch(rows, quads) + tiledPitch(columns, quads))
      const partialFolds = 4 * (16 / kernel.rows - 1) * (rows / 16) * columns
      return operands + partialFolds
    }
    case 'subgroup':
      return 0
    case 'matrix':
      return 16 * matrixPitch(kernel) * (rows + columns) + 1_024 * kernel.across * kernel.down
  }
}

/** Matrix sizes are multiples of it, so blocks that divide it fit every size. */
const SIZE_STEP = 128

function fits(kernel: Kernel, device: Capabilities): boolean {
  const { rows, columns } = blockOf(kernel)
  const whole = SIZE_STEP % rows === 0 && SIZE_STEP % columns === 0 && rows % 16 === 0 && columns % 16 === 0
  return (
    whole && invocationsOf(kernel) <= device.workgroupInvocations && workgroupBytesOf(kernel) <= device.workgroupBytes
  )
}

/** [across, down, rows, columns, quads, ahead], the likeliest first. Each invocation loads whole vectors of both operands. */
const TILED: readonly (readonly [number, number, number, number, number, boolean])[] = [
  [16, 16, 8, 8, 4, true],
  [16, 8, 8, 8, 4, false],
  [16, 16, 8, 8, 2, false],
  [8, 8, 8, 8, 4, true],
  [8, 16, 8, 8, 4, false],
  [16, 8, 16, 8, 4, false],
  [16, 16, 8, 4, 4, false],
  [16, 16, 4, 4, 4, false],
  [8, 8, 8, 8, 2, false],
  [8, 4, 16, 8, 2, false],
]

/** [across, down, rows, columns, steps] */
const MATRIX: readonly (readonly [number, number, number, number, number])[] = [
  [2, 2, 4, 4, 2],
  [2, 4, 2, 4, 2],
  [2, 2, 4, 4, 1],
  [2, 2, 2, 2, 2],
  [1, 1, 4, 4, 2],
  [2, 2, 4, 8, 2],
]

/** Whole tiles in the block of each subgroup, and whole vectors of 16 int8 in each of its steps. */
const foldable = ({ shape, rows, columns }: MatrixKernel): boolean =>
  (rows * shape.m) % 16 === 0 &&
  (columns * shape.n) % 16 === 0 &&
  16 % shape.m === 0 &&
  16 % shape.n === 0 &&
  shape.k % 16 === 0

/** Taken in turn from each list, so that a search that is cut short has seen every way to multiply. */
function interleaved<T>(...lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat()
}

/** Everything that could run on the device, the likeliest to be fast first. */
export function kernelsFor(device: Capabilities): readonly Kernel[] {
  const { dot, subgroupLanes: lanes } = device
  const matrices =
    lanes === undefined
      ? []
      : device.matrixShapes.flatMap((shape) =>
          MATRIX.map(([across, down, rows, columns, steps]): MatrixKernel => {
            return { kind: 'matrix', shape, lanes, across, down, rows, columns, steps }
          }).filter(foldable),
        )
  const tiled = TILED.map(([across, down, rows, columns, quads, ahead]): TiledKernel => {
    return { kind: 'tiled', dot, across, down, rows, columns, quads, ahead }
  })
  const subgroups =
    lanes === undefined ? [] : [4, 2, 8].map((columns): SubgroupKernel => ({ kind: 'subgroup', dot, lanes, columns }))
  const fitting = (kernel: Kernel): boolean => fits(kernel, device)
  return interleaved<Kernel>(matrices.filter(fitting), tiled.filter(fitting), subgroups.filter(fitting))
}

/** What the kernel is remembered by, and shown to people. */
export function nameOf(kernel: Kernel): string {
  switch (kernel.kind) {
    case 'tiled': {
      const { dot, across, down, rows, columns, quads, ahead } = kernel
      return `tiled ${dot} ${across}x${down} ${rows}x${columns} k${16 * quads}${ahead ? ' ahead' : ''}`
    }
    case 'subgroup':
      return `subgroup ${kernel.dot} ${kernel.lanes}x${kernel.columns}`
    case 'matrix': {
      const { shape, across, down, rows, columns, steps } = kernel
      return `matrix ${shape.m}x${shape.n}x${shape.k} ${across}x${down} ${rows}x${columns} k${shape.k * steps}`
    }
  }
}
