/** A device to compute on, and what it can do. */
import { messageOf, QuernError } from '../../core/errors.ts'
import { instance, listAdapters, loadDawn } from './dawn.ts'
import type { Capabilities, MatrixShape } from './kernel.ts'

export interface DeviceOptions {
  /** Part of the name of one of `listAdapters()`. Default: the one the system likes best. */
  readonly adapter?: string
  /** Of Dawn: `null` compiles and validates without a driver, and computes nothing. */
  readonly backend?: string
  /** Refuses a processor that plays a GPU: `wasm` is faster there. */
  readonly hardwareOnly?: boolean
}

export interface OpenDevice {
  readonly device: GPUDevice
  readonly usage: typeof GPUBufferUsage
  readonly mapRead: GPUMapModeFlags
  readonly capabilities: Capabilities
  /** Adapter and driver, in words: what tuning is remembered by. */
  readonly description: string
}

/** Chromium's, not yet in the types. */
interface MatrixConfig {
  readonly componentType: string
  readonly resultComponentType: string
  readonly M: number
  readonly N: number
  readonly K: number
}

const MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix'

const unavailable = (message: string, cause?: unknown): QuernError =>
  new QuernError('WEBGPU_UNAVAILABLE', message, {}, { cause })

async function requestAdapter(options: DeviceOptions): Promise<{ readonly gpu: GPU; readonly adapter: GPUAdapter }> {
  const { adapter: wanted, backend } = options
  const gpu = await instance(
    ...(wanted === undefined ? [] : [`adapter=${wanted}`]),
    ...(backend === undefined ? [] : [`backend=${backend}`]),
  )
  let adapter: GPUAdapter | null
  try {
    adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  } catch (cause) {
    const names = (await listAdapters()).map(({ name }) => name)
    const known = names.length === 0 ? 'there is none' : `there are: ${names.join(', ')}`
    throw unavailable(`no adapter ${wanted ?? backend ?? ''}: ${known}`, cause)
  }
  if (adapter !== null) return { gpu, adapter }
  throw unavailable(
    'no GPU adapter: install the GPU driver with its Vulkan part (on Linux), or name a driver by VK_DRIVER_FILES=/path/icd.json',
  )
}

/** int8 into int32, as far as the device lists it. */
function matrixShapes(adapter: GPUAdapter): MatrixShape[] {
  const { subgroupMatrixConfigs: configs = [] } = adapter.info as { subgroupMatrixConfigs?: readonly MatrixConfig[] }
  return [...configs]
    .filter(({ componentType, resultComponentType }) => componentType === 'i8' && resultComponentType === 'i32')
    .map(({ M, N, K }) => ({ m: M, n: N, k: K }))
}

function capabilitiesOf(gpu: GPU, adapter: GPUAdapter): Capabilities {
  const { subgroupMinSize = 0, subgroupMaxSize = 0 } = adapter.info
  // Where the number of lanes varies from kernel to kernel, none can be written for it.
  const lanes = adapter.features.has('subgroups') && subgroupMinSize === subgroupMaxSize ? subgroupMaxSize : undefined
  return {
    dot: gpu.wgslLanguageFeatures.has('packed_4x8_integer_dot_product') ? 'packed' : 'unpacked',
    subgroupLanes: lanes,
    matrixShapes: adapter.features.has(MATRIX_FEATURE) ? matrixShapes(adapter) : [],
    workgroupBytes: adapter.limits.maxComputeWorkgroupStorageSize,
    workgroupInvocations: Math.min(
      adapter.limits.maxComputeInvocationsPerWorkgroup,
      adapter.limits.maxComputeWorkgroupSizeX,
    ),
  }
}

/** @throws QuernError `WEBGPU_UNAVAILABLE` */
export async function openDevice(options: DeviceOptions = {}): Promise<OpenDevice> {
  const { gpu, adapter } = await requestAdapter(options)
  const { globals } = await loadDawn()
  const { limits, info } = adapter
  if (options.hardwareOnly && info.isFallbackAdapter) {
    throw unavailable(`there is only a software GPU, ${info.description}: use --backend wasm`)
  }
  const features = ['subgroups', MATRIX_FEATURE].filter((feature) => adapter.features.has(feature))
  try {
    const device = await adapter.requestDevice({
      requiredFeatures: features as GPUFeatureName[],
      requiredLimits: {
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
        maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
      },
    })
    return {
      device,
      usage: globals.GPUBufferUsage,
      mapRead: globals.GPUMapMode.READ,
      capabilities: capabilitiesOf(gpu, adapter),
      description: [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' | '),
    }
  } catch (cause) {
    throw unavailable(`the adapter gives no device: ${messageOf(cause)}`, cause)
  }
}
