/** The record beside a key, over lives of its machine. */
import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../core/event-queue.ts'
import { randomStream } from '../../core/random.ts'
import { SimSigningRecord } from './signing-record.ts'

const SLOW = { slowShare: 1, maxDelayMs: 50 }
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the signing record of a machine', () => {
  it('says nothing where the journal is whole, and bars what was reserved where it is lost', async () => {
    const queue = new EventQueue()
    const record = new SimSigningRecord(queue, randomStream(1, 'record'), 4)
    const first = record.open(SLOW, () => true)
    expect(first.barredUpTo).toBeUndefined()
    let isDone = false
    void first.reserve(0, 3).then(() => {
      isDone = true
    })
    await turn()
    expect(isDone).toBe(false)
    while (queue.runNext()) await turn()
    expect(isDone).toBe(true)
    // Covered already: no write, so no time.
    await first.reserve(0, 7)
    expect(record.open(SLOW, () => true).barredUpTo).toBeUndefined()
    record.lostDisk()
    expect(record.open(SLOW, () => true).barredUpTo).toEqual({ epoch: 0, view: 7 })
    // The bar outlives the life that met it.
    expect(record.open(SLOW, () => true).barredUpTo).toEqual({ epoch: 0, view: 7 })
  })

  it('of a life that ended in the middle of a write resolves nothing, and holds the old bound or the new one', async () => {
    const bounds = new Set<number>()
    for (let seed = 0; seed < 16; seed++) {
      const queue = new EventQueue()
      const record = new SimSigningRecord(queue, randomStream(seed, 'record'), 1)
      let isAlive = true
      const life = record.open(SLOW, () => isAlive)
      let isDone = false
      void life.reserve(2, 5).then(() => {
        isDone = true
      })
      await turn()
      isAlive = false
      while (queue.runNext()) await turn()
      expect(isDone).toBe(false)
      record.lostDisk()
      bounds.add(record.open(SLOW, () => true).barredUpTo?.view ?? -1)
    }
    expect([...bounds].sort((a, b) => a - b)).toEqual([-1, 6])
  })
})
