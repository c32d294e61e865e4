import { describe, expect, test } from 'vitest'
import { loadDawn } from './dawn.ts'
import { openDevice } from './device.ts'
import { type Capabilities, kernelsFor, nameOf } from './kernel.ts'
import { compile } from './pipelines.ts'
import { ceilingWgsl } from './wgsl/ceiling.ts'
import { DRAW_WGSL } from './wgsl/draw.ts'
import { multiplyWgsl } from './wgsl/multiply.ts'
import { TICKET_WGSL } from './wgsl/ticket.ts'

const isInstalled = await loadDawn().then(
  () => true,
  () => false,
)
if (!isInstalled) console.log('WGSL is not compiled: the optional package webgpu is not installed')

/** Of all devices together. */
const sources = new Map<string, string>([
  ['draw', DRAW_WGSL],
  ['ticket', TICKET_WGSL],
  ['ceiling packed', ceilingWgsl('packed')],
  ['ceiling unpacked', ceilingWgsl('unpacked')],
])
for (const dot of ['packed', 'unpacked'] as const) {
  for (const subgroupLanes of [4, 8, 16, 32, 64]) {
    const device: Capabilities = {
      dot,
      subgroupLanes,
      matrixShapes: [
        { m: 16, n: 16, k: 32 },
        { m: 16, n: 8, k: 32 },
        { m: 8, n: 8, k: 16 },
      ],
      workgroupBytes: 65_536,
      workgroupInvocations: 1_024,
    }
    for (const kernel of kernelsFor(device)) sources.set(nameOf(kernel), multiplyWgsl(kernel))
  }
}

describe.skipIf(!isInstalled)('WGSL', () => {
  test('all kinds of kernels are there', () => {
    for (const kind of ['matrix ', 'tiled packed', 'tiled unpacked', 'subgroup packed', 'subgroup unpacked']) {
      expect([...sources.keys()].filter((name) => name.startsWith(kind)).length).toBeGreaterThan(3)
    }
  })

  test('every kernel is valid, without a word of the compiler', async () => {
    // Validates like a driver's would, and has none.
    const { device } = await openDevice({ backend: 'null' })
    for (const [name, code] of sources) {
      const messages = (await device.createShaderModule({ code }).getCompilationInfo()).messages
      expect([name, messages.map(({ lineNum, message }) => `${lineNum}: ${message}`)]).toEqual([name, []])
    }
    device.destroy()
  })

  test('what a driver refuses is said with its name', async () => {
    const { device } = await openDevice({ backend: 'null' })
    await expect(compile(device, 'broken', 'fn main() { nonsense }')).rejects.toMatchObject({
      code: 'WEBGPU_KERNEL',
      message: expect.stringContaining('broken'),
    })
    device.destroy()
  })
})
