import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageQueues, QUEUE_LIMITS, type QueueLimit } from './message-queue.ts'
import { MESSAGE_TYPES, type MessageType } from './message-types.ts'

const SMALL: QueueLimit = { maxCount: 8, maxBytes: 800, drops: 'newest', maxInWork: 100 }
const PERISHABLE: QueueLimit = { ...SMALL, drops: 'oldest' }
const LIMITS: Readonly<Record<MessageType, QueueLimit>> = {
  proposal: SMALL,
  certificate: SMALL,
  vote: PERISHABLE,
  evidence: SMALL,
  transactions: PERISHABLE,
}

/** Queues whose turns are run by hand. */
function fixture(limits = LIMITS, answer: (item: string) => Promise<unknown> = async () => undefined) {
  const handled: string[] = []
  const dropped: string[] = []
  const turns: (() => void)[] = []
  const queues = new MessageQueues<string>({
    limits,
    handle: (_type, from, item) => {
      handled.push(`${from}:${item}`)
      return answer(item)
    },
    onDropped: (_type, from, item) => dropped.push(`${from}:${item}`),
    schedule: (turn) => turns.push(turn),
  })
  const turn = async () => {
    turns.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const drain = async () => {
    while (turns.length > 0) await turn()
  }
  const push = (type: MessageType, from: string, items: string, bytes = 1) => {
    for (const item of items) queues.push(type, from, item, bytes)
  }
  return { queues, handled, dropped, turns, turn, drain, push }
}

describe('message queues', () => {
  it('hand over later, the oldest block and the newest vote first, peer by peer', async () => {
    const { handled, push, drain } = fixture()
    push('proposal', 'a', '12')
    push('proposal', 'b', '34')
    expect(handled).toEqual([])
    await drain()
    expect(handled.splice(0)).toEqual(['a:1', 'b:3', 'a:2', 'b:4'])
    push('vote', 'a', '12')
    push('vote', 'b', '3')
    await drain()
    expect(handled).toEqual(['a:2', 'b:3', 'a:1'])
  })

  it('give a peer its share and no more: blocks lose the newest, votes the oldest', async () => {
    const { handled, dropped, push, drain } = fixture()
    push('proposal', 'a', '1234')
    expect(dropped.splice(0)).toEqual(['a:3', 'a:4'])
    push('vote', 'a', '5678')
    expect(dropped.splice(0)).toEqual(['a:5', 'a:6'])
    push('proposal', 'b', '9')
    await drain()
    expect(handled.toSorted()).toEqual(['a:1', 'a:2', 'a:7', 'a:8', 'b:9'])
    // A share in bytes as well; what is larger than a share never fits.
    push('vote', 'a', '12', 150)
    push('vote', 'b', '3', 201)
    expect(dropped).toEqual(['a:1', 'b:3'])
  })

  it('let the peer that holds most lose when a queue is full', () => {
    const newest = fixture()
    for (const peer of ['a', 'b', 'c', 'd']) newest.push('proposal', peer, '12')
    newest.push('proposal', 'e', '3')
    // All hold as much, and the newcomer less: one of theirs goes. Then the newcomer holds as much.
    expect(newest.dropped).toEqual(['a:2'])
    expect(newest.queues.waiting('proposal')).toEqual({ count: 8, bytes: 8 })
    const oldest = fixture()
    for (const peer of ['a', 'b', 'c', 'd']) oldest.push('vote', peer, '12')
    oldest.push('vote', 'e', '3')
    expect(oldest.dropped).toEqual(['a:1'])
  })

  it('end a turn after 32, consensus before transactions, and leave no type out', async () => {
    const many = Object.fromEntries(MESSAGE_TYPES.map((t) => [t, { ...LIMITS[t], maxCount: 400 }])) as typeof LIMITS
    const { queues, handled, turn } = fixture(many)
    for (const type of MESSAGE_TYPES) for (let i = 0; i < 40; i++) queues.push(type, 'p', type, 1)
    await turn()
    const count = (type: MessageType) => handled.filter((item) => item === `p:${type}`).length
    expect(MESSAGE_TYPES.map(count)).toEqual([28, 1, 1, 1, 1])
    await turn()
    expect(MESSAGE_TYPES.map(count)).toEqual([40, 18, 2, 2, 2])
  })

  it('hand over no more than may be in work, and go on when one is done', async () => {
    const done: (() => void)[] = []
    const two = { ...LIMITS, vote: { ...PERISHABLE, maxInWork: 2 } }
    const { queues, handled, turns, drain, turn, push } = fixture(
      two,
      () => new Promise<void>((resolve) => done.push(resolve)),
    )
    for (const peer of ['a', 'b', 'c']) push('vote', peer, '1')
    await drain()
    expect(handled).toEqual(['a:1', 'b:1'])
    expect(turns).toEqual([])
    done[0]!()
    await turn()
    await drain()
    expect(handled).toEqual(['a:1', 'b:1', 'c:1'])
    expect(queues.waiting('vote').count).toBe(0)
  })

  it('drop what waits from a peer that was cut off, and everything when they close', async () => {
    const { queues, handled, dropped, push, drain } = fixture()
    push('vote', 'a', '1')
    push('proposal', 'a', '2')
    push('vote', 'b', '3')
    queues.forget('a')
    expect(dropped.splice(0).toSorted()).toEqual(['a:1', 'a:2'])
    await drain()
    expect(handled).toEqual(['b:3'])
    push('vote', 'b', '4')
    queues.close()
    expect(queues.push('vote', 'b', '5', 1)).toBe(false)
    await drain()
    expect(dropped).toEqual(['b:4', 'b:5'])
    expect(handled).toEqual(['b:3'])
  })

  it('hold every bound, lose or hand over each message once, and leave others their share', async () => {
    const event = fc.record({
      type: fc.constantFrom<MessageType>('proposal', 'vote'),
      from: fc.constantFrom('flood', 'flood', 'flood', 'b', 'c', 'd', 'e', 'f'),
      bytes: fc.integer({ min: 1, max: 250 }),
      turn: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 120 }), async (events) => {
        const { queues, handled, dropped, turn, drain } = fixture()
        for (const [i, { type, from, bytes, turn: runs }] of events.entries()) {
          queues.push(type, from, `${i}`, bytes)
          const { count, bytes: waiting } = queues.waiting(type)
          expect(count).toBeLessThanOrEqual(8)
          expect(waiting).toBeLessThanOrEqual(800)
          if (runs && i % 7 === 0) await turn()
        }
        await drain()
        expect([...handled, ...dropped].toSorted()).toEqual(events.map(({ from }, i) => `${from}:${i}`).toSorted())
        for (const type of ['proposal', 'vote'] as const) expect(queues.waiting(type)).toEqual({ count: 0, bytes: 0 })
      }),
      { numRuns: 60 },
    )
  })

  it('a flood of one peer costs the others nothing', () => {
    const { queues, dropped } = fixture(QUEUE_LIMITS)
    for (const type of MESSAGE_TYPES) {
      for (let i = 0; i < 20_000; i++) queues.push(type, 'flood', 'x', 100)
      for (const peer of ['b', 'c', 'd']) expect(queues.push(type, peer, 'y', 100), type).toBe(true)
    }
    expect(dropped.filter((item) => !item.startsWith('flood'))).toEqual([])
  })

  it('runs by itself on the event loop', async () => {
    const handled: string[] = []
    const queues = new MessageQueues<string>({
      handle: async (_type, _from, item) => handled.push(item),
      onDropped: () => {},
    })
    for (let i = 0; i < 100; i++) queues.push('vote', 'p', `${i}`, 100)
    expect(handled).toEqual([])
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
    expect(handled.length).toBe(100)
  })
})
