import { describe, expect, it } from 'vitest'
import { sha256 } from '../../core/hash.ts'
import type { Clock } from '../clock.ts'
import { VoteHold } from './vote-hold.ts'

class ManualClock implements Clock {
  now = 1_000_000
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  nowMs(): number {
    return this.now
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.now + delayMs, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  advance(byMs: number): number {
    this.now += byMs
    for (const timer of [...this.#timers]) {
      if (timer.at > this.now) continue
      this.#timers.delete(timer)
      timer.callback()
    }
    return 0
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('vote hold (C9: a block dated ahead gets no vote before its time)', () => {
  const hash = sha256(Uint8Array.of(1))
  const setup = (aheadMs: number) => {
    const clock = new ManualClock()
    const hold = new VoteHold(clock, 500)
    let isOver = false
    const done = hold.until(hash, clock.now + aheadMs).then(() => {
      isOver = true
    })
    return { clock, hold, done, isOver: () => isOver }
  }

  it('lets blocks within the drift through at once', async () => {
    const { isOver, hold } = setup(500)
    await turn()
    expect([isOver(), hold.holds(hash)]).toEqual([true, false])
  })

  it('waits until the rest of a later date has passed', async () => {
    const { clock, isOver, hold } = setup(10 * 365 * 86_400_000)
    await turn()
    clock.advance(9 * 365 * 86_400_000)
    await turn()
    expect([isOver(), hold.holds(hash)]).toEqual([false, true])
    clock.advance(365 * 86_400_000 - 500)
    await turn()
    expect(isOver()).toBe(true)
  })

  it('ends when a quorum has decided without us', async () => {
    const { hold, done } = setup(86_400_000)
    await turn()
    hold.release(sha256(Uint8Array.of(2)))
    expect(hold.holds(hash)).toBe(true)
    hold.release(hash)
    await done
    expect(hold.holds(hash)).toBe(false)
  })

  it('ends for blocks that lost, and for no other', async () => {
    const { hold, done } = setup(10 * 365 * 86_400_000)
    await turn()
    hold.releaseExcept((open) => open === hash)
    expect(hold.holds(hash)).toBe(true)
    hold.releaseExcept(() => false)
    await done
    expect(hold.holds(hash)).toBe(false)
  })
})
