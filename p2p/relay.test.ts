import { describe, expect, it } from 'vitest'
import { Relay } from './relay.ts'

function relayAt(slotMs: number) {
  const clock = { nowMs: 0 }
  return { relay: new Relay(slotMs, () => clock.nowMs), clock }
}

describe('relay', () => {
  it('lets what was accepted go out once in a slot, and nothing else', () => {
    const { relay, clock } = relayAt(1_000)
    expect(relay.takeTurn('a')).toBe(false)
    relay.accept('a')
    expect([relay.takeTurn('a'), relay.takeTurn('a')]).toEqual([true, false])
    clock.nowMs = 999
    expect(relay.takeTurn('a')).toBe(false)
    clock.nowMs = 1_000
    expect([relay.takeTurn('a'), relay.takeTurn('a')]).toEqual([true, false])
    relay.clear()
    expect(relay.takeTurn('a')).toBe(false)
  })

  it('knows what this node said itself', () => {
    const { relay } = relayAt(1_000)
    relay.accept('heard')
    expect([relay.say('heard'), relay.say('heard'), relay.say('own'), relay.say('own')]).toEqual([
      false,
      true,
      false,
      true,
    ])
    expect(relay.isAccepted('own')).toBe(true)
  })

  it('sends one certificate of a view in a slot: the first that was accepted, unless another went by', () => {
    const { relay, clock } = relayAt(1_000)
    const [first, second] = [Uint8Array.of(1), Uint8Array.of(2)]
    expect(relay.dueCertificate('0/1/nullify')).toBeUndefined()
    relay.acceptCertificate('0/1/nullify', first)
    relay.acceptCertificate('0/1/nullify', second)
    expect(relay.dueCertificate('0/1/nullify')).toBe(first)
    relay.relayedCertificate('0/1/nullify')
    expect(relay.dueCertificate('0/1/nullify')).toBeUndefined()
    clock.nowMs = 1_000
    expect(relay.dueCertificate('0/1/nullify')).toBe(first)
  })

  it('remembers so many, those longest that still go out', () => {
    const { relay, clock } = relayAt(10)
    relay.accept('lasting')
    for (let i = 0; i < 40_000; i++) {
      relay.accept(`${i}`)
      relay.acceptCertificate(`${i}`, Uint8Array.of(1))
      if (i % 1_000 === 0) {
        clock.nowMs += 10
        relay.takeTurn('lasting')
      }
    }
    expect(relay.isAccepted('lasting')).toBe(true)
    expect([relay.isAccepted('0'), relay.isAccepted('39999')]).toEqual([false, true])
    expect(relay.dueCertificate('0')).toBeUndefined()
  })
})
