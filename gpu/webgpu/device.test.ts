/** On a real device, or a software one: the kernels run here, against the reference. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { u32be } from '../../core/bytes.ts'
import { messageOf } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { targetOf } from '../../vm/compute/ticket.ts'
import type { LotteryBackend, LotteryJob } from '../backend.ts'
import { createReferenceBackend } from '../reference.ts'
import { createWebGpuBackend, WebGpuBackend } from './backend.ts'
import { listAdapters, mayHaveDriver } from './dawn.ts'
import { openDevice } from './device.ts'
import { kernelsFor, nameOf } from './kernel.ts'
import { Session } from './session.ts'

/** Every ticket but one in 2^256 is below it: all tiles come back. */
const ALL = 2n ** 256n - 1n
const jobOf = (n: number, target: bigint, label = n): LotteryJob => ({ seed: sha256(u32be(label)), n, target })
const reference = createReferenceBackend()

const open = mayHaveDriver() ? await openDevice().catch(messageOf) : 'no Vulkan driver is installed'
if (typeof open === 'string') {
  console.log(
    `kernels are not run: ${open}\n` +
      'a software driver will do: unpack Mesa 25 or newer (lavapipe), or SwiftShader out of a Chromium package, and set ' +
      'VK_DRIVER_FILES to its icd.json',
  )
}

describe.skipIf(typeof open === 'string')('on a device', () => {
  if (typeof open === 'string') return
  const { capabilities, description } = open
  open.device.destroy()
  /** Slow devices take seconds to compile one; every way to multiply is there, each in its likeliest shape. */
  const kernels = ['matrix', 'tiled', 'subgroup'].flatMap(
    (kind) => kernelsFor(capabilities).find((kernel) => kernel.kind === kind) ?? [],
  )
  const first = kernels.find(({ kind }) => kind === 'tiled')
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quern-webgpu-'))
  const tuningFile = path.join(folder, 'tuning.json')
  let backend: LotteryBackend | undefined
  /** The first kernel that is exact: the search for the fastest takes seconds. */
  const opened = async (): Promise<LotteryBackend> => {
    const session = (): Promise<Session> => Session.create({ file: tuningFile, budgetMs: 1 })
    backend ??= new WebGpuBackend(await session(), session)
    return backend
  }
  afterAll(async () => {
    await backend?.close()
    fs.rmSync(folder, { recursive: true })
  })

  test('the device is listed', async () => {
    expect((await listAdapters()).length).toBeGreaterThan(0)
  })

  test('gives every tile the reference’s ticket, at every size', async () => {
    for (const n of [128, 256, 384, 512, 1024]) {
      const expected = await reference.attempt(jobOf(n, ALL), 0xffffffff)
      expect(expected.length).toBe((n / 16) ** 2)
      expect(await (await opened()).attempt(jobOf(n, ALL), 0xffffffff)).toEqual(expected)
    }
  })

  test('remembers its kernel by adapter and driver', async () => {
    await opened()
    const written = fs.readFileSync(tuningFile, 'utf8')
    const { adapters } = JSON.parse(written)
    expect(Object.keys(adapters)).toEqual([description])
    // All day for the search: what is remembered is not searched for.
    const trials: string[] = []
    const session = await Session.create({ file: tuningFile, onTrial: (name) => trials.push(name) })
    expect([trials, nameOf(session.tuned.kernel)]).toEqual([[], adapters[description].kernel])
    await session.close()
    expect(fs.readFileSync(tuningFile, 'utf8')).toBe(written)
  })

  test.each(kernels.map((kernel) => [nameOf(kernel), kernel] as const))(
    'finds the reference’s winners by %s',
    async (_, kernel) => {
      const session = await Session.create({ kernel })
      for (let attempt = 0; attempt < 3; attempt++) {
        const job = jobOf(256, targetOf(256, 1n << 20n), attempt)
        expect(await session.play(job, attempt).wins).toEqual(await reference.attempt(job, attempt))
      }
      await session.close()
    },
  )

  test('multiplies without packed dot products too', async () => {
    const unpacked = kernelsFor({ ...capabilities, dot: 'unpacked' }).find((kernel) => kernel.kind === 'tiled')!
    const session = await Session.create({ kernel: unpacked })
    const job = jobOf(128, ALL)
    expect(await session.play(job, 1).wins).toEqual(await reference.attempt(job, 1))
    await session.close()
  })

  test('plays an attempt once more when there are more winners than room', async () => {
    const session = await Session.create({ kernel: first!, capacity: 64 })
    const [one, two] = [jobOf(256, ALL), jobOf(256, targetOf(256, 1n << 21n))]
    const plays = [session.play(one, 1), session.play(two, 2), session.play(one, 3)]
    expect(await plays[0]!.wins).toEqual(await reference.attempt(one, 1))
    expect(await plays[1]!.wins).toEqual(await reference.attempt(two, 2))
    expect(await plays[2]!.wins).toEqual(await reference.attempt(one, 3))
    await session.close()
  })

  test('keeps attempts apart that are queued, dropped, and of different sizes', async () => {
    const session = await Session.create({ kernel: first! })
    const jobs = [256, 128, 384, 128].map((n) => jobOf(n, ALL))
    const plays = jobs.map((job, i) => session.play(job, i))
    plays[2]!.cancel()
    for (const i of [0, 1, 3]) expect(await plays[i]!.wins).toEqual(await reference.attempt(jobs[i]!, i))
    expect(() => session.play(jobOf(320, ALL), 0)).toThrow(expect.objectContaining({ code: 'LOTTERY_MATRIX_SIZE' }))
    await session.close()
    expect(() => session.play(jobs[0]!, 0)).toThrow(expect.objectContaining({ code: 'LOTTERY_BACKEND_CLOSED' }))
  })

  test('leaves an attempt by the reason of its signal and plays the next one right', async () => {
    const backend = await opened()
    const controller = new AbortController()
    const running = backend.attempt(jobOf(1024, 0n), 0, controller.signal)
    backend.prefetch?.(jobOf(1024, 0n), 1)
    setTimeout(() => controller.abort(new Error('enough')), 5)
    await expect(running).rejects.toThrow('enough')
    const job = jobOf(256, ALL)
    expect(await backend.attempt(job, 2)).toEqual(await reference.attempt(job, 2))
  })

  test('says that the device is gone', async () => {
    const session = await Session.create({ kernel: first! })
    const running = session.play(jobOf(512, ALL), 0).wins
    session.open.device.destroy()
    await expect(running).rejects.toMatchObject({ code: 'WEBGPU_DEVICE_LOST' })
    await session.close()
  })
})

test('an adapter that is not there is refused with those that are', async () => {
  await expect(createWebGpuBackend({ adapter: 'abacus' })).rejects.toMatchObject({
    code: 'WEBGPU_UNAVAILABLE',
    message: expect.stringMatching(/there (is|are)|VK_DRIVER_FILES/),
  })
})

test('a driver is looked for where drivers say that they are', () => {
  expect(mayHaveDriver({ VK_DRIVER_FILES: '/somewhere/icd.json' })).toBe(true)
  expect(mayHaveDriver({ XDG_DATA_DIRS: '/nowhere' })).toBe(mayHaveDriver({}))
})
