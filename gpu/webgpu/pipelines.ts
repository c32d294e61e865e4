/** Kernels compiled for a device. */
import { messageOf, QuernError } from '../../core/errors.ts'
import { DRAW_WGSL } from './wgsl/draw.ts'
import { TICKET_WGSL } from './wgsl/ticket.ts'

/**
 * Compiles a source with the entry point `main`.
 * @param name for messages
 * @throws QuernError `WEBGPU_KERNEL`
 */
export async function compile(device: GPUDevice, name: string, code: string): Promise<GPUComputePipeline> {
  const failed = (cause: unknown): QuernError =>
    new QuernError('WEBGPU_KERNEL', `the driver refuses the kernel ${name}: ${messageOf(cause)}`, { name }, { cause })
  device.pushErrorScope('validation')
  const module = device.createShaderModule({ label: name, code })
  const error = await device.popErrorScope()
  if (error !== null) throw failed(error.message)
  try {
    return await device.createComputePipelineAsync({
      label: name,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    })
  } catch (cause) {
    throw failed(cause)
  }
}

/** The kernels of which there is one kind. */
export interface CommonPipelines {
  readonly draw: GPUComputePipeline
  readonly ticket: GPUComputePipeline
}

/** @throws QuernError `WEBGPU_KERNEL` */
export async function compileCommon(device: GPUDevice): Promise<CommonPipelines> {
  const draw = await compile(device, 'draw', DRAW_WGSL)
  return { draw, ticket: await compile(device, 'ticket', TICKET_WGSL) }
}
