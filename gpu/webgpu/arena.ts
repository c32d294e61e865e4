/**
 * The buffers for matrices of one size, and the three steps of an attempt over them. An attempt has them to itself until its
 * last step is submitted; what is submitted runs in that order.
 */
import { TILE_SIDE } from '../../vm/compute/matrix.ts'
import { blockOf, type Kernel } from './kernel.ts'
import type { CommonPipelines } from './pipelines.ts'
import { drawGroups } from './wgsl/draw.ts'
import { BAND_BYTES, JOB_BYTES, packBand, WIN_WORDS } from './wgsl/job.ts'
import { ticketGroups } from './wgsl/ticket.ts'

/** What the multiplication is compiled to. */
export interface Multiplication {
  readonly kernel: Kernel
  readonly pipeline: GPUComputePipeline
}

/** Room for the winners of one attempt, here and on the device. */
export interface WinSlot {
  readonly capacity: number
  readonly onDevice: GPUBuffer
  readonly mapped: GPUBuffer
  readonly bindings: GPUBindGroup
}

/** The counter and the winners, in bytes. */
const winBytes = (capacity: number): number => 4 + 4 * WIN_WORDS * capacity

export class Arena {
  readonly n: number
  /** Tiles' folds, 16 words each. */
  readonly folds: GPUBuffer
  readonly #device: GPUDevice
  readonly #usage: typeof GPUBufferUsage
  readonly #common: CommonPipelines
  readonly #multiplication: Multiplication
  readonly #job: GPUBuffer
  readonly #band: GPUBuffer
  readonly #buffers: readonly GPUBuffer[]
  readonly #drawBindings: GPUBindGroup
  readonly #multiplyBindings: GPUBindGroup

  constructor(
    device: GPUDevice,
    usage: typeof GPUBufferUsage,
    common: CommonPipelines,
    multiplication: Multiplication,
    n: number,
  ) {
    this.n = n
    this.#device = device
    this.#usage = usage
    this.#common = common
    this.#multiplication = multiplication
    const storage = (size: number): GPUBuffer => device.createBuffer({ size, usage: usage.STORAGE | usage.COPY_SRC })
    const uniform = (size: number): GPUBuffer => device.createBuffer({ size, usage: usage.UNIFORM | usage.COPY_DST })
    const [a, b] = [storage(n * n), storage(n * n)]
    this.folds = storage((n / TILE_SIDE) ** 2 * 64)
    this.#job = uniform(JOB_BYTES)
    this.#band = uniform(BAND_BYTES)
    this.#buffers = [a, b, this.folds, this.#job, this.#band]
    this.#drawBindings = this.#bind(common.draw, [this.#job, a, b])
    this.#multiplyBindings = this.#bind(multiplication.pipeline, [this.#job, this.#band, a, b, this.folds])
  }

  #bind(pipeline: GPUComputePipeline, buffers: readonly GPUBuffer[]): GPUBindGroup {
    return this.#device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    })
  }

  winSlot(capacity: number): WinSlot {
    const size = winBytes(capacity)
    const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = this.#usage
    const onDevice = this.#device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST })
    const mapped = this.#device.createBuffer({ size, usage: COPY_DST | MAP_READ })
    const bindings = this.#bind(this.#common.ticket, [this.#job, this.#band, this.folds, onDevice])
    return { capacity, onDevice, mapped, bindings }
  }

  /** Takes effect for what is submitted from now on. */
  setJob(job: Uint32Array<ArrayBuffer>): void {
    this.#device.queue.writeBuffer(this.#job, 0, job)
  }

  /** Likewise. */
  setBand(firstRow: number, rows: number): void {
    this.#device.queue.writeBuffer(this.#band, 0, packBand(this.n, firstRow, rows))
  }

  draw(pass: GPUComputePassEncoder): void {
    pass.setPipeline(this.#common.draw)
    pass.setBindGroup(0, this.#drawBindings)
    pass.dispatchWorkgroups(...drawGroups(this.n))
  }

  /** Multiplies and folds the band, `rows` of them. */
  multiply(pass: GPUComputePassEncoder, rows: number): void {
    const { kernel, pipeline } = this.#multiplication
    const block = blockOf(kernel)
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, this.#multiplyBindings)
    pass.dispatchWorkgroups(this.n / block.columns, rows / block.rows)
  }

  /** Hashes the band's tiles and keeps the winners. */
  ticket(pass: GPUComputePassEncoder, rows: number, slot: WinSlot): void {
    pass.setPipeline(this.#common.ticket)
    pass.setBindGroup(0, slot.bindings)
    pass.dispatchWorkgroups(ticketGroups((rows / TILE_SIDE) * (this.n / TILE_SIDE)))
  }

  /** What is submitted still runs to its end. */
  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy()
  }
}

export function destroySlot({ onDevice, mapped }: WinSlot): void {
  onDevice.destroy()
  mapped.destroy()
}
