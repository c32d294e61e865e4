/** Whether it is worth the while to ask for a GPU: Dawn says on the terminal, in its own words, what it misses. */
import { QuernError } from '../../../core/errors.ts'
import { isInstalled, mayHaveDriver } from '../../../gpu/webgpu/dawn.ts'

/** @throws QuernError `WEBGPU_UNAVAILABLE` where there is no driver; a package that is missing says so itself */
export function requireGpuDriver(): void {
  if (!isInstalled() || mayHaveDriver()) return
  const advice = 'install the one of your GPU with its Vulkan part, or name one by VK_DRIVER_FILES=/path/icd.json'
  throw new QuernError('WEBGPU_UNAVAILABLE', `no GPU driver: ${advice}`)
}
