/**
 * The kernels of `wgsl/`, line by line, in TypeScript: the same indices into the same layouts, one invocation after the
 * other between two barriers. It checks what no compiler checks where there is no GPU to run them: that every vector of
 * workgroup memory is written before it is read, that nothing lies outside its buffer, and that the folds come out right.
 */
import { assert } from '../../core/errors.ts'
import {
  blockOf,
  type Kernel,
  type MatrixKernel,
  matrixPitch,
  type SubgroupKernel,
  type TiledKernel,
  tiledPitch,
} from './kernel.ts'
import { drawGroups } from './wgsl/draw.ts'

type Vec4 = readonly [number, number, number, number]

/** An array in device memory. What was never written cannot be read. */
class Memory {
  readonly #values: Float64Array
  readonly #name: string

  constructor(name: string, length: number) {
    this.#name = name
    this.#values = new Float64Array(length).fill(Number.NaN)
  }

  static of(name: string, words: Uint32Array): Memory {
    const memory = new Memory(name, words.length)
    memory.#values.set(words)
    return memory
  }

  get(at: number): number {
    const value = this.#values[at]
    assert(value !== undefined, `${this.#name}[${at}] lies outside`)
    assert(!Number.isNaN(value), `${this.#name}[${at}] has not been written`)
    return value
  }

  set(at: number, value: number): void {
    assert(at >= 0 && at < this.#values.length, `${this.#name}[${at}] lies outside`)
    this.#values[at] = value
  }

  /** As an array of vectors. */
  vector(at: number): Vec4 {
    return [this.get(4 * at), this.get(4 * at + 1), this.get(4 * at + 2), this.get(4 * at + 3)]
  }

  setVector(at: number, vector: Vec4): void {
    for (const [i, value] of vector.entries()) this.set(4 * at + i, value)
  }

  /** Another step begins: what lies there belongs to the one before. */
  forget(): void {
    this.#values.fill(Number.NaN)
  }

  words(): Uint32Array {
    return Uint32Array.from(this.#values, (value) => {
      assert(!Number.isNaN(value), `${this.#name} has gaps`)
      return value
    })
  }
}

const rotated = (x: number, bits: number): number => ((x << (bits & 31)) | (x >>> ((32 - bits) & 31))) >>> 0

/** dot4I8Packed. */
const dot4 = (x: number, y: number): number =>
  (x >> 24) * (y >> 24) +
  ((x << 8) >> 24) * ((y << 8) >> 24) +
  ((x << 16) >> 24) * ((y << 16) >> 24) +
  ((x << 24) >> 24) * ((y << 24) >> 24)

const dotVectors = (x: Vec4, y: Vec4): number =>
  dot4(x[0], y[0]) + dot4(x[1], y[1]) + dot4(x[2], y[2]) + dot4(x[3], y[3])

/** wgsl/draw.ts. @param job the packed uniform. @returns A and B's transpose, in words */
export function emulateDraw(job: Uint32Array, n: number): readonly [Uint32Array, Uint32Array] {
  const matrices = [new Memory('a', (n * n) / 4), new Memory('b', (n * n) / 4)] as const
  const add = (x: Vec4, y: Vec4): Vec4 =>
    [x[0] + y[0], x[1] + y[1], x[2] + y[2], x[3] + y[3]].map((v) => v >>> 0) as unknown as Vec4
  const mixed = (x: Vec4, y: Vec4, bits: number): Vec4 =>
    x.map((v, i) => rotated((v ^ y[i]!) >>> 0, bits)) as unknown as Vec4
  const turned = (x: Vec4, by: number): Vec4 => x.map((_, i) => x[(i + by) % 4]!) as unknown as Vec4
  const quarters = (r: Vec4[]): void => {
    for (const [first, second] of [
      [16, 12],
      [8, 7],
    ] as const) {
      r[0] = add(r[0]!, r[1]!)
      r[3] = mixed(r[3]!, r[0]!, first)
      r[2] = add(r[2]!, r[3]!)
      r[1] = mixed(r[1]!, r[2]!, second)
    }
  }
  const keyVector = (at: number): Vec4 => [job[at]!, job[at + 1]!, job[at + 2]!, job[at + 3]!]
  const [groups, kinds] = drawGroups(n)
  for (let y = 0; y < kinds; y++) {
    for (let x = 0; x < groups * 64; x++) {
      const first: Vec4[] = [
        [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574],
        keyVector(8 * y),
        keyVector(8 * y + 4),
        [x, 0, 0, 0],
      ]
      let r = first.slice()
      for (let round = 0; round < 10; round++) {
        quarters(r)
        r = [r[0]!, turned(r[1]!, 1), turned(r[2]!, 2), turned(r[3]!, 3)]
        quarters(r)
        r = [r[0]!, turned(r[1]!, 3), turned(r[2]!, 2), turned(r[3]!, 1)]
      }
      for (let i = 0; i < 4; i++) matrices[y as 0 | 1].setVector(4 * x + i, add(r[i]!, first[i]!))
    }
  }
  return [matrices[0].words(), matrices[1].words()]
}

