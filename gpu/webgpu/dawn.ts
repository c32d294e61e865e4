/**
 * Dawn, Chromium's WebGPU, as the npm package `webgpu`. It is optional and 21 MB of native code a platform, so it is loaded
 * when somebody asks for a device and never before.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { messageOf, QuernError } from '../../core/errors.ts'

type Dawn = typeof import('webgpu')

export type WebGpuErrorCode = 'WEBGPU_UNAVAILABLE' | 'WEBGPU_DEVICE_LOST' | 'WEBGPU_KERNEL' | 'WEBGPU_MEMORY'

export interface AdapterName {
  /** vulkan, metal, d3d12, ... */
  readonly backend: string
  readonly name: string
}

/**
 * Subgroup matrices count as unsafe as long as they are an experiment. Our kernels stay within their buffers and write
 * workgroup memory before they read it (the tests compare them to a reference), so they need no guards around either.
 */
const FEATURES = 'enable-dawn-features=allow_unsafe_apis,disable_robustness,disable_workgroup_init'
/** No adapter's name, so Dawn answers with those there are. */
const NO_ADAPTER = 'adapter=\u0000none'

/**
 * What `create` has returned, for as long as the process lives: if it were collected while a device is in use, the process
 * would crash. One entry for each adapter asked for.
 */
const instances = new Map<string, GPU>()

let loading: Promise<Dawn> | undefined

/** @throws QuernError `WEBGPU_UNAVAILABLE` */
export function loadDawn(): Promise<Dawn> {
  loading ??= import('webgpu').catch((cause: unknown) => {
    throw new QuernError(
      'WEBGPU_UNAVAILABLE',
      `the optional package webgpu does not load: run \`npm install\` with optional packages (${messageOf(cause)})`,
      {},
      { cause },
    )
  })
  return loading
}

/** @param options of the package, besides FEATURES: `adapter=...`, `backend=...` */
export async function instance(...options: readonly string[]): Promise<GPU> {
  const { create } = await loadDawn()
  const key = options.join('\n')
  const known = instances.get(key)
  if (known !== undefined) return known
  const gpu = create([FEATURES, ...options])
  instances.set(key, gpu)
  return gpu
}

/**
 * The adapters of this machine, software ones too.
 * @throws QuernError `WEBGPU_UNAVAILABLE` when the package does not load
 */
export async function listAdapters(): Promise<readonly AdapterName[]> {
  const gpu = await instance(NO_ADAPTER)
  try {
    await gpu.requestAdapter()
    return []
  } catch (cause) {
    // " * backend: 'vulkan', name: 'NVIDIA H200'"
    return [...messageOf(cause).matchAll(/backend: '([^']*)', name: '(.*)'$/gm)].map(([, backend = '', name = '']) => ({
      backend,
      name,
    }))
  }
}

const VULKAN_FOLDERS = [
  '/etc',
  '/usr/share',
  '/usr/local/share',
  '/usr/local/etc',
  path.join(os.homedir(), '.local/share'),
]

/**
 * Whether it is worth the while to load the package: on Linux, where a driver says that it is there by a file. Elsewhere the
 * system brings one along.
 */
export function mayHaveDriver(env: NodeJS.ProcessEnv = process.env): boolean {
  if (process.platform !== 'linux') return true
  if ([env.VK_DRIVER_FILES, env.VK_ICD_FILENAMES, env.VK_ADD_DRIVER_FILES].some(Boolean)) return true
  const shared = (env.XDG_DATA_DIRS ?? '').split(':').filter((folder) => folder !== '')
  return [...VULKAN_FOLDERS, ...shared].some((folder) => {
    try {
      return fs.readdirSync(path.join(folder, 'vulkan', 'icd.d')).some((file) => file.endsWith('.json'))
    } catch {
      return false
    }
  })
}

/** Whether the package is there, without loading it. */
export function isInstalled(): boolean {
  try {
    return import.meta.resolve('webgpu') !== ''
  } catch {
    return false
  }
}
