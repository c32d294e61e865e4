import { describe, expect, test } from 'vitest'
import { QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import type { LotteryJob, TileWin } from '../backend.ts'
import { type PlaysAttempts, WebGpuBackend } from './backend.ts'
import { deviceLost, likelyWins, type Play } from './session.ts'

const job: LotteryJob = { seed: sha256(Uint8Array.of(1)), n: 256, target: 1n }
const other: LotteryJob = { ...job, target: 2n }

interface Played {
  readonly attempt: number
  readonly job: LotteryJob
  cancelled: boolean
  win(): void
  lose(error: unknown): void
}

/** A session whose attempts end when the test says so; the win's tile is the attempt's number. */
class TestSession implements PlaysAttempts {
  readonly played: Played[] = []
  closed = false
  refusal: Error | undefined

  play(job: LotteryJob, attempt: number): Play {
    if (this.refusal !== undefined) throw this.refusal
    let win: (wins: readonly TileWin[]) => void = () => undefined
    let lose: (error: unknown) => void = () => undefined
    const wins = new Promise<readonly TileWin[]>((resolve, reject) => {
      win = resolve
      lose = reject
    })
    wins.catch(() => undefined)
    const played: Played = {
      attempt,
      job,
      cancelled: false,
      win: () => win([{ tile: attempt, ticket: new Uint8Array(32) }]),
      lose,
    }
    this.played.push(played)
    return {
      wins,
      cancel: () => {
        played.cancelled = true
      },
    }
  }

  async close(): Promise<void> {
    this.closed = true
  }
}

function backendOf(...sessions: readonly TestSession[]): WebGpuBackend {
  let opened = 0
  return new WebGpuBackend(sessions[0]!, async () => {
    const next = sessions[++opened]
    if (next === undefined) throw new QuernError('WEBGPU_UNAVAILABLE', 'no further device')
    return next
  })
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const tileOf = async (wins: Promise<readonly TileWin[]>): Promise<number | undefined> => (await wins)[0]?.tile

describe('webgpu backend', () => {
  test('takes up the attempt that was prepared', async () => {
    const session = new TestSession()
    const backend = backendOf(session)
    const first = tileOf(backend.attempt(job, 1))
    backend.prefetch(job, 2)
    backend.prefetch(job, 2)
    expect(session.played.map(({ attempt }) => attempt)).toEqual([1, 2])
    session.played[0]!.win()
    expect(await first).toBe(1)
    const second = tileOf(backend.attempt(job, 2))
    backend.prefetch(job, 3)
    session.played[1]!.win()
    expect(await second).toBe(2)
    expect(session.played.map(({ attempt, cancelled }) => [attempt, cancelled])).toEqual([
      [1, false],
      [2, false],
      [3, false],
    ])
  })

  test('drops what was prepared for nothing', async () => {
    const session = new TestSession()
    const backend = backendOf(session)
    backend.prefetch(job, 1)
    await turn()
    backend.prefetch(job, 2)
    await turn()
    // The same number in another lottery is another attempt.
    const played = tileOf(backend.attempt(other, 2))
    await turn()
    session.played[2]!.win()
    expect(await played).toBe(2)
    expect(session.played.map(({ cancelled }) => cancelled)).toEqual([true, true, false])
    expect(session.played[2]!.job).toBe(other)
  })

  test('leaves by the signal’s reason, and drops what runs and what comes next', async () => {
    const session = new TestSession()
    const backend = backendOf(session)
    const controller = new AbortController()
    const running = backend.attempt(job, 1, controller.signal)
    backend.prefetch(job, 2)
    await expect(backend.attempt(job, 3)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_BUSY' })
    controller.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await turn()
    expect(session.played.map(({ cancelled }) => cancelled)).toEqual([true, true])
    await expect(backend.attempt(job, 4, AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
    const next = tileOf(backend.attempt(job, 5))
    session.played[2]!.win()
    expect(await next).toBe(5)
  })

  test('plays on with another device when one is lost', async () => {
    const [lost, fresh] = [new TestSession(), new TestSession()]
    const backend = backendOf(lost, fresh)
    const running = tileOf(backend.attempt(job, 1))
    backend.prefetch(job, 2)
    for (const played of lost.played) played.lose(deviceLost('reset'))
    await turn()
    expect([lost.closed, fresh.played.map(({ attempt }) => attempt)]).toEqual([true, [1]])
    fresh.played[0]!.win()
    expect(await running).toBe(1)
    // Prepared on the device that is gone.
    const second = tileOf(backend.attempt(job, 2))
    fresh.played[1]!.win()
    expect(await second).toBe(2)
  })

  test('gives up when an attempt loses two devices, and tries once more for the next', async () => {
    const sessions = [new TestSession(), new TestSession(), new TestSession()]
    const backend = backendOf(...sessions)
    const running = expect(backend.attempt(job, 1)).rejects.toMatchObject({ code: 'WEBGPU_DEVICE_LOST' })
    sessions[0]!.played[0]!.lose(deviceLost('reset'))
    await turn()
    sessions[1]!.played[0]!.lose(deviceLost('reset'))
    sessions[1]!.refusal = deviceLost('reset')
    await running
    const next = tileOf(backend.attempt(job, 2))
    await turn()
    sessions[2]!.played[0]!.win()
    expect(await next).toBe(2)
  })

  test('opens one device for all attempts that wait for it, and plays none that has been left', async () => {
    const [lost, fresh, spare] = [new TestSession(), new TestSession(), new TestSession()]
    const sessions = [fresh, spare]
    let open = (): void => undefined
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const backend = new WebGpuBackend(lost, async () => {
      const session = sessions.shift()!
      await opened
      return session
    })
    const controller = new AbortController()
    const left = backend.attempt(job, 1, controller.signal)
    lost.refusal = deviceLost('reset')
    lost.played[0]!.lose(lost.refusal)
    await turn()
    controller.abort(new Error('enough'))
    await expect(left).rejects.toThrow('enough')
    const next = tileOf(backend.attempt(other, 2))
    await turn()
    open()
    await turn()
    expect(sessions).toEqual([spare])
    expect(fresh.played.map(({ attempt }) => attempt)).toEqual([2])
    fresh.played[0]!.win()
    expect(await next).toBe(2)
  })

  test('says what else is wrong as it is', async () => {
    const session = new TestSession()
    const backend = backendOf(session)
    session.refusal = new QuernError('LOTTERY_MATRIX_SIZE', 'no kernel')
    backend.prefetch(job, 1)
    await expect(backend.attempt(job, 1)).rejects.toMatchObject({ code: 'LOTTERY_MATRIX_SIZE' })
    session.refusal = deviceLost('unplugged')
    await expect(backend.attempt(job, 1)).rejects.toMatchObject({ code: 'WEBGPU_UNAVAILABLE' })
  })

  test('ends what runs when it is closed', async () => {
    const session = new TestSession()
    const backend = backendOf(session)
    const running = expect(backend.attempt(job, 1)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_CLOSED' })
    await backend.close()
    await running
    expect(session.closed).toBe(true)
    backend.prefetch(job, 2)
    await expect(backend.attempt(job, 2)).rejects.toMatchObject({ code: 'LOTTERY_BACKEND_CLOSED' })
    expect(session.played.length).toBe(1)
  })
})

test('there is room for more winners than are likely, and never for more than there are tiles', () => {
  expect(likelyWins({ n: 8192, target: 0n })).toBe(32)
  expect(likelyWins({ n: 256, target: 2n ** 256n - 1n })).toBe(256)
  // A quarter of 2^18 tiles.
  expect(likelyWins({ n: 8192, target: 2n ** 254n })).toBe(65_536 + 8 * 256 + 32)
})