interface Launch {
  readonly n: number
  readonly a: Memory
  readonly b: Memory
  readonly folds: Memory
  /** band.firstRow, and the workgroup's place in the grid. */
  readonly bandRow: number
  readonly groupX: number
  readonly groupY: number
}

function tiledGroup(kernel: TiledKernel, { n, a, b, folds, bandRow, groupX, groupY }: Launch): void {
  const { across, down, rows, columns, quads } = kernel
  const block = blockOf(kernel)
  const [pitchA, pitchB] = [tiledPitch(block.rows, quads), tiledPitch(block.columns, quads)]
  const aStage = new Memory('aStage', 4 * quads * pitchA)
  const bStage = new Memory('bStage', 4 * quads * pitchB)
  const invocations = across * down
  const width = n / 16
  const side = n / 16
  const firstRow = bandRow + groupY * block.rows
  const firstColumn = groupX * block.columns
  const sums = Array.from({ length: invocations }, () => new Int32Array(rows * columns))
  for (let step = 0; step < width / quads; step++) {
    aStage.forget()
    bStage.forget()
    for (let index = 0; index < invocations; index++) {
      for (let l = 0; l < (block.rows * quads) / invocations; l++) {
        const v = index + l * invocations
        const row = Math.floor(v / quads)
        aStage.setVector((v % quads) * pitchA + row, a.vector((firstRow + row) * width + step * quads + (v % quads)))
      }
      for (let l = 0; l < (block.columns * quads) / invocations; l++) {
        const v = index + l * invocations
        const row = Math.floor(v / quads)
        bStage.setVector((v % quads) * pitchB + row, b.vector((firstColumn + row) * width + step * quads + (v % quads)))
      }
    }
    for (let index = 0; index < invocations; index++) {
      const [x, y] = [index % across, Math.floor(index / across)]
      for (let q = 0; q < quads; q++) {
        const right = Array.from({ length: columns }, (_, j) => bStage.vector(q * pitchB + x + across * j))
        for (let i = 0; i < rows; i++) {
          const left = aStage.vector(q * pitchA + y * rows + i)
          for (let j = 0; j < columns; j++) sums[index]![i * columns + j]! += dotVectors(left, right[j]!)
        }
      }
    }
  }
  const parts = 16 / rows
  const share = (block.rows * block.columns) / 16
  const partial = new Memory('partial', (parts - 1) * share)
  const folded = (index: number, j: number): number => {
    const part = Math.floor(index / across) % parts
    let f = 0
    for (let i = 0; i < rows; i++) f = (rotated(f, 13) ^ sums[index]![i * columns + j]!) >>> 0
    return rotated(f, (13 * rows * (parts - 1 - part)) % 32)
  }
  for (const isLast of [false, true]) {
    for (let index = 0; index < invocations; index++) {
      const [x, y] = [index % across, Math.floor(index / across)]
      const part = y % parts
      if ((part === parts - 1) !== isLast) continue
      const at = Math.floor(y / parts) * block.columns + x
      const firstTile = (firstRow / 16 + Math.floor(y / parts)) * side + firstColumn / 16
      for (let j = 0; j < columns; j++) {
        let f = folded(index, j)
        if (!isLast) {
          partial.set(part * share + at + across * j, f)
          continue
        }
        for (let p = 0; p < parts - 1; p++) f = (f ^ partial.get(p * share + at + across * j)) >>> 0
        const column = x + across * j
        folds.set((firstTile + Math.floor(column / 16)) * 16 + (column % 16), f)
      }
    }
  }
}

