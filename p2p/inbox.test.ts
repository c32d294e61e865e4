import { afterEach, describe, expect, it, vi } from 'vitest'
import { Inbox } from './inbox.ts'
import { PauseWatch } from './pause.ts'

function setup(changes: { readonly isReserved?: (peer: string) => boolean; readonly wasPaused?: () => boolean } = {}) {
  const penalties: string[] = []
  const inbox = new Inbox({
    networkDelayMs: 200,
    nowMs: () => 0,
    isReserved: () => false,
    wasPaused: () => false,
    penalize: (_, code) => penalties.push(code),
    onDropped: () => {},
    ...changes,
  })
  return { inbox, penalties }
}

/** Until the limits say no. */
function fill(inbox: Inbox, peer: string): void {
  while (inbox.admits(peer, 'vote', 180, 'direct')) {
    // Goes on.
  }
}

describe('limits', () => {
  it('are not used up by a crowd of strangers where validators are concerned', () => {
    const { inbox } = setup({ isReserved: (peer) => peer === 'validator' })
    for (let i = 0; i < 20; i++) fill(inbox, `stranger ${i}`)
    expect(inbox.admits('another', 'vote', 180, 'direct')).toBe(false)
    expect(inbox.admits('validator', 'vote', 180, 'direct')).toBe(true)
  })

  it('are held against nobody when it was us who stood still', () => {
    let isPaused = true
    const { inbox, penalties } = setup({ wasPaused: () => isPaused })
    for (let i = 0; i < 100_000; i++) inbox.admits('peer', 'vote', 180, 'direct')
    expect(penalties).toEqual([])
    expect(inbox.admits('peer', 'vote', 180, 'direct')).toBe(false)
    isPaused = false
    inbox.admits('peer', 'vote', 180, 'direct')
    expect(penalties).toEqual(['MESSAGE_FLOOD'])
  })
})

describe('a pause of this process', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is noticed by whoever asks first afterwards, and forgotten some seconds later', () => {
    vi.useFakeTimers()
    let nowMs = 1_000
    const pauses = new PauseWatch(() => nowMs)
    const pass = (ms: number) => {
      for (let left = ms; left > 0; left -= 500) {
        nowMs += 500
        vi.advanceTimersByTime(500)
      }
    }
    pauses.start()
    pass(20_000)
    expect(pauses.wasPaused()).toBe(false)
    // Stopped: no timer fires.
    nowMs += 30_000
    expect(pauses.wasPaused()).toBe(true)
    pass(4_000)
    expect(pauses.wasPaused()).toBe(true)
    pass(2_000)
    expect(pauses.wasPaused()).toBe(false)
    pauses.stop()
  })
})
