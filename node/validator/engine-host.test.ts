import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Input } from '../../consensus/simplex/types.ts'
import type { Certificate, Message } from '../../consensus/types.ts'
import { ZERO_HASH } from '../../core/bytes.ts'
import { SystemClock } from '../clock.ts'
import {
  EngineHost,
  MAX_PROPOSALS_PER_SENDER,
  MAX_WAITING_MESSAGES,
  MAX_WAITING_PER_SENDER,
  MAX_WAITING_PROPOSALS,
} from './engine-host.ts'

/** An engine that is busy with its first input until `go`, and counts the rest. */
function setup() {
  const seen = { proposal: 0, vote: 0 }
  let go: () => void = () => {}
  const busy = new Promise<void>((resolve) => {
    go = resolve
  })
  const step = (input: Input) => {
    if (input.type === 'start') return [{ type: 'lagging', epoch: 0, from: undefined } as const]
    if (input.type === 'message' && input.message.type !== 'certificate') seen[input.message.type]++
    return []
  }
  const host = new EngineHost(
    { step },
    { clock: new SystemClock(), persist: async () => {}, handle: () => busy, failed: () => {} },
  )
  host.push({ type: 'start' })
  const drain = async () => {
    go()
    await host.between(async () => undefined)
  }
  return { host, seen, drain }
}

// The host looks at no more than the kind.
const proposal = { type: 'proposal' } as Message
const vote: Message = {
  type: 'vote',
  vote: { kind: 'nullify', epoch: 0, view: 0, blockHash: ZERO_HASH, validator: 0, signature: new Uint8Array(96) },
}

describe('messages that wait while the engine is busy', () => {
  it('are bounded, and proposals among them by their weight', async () => {
    const { host, seen, drain } = setup()
    await Promise.resolve()
    const senders = MAX_WAITING_MESSAGES / MAX_WAITING_PER_SENDER
    for (let i = 0; i < 3 * MAX_WAITING_PROPOSALS; i++) {
      host.push({ type: 'message', message: proposal, from: `peer-${i % (2 * senders)}` })
    }
    for (let i = 0; i < 2 * MAX_WAITING_MESSAGES; i++) {
      host.push({ type: 'message', message: vote, from: `peer-${i % (2 * senders)}` })
    }
    await drain()
    expect(seen.proposal).toBe(MAX_WAITING_PROPOSALS)
    expect(seen.proposal + seen.vote).toBe(MAX_WAITING_MESSAGES)
    // Room again once they are gone.
    host.push({ type: 'message', message: proposal })
    await host.between(async () => undefined)
    expect(seen.proposal).toBe(MAX_WAITING_PROPOSALS + 1)
    await host.stop()
  })

  it('leave room for others: one sender has its share and no more', async () => {
    const { host, seen, drain } = setup()
    await Promise.resolve()
    for (let i = 0; i < 2 * MAX_PROPOSALS_PER_SENDER; i++) {
      host.push({ type: 'message', message: proposal, from: 'flooder' })
    }
    for (let i = 0; i < MAX_WAITING_MESSAGES; i++) host.push({ type: 'message', message: vote, from: 'flooder' })
    host.push({ type: 'message', message: proposal, from: 'honest' })
    host.push({ type: 'message', message: vote, from: 'honest' })
    await drain()
    expect(seen.proposal).toBe(MAX_PROPOSALS_PER_SENDER + 1)
    expect(seen.proposal + seen.vote).toBe(MAX_WAITING_PER_SENDER + 2)
    await host.stop()
  })
})

it('an input that arrives while the host comes to rest is taken at once, not with the next one', async () => {
  for (let turns = 0; turns < 24; turns++) {
    const taken: Input[] = []
    const step = (input: Input): [] => {
      taken.push(input)
      return []
    }
    const host = new EngineHost(
      { step },
      { clock: new SystemClock(), persist: async () => {}, handle: () => {}, failed: () => {} },
    )
    host.push({ type: 'timer', id: 'first' })
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    host.push({ type: 'timer', id: 'second' })
    await setImmediate()
    expect(taken, `${turns} turns later`).toHaveLength(2)
    await host.stop()
  }
})

describe('a certificate of our own making', () => {
  it('is unsaid until the disk holds the vote before it, and it is sent', async () => {
    const certificate: Certificate = {
      ...{ kind: 'finalize', epoch: 0, view: 0, blockHash: ZERO_HASH },
      ...{ signers: Uint8Array.of(1), signature: new Uint8Array(96) },
    }
    if (vote.type !== 'vote') throw new Error('a vote')
    const record = { type: 'vote', vote: vote.vote } as const
    const sends = { type: 'broadcast', message: { type: 'certificate', certificate } } as const
    const seen: [when: string, isUnsaid: boolean][] = []
    const see = (when: string): unknown => seen.push([when, host.isUnsaid(certificate)])
    const host: EngineHost = new EngineHost(
      { step: () => [{ type: 'persist', record }, sends] },
      {
        clock: new SystemClock(),
        persist: async () => {
          see('writing')
          await setImmediate()
          see('written')
        },
        handle: () => void see('sending'),
        failed: () => {},
      },
    )
    host.push({ type: 'start' })
    await host.between(async () => undefined)
    expect(seen).toEqual([
      ['writing', true],
      ['written', true],
      ['sending', false],
    ])
    await host.stop()
  })
})