function subgroupGroup(kernel: SubgroupKernel, { n, a, b, folds, bandRow, groupX, groupY }: Launch): void {
  const { lanes, columns } = kernel
  const width = n / 16
  const side = n / 16
  const firstRow = bandRow + groupY * 16
  const firstColumn = groupX * blockOf(kernel).columns
  const sums = Array.from({ length: lanes }, () => new Int32Array(16 * columns))
  for (let q = 0; q < width; q++) {
    const held = Array.from({ length: lanes }, (_, lane) =>
      Array.from({ length: Math.max(1, 16 / lanes) }, (_, h) =>
        a.vector((firstRow + ((lane + h * lanes) % 16)) * width + q),
      ),
    )
    for (let lane = 0; lane < lanes; lane++) {
      for (let j = 0; j < columns; j++) {
        const right = b.vector((firstColumn + lane + lanes * j) * width + q)
        for (let i = 0; i < 16; i++) {
          const at = i * columns + j
          // subgroupBroadcast(held[i / lanes], i % lanes)
          const left = held[i % lanes]![Math.floor(i / lanes)]!
          sums[lane]![at] = sums[lane]![at]! + dotVectors(left, right)
        }
      }
    }
  }
  const firstTile = (firstRow / 16) * side
  for (let lane = 0; lane < lanes; lane++) {
    for (let j = 0; j < columns; j++) {
      let f = 0
      for (let i = 0; i < 16; i++) f = (rotated(f, 13) ^ sums[lane]![i * columns + j]!) >>> 0
      const column = firstColumn + lane + lanes * j
      folds.set((firstTile + Math.floor(column / 16)) * 16 + (column % 16), f)
    }
  }
}

function matrixGroup(kernel: MatrixKernel, { n, a, b, folds, bandRow, groupX, groupY }: Launch): void {
  const { shape, across, down, rows, columns, steps } = kernel
  const block = blockOf(kernel)
  const pitch = matrixPitch(kernel)
  const vectors = pitch - 1
  const aStage = new Memory('aStage', 4 * block.rows * pitch)
  const bStage = new Memory('bStage', 4 * block.columns * pitch)
  const width = n / 16
  const side = n / 16
  const firstRow = bandRow + groupY * block.rows
  const firstColumn = groupX * block.columns
  const results = Array.from({ length: across * down * rows * columns }, () => new Int32Array(shape.m * shape.n))
  /** A load whose offset and stride count vectors: `count` rows of k int8. */
  const load = (stage: Memory, offset: number, count: number): Vec4[][] =>
    Array.from({ length: count }, (_, row) =>
      Array.from({ length: shape.k / 16 }, (_, v) => stage.vector(offset + row * pitch + v)),
    )
  const entries = Array.from({ length: shape.m * shape.n }, (_, e) => [Math.floor(e / shape.n), e % shape.n] as const)
  const own = (subgroup: number) => ({
    subRow: Math.floor(subgroup / across) * rows * shape.m,
    subColumn: (subgroup % across) * columns * shape.n,
  })
  for (let step = 0; step < n / (shape.k * steps); step++) {
    aStage.forget()
    bStage.forget()
    for (let v = 0; v < block.rows * vectors; v++) {
      const row = Math.floor(v / vectors)
      aStage.setVector(row * pitch + (v % vectors), a.vector((firstRow + row) * width + step * vectors + (v % vectors)))
    }
    for (let v = 0; v < block.columns * vectors; v++) {
      const row = Math.floor(v / vectors)
      bStage.setVector(
        row * pitch + (v % vectors),
        b.vector((firstColumn + row) * width + step * vectors + (v % vectors)),
      )
    }
    for (let subgroup = 0; subgroup < across * down; subgroup++) {
      const { subRow, subColumn } = own(subgroup)
      for (let s = 0; s < steps; s++) {
        const at = (s * shape.k) / 16
        const left = Array.from({ length: rows }, (_, i) => load(aStage, (subRow + i * shape.m) * pitch + at, shape.m))
        const right = Array.from({ length: columns }, (_, j) =>
          load(bStage, (subColumn + j * shape.n) * pitch + at, shape.n),
        )
        for (const [i, rowsOfLeft] of left.entries()) {
          for (const [j, rowsOfRight] of right.entries()) {
            const result = results[(subgroup * rows + i) * columns + j]!
            for (const [y, x] of entries) {
              const [l, r] = [rowsOfLeft[y]!, rowsOfRight[x]!]
              for (let v = 0; v < l.length; v++) result[y * shape.n + x]! += dotVectors(l[v]!, r[v]!)
            }
          }
        }
      }
    }
  }
  const [perRow, perColumn] = [16 / shape.m, 16 / shape.n]
  for (let subgroup = 0; subgroup < across * down; subgroup++) {
    const { subRow, subColumn } = own(subgroup)
    const firstTile = ((firstRow + subRow) / 16) * side + (firstColumn + subColumn) / 16
    for (let tileRow = 0; tileRow < (rows * shape.m) / 16; tileRow++) {
      for (let tileColumn = 0; tileColumn < (columns * shape.n) / 16; tileColumn++) {
        const tile = new Memory('tiles', 256)
        for (let y = 0; y < perRow; y++) {
          for (let x = 0; x < perColumn; x++) {
            const from = results[(subgroup * rows + tileRow * perRow + y) * columns + tileColumn * perColumn + x]!
            for (const [e, value] of from.entries()) {
              const at = y * shape.m * 16 + x * shape.n + Math.floor(e / shape.n) * 16 + (e % shape.n)
              tile.set(at, value)
            }
          }
        }
        for (let column = 0; column < 16; column++) {
          let f = 0
          for (let i = 0; i < 16; i++) f = (rotated(f, 13) ^ tile.get(i * 16 + column)) >>> 0
          folds.set((firstTile + tileRow * side + tileColumn) * 16 + column, f)
        }
      }
    }
  }
}

/** wgsl/multiply.ts over bands of `bandRows` rows. @returns the folds of all tiles */
export function emulateMultiply(
  kernel: Kernel,
  n: number,
  [aWords, bWords]: readonly [Uint32Array, Uint32Array],
  bandRows: number,
): Uint32Array {
  const block = blockOf(kernel)
  const [a, b, folds] = [Memory.of('a', aWords), Memory.of('b', bWords), new Memory('folds', (n / 16) ** 2 * 16)]
  for (let bandRow = 0; bandRow < n; bandRow += bandRows) {
    for (let groupY = 0; groupY < Math.min(bandRows, n - bandRow) / block.rows; groupY++) {
      for (let groupX = 0; groupX < n / block.columns; groupX++) {
        const launch: Launch = { n, a, b, folds, bandRow, groupX, groupY }
        if (kernel.kind === 'tiled') tiledGroup(kernel, launch)
        else if (kernel.kind === 'subgroup') subgroupGroup(kernel, launch)
        else matrixGroup(kernel, launch)
      }
    }
  }
  return folds.words()
}

const rotr = (x: number, bits: number): number => ((x >>> bits) | (x << (32 - bits))) >>> 0

export function compress(state: readonly number[], words: readonly number[], k: Uint32Array): number[] {
  const w = [...words]
  // a to h; round i finds them i places back.
  const v = [...state]
  for (let r = 0; r < 4; r++) {
    for (let i = 0; r > 0 && i < 16; i++) {
      const [w1, w9, w14] = [w[(i + 1) % 16]!, w[(i + 9) % 16]!, w[(i + 14) % 16]!]
      const small0 = rotr(w1, 7) ^ rotr(w1, 18) ^ (w1 >>> 3)
      const small1 = rotr(w14, 17) ^ rotr(w14, 19) ^ (w14 >>> 10)
      w[i] = (w[i]! + small0 + w9 + small1) >>> 0
    }
    for (let i = 0; i < 16; i++) {
      const at = (place: number): number => (place - i + 16) % 8
      const [a, b, c, e, f, g] = [0, 1, 2, 4, 5, 6].map((place) => v[at(place)]!) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      const big1 = rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)
      const big0 = rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)
      const h = v[at(7)]! + big1 + ((g ^ (e & (f ^ g))) >>> 0) + k[16 * r + i]! + w[i]!
      v[at(3)] = (v[at(3)]! + h) >>> 0
      v[at(7)] = (h + big0 + (((a & b) | (c & (a | b))) >>> 0)) >>> 0
    }
  }
  return v.map((value, i) => (value + state[i]!) >>> 0)
}

/** wgsl/ticket.ts for the tiles of a band. @returns the counter, and the winners' list of 9 words each */
export function emulateTicket(
  job: Uint32Array,
  band: Uint32Array,
  folds: Uint32Array,
  wins: { count: number; readonly words: number[] },
): void {
  const swap = (x: number): number => ((x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24)) >>> 0
  const [firstTile, tiles, capacity] = [band[1]!, band[2]!, job[34]!]
  const k = job.subarray(36, 100)
  for (let id = 0; id < tiles; id++) {
    const tile = firstTile + id
    const fold = Array.from(folds.subarray(16 * tile, 16 * tile + 16), swap)
    const words = fold.map((word, i) => (((i === 0 ? tile : fold[i - 1]!) << 8) | (word >>> 24)) >>> 0)
    let ticket = compress([...job.subarray(16, 24)], words, k)
    ticket = compress(ticket, [((fold[15]! << 8) | 0x80) >>> 0, ...Array<number>(14).fill(0), 131 * 8], k)
    const limit = job.subarray(24, 32)
    const differs = ticket.findIndex((word, i) => word !== limit[i])
    if (differs < 0 || ticket[differs]! > limit[differs]!) continue
    const slot = wins.count++
    if (slot < capacity) wins.words.push(tile, ...ticket)
  }
}
