import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../core/event-queue.ts'
import type { KvOperation } from '../../core/kv.ts'
import { randomStream } from '../../core/random.ts'
import { SimDisk } from './disk.ts'

const put = (key: number, value: number): KvOperation => ({
  type: 'put',
  key: Uint8Array.of(0x40, key),
  value: Uint8Array.of(value),
})

const SLOW = { slowShare: 1, maxDelayMs: 10 }

function diskOf(seed: number, tempo = SLOW) {
  const queue = new EventQueue()
  const disk = new SimDisk(queue, randomStream(seed, 'disk'))
  disk.tempo = tempo
  const durable: number[] = []
  disk.onDurable = ({ key }) => durable.push(key[1]!)
  return { queue, disk, durable }
}

const keysOn = (disk: SimDisk): number[] => disk.content().map(([key]) => key[1]!)

describe('a simulated disk', () => {
  it('keeps of a crash a whole prefix of the batches, and all that were synced', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 60; seed++) {
      const { queue, disk, durable } = diskOf(seed)
      const store = disk.open()
      const first = store.write([put(1, 1), put(2, 2)], { sync: true })
      while (queue.runNext()) await Promise.resolve()
      await first
      void store.write([put(3, 3), put(4, 4)], { sync: true })
      void store.write([put(5, 5)])
      disk.crash()
      const kept = keysOn(disk)
      seen.add(kept.join(' '))
      expect(durable).toEqual(kept)
      expect(keysOn(disk).slice(0, 2)).toEqual([1, 2])
    }
    expect([...seen].sort()).toEqual(['1 2', '1 2 3 4', '1 2 3 4 5'])
  })

  it('loses what was done and not synced, unless a later batch was', async () => {
    const lost = new Set<number>()
    for (let seed = 0; seed < 40; seed++) {
      const { disk } = diskOf(seed, { slowShare: 0, maxDelayMs: 0 })
      const store = disk.open()
      await store.write([put(1, 1)])
      await store.write([put(2, 2)], { sync: true })
      await store.write([put(3, 3)])
      disk.crash()
      lost.add(keysOn(disk).length)
      expect(keysOn(disk).slice(0, 2)).toEqual([1, 2])
    }
    expect([...lost].sort()).toEqual([2, 3])
  })

  it('puts back what a lost batch had overwritten or deleted', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { disk } = diskOf(seed, { slowShare: 0, maxDelayMs: 0 })
      const store = disk.open()
      await store.write([put(1, 1), put(2, 2)], { sync: true })
      disk.tempo = SLOW
      void store.write([put(1, 9), { type: 'delete', key: Uint8Array.of(0x40, 2) }], { sync: true })
      disk.crash()
      const values = disk.content().map(([, value]) => value[0])
      expect([[1, 2], [9]]).toContainEqual(values)
    }
  })

  it('answers no write of a life that is over', async () => {
    const { queue, disk } = diskOf(1)
    const before = disk.open()
    let isAnswered = false
    void before.write([put(1, 1)], { sync: true }).then(() => {
      isAnswered = true
    })
    disk.crash()
    const kept = keysOn(disk)
    void before.write([put(2, 2)], { sync: true })
    while (queue.runNext()) await Promise.resolve()
    expect(isAnswered).toBe(false)
    expect(keysOn(disk)).toEqual(kept)
  })

  it('finishes batches in the order of issue, and lists keys in theirs', async () => {
    const { queue, disk, durable } = diskOf(4)
    const store = disk.open()
    const writes = [5, 3, 4, 1].map((key) => store.write([put(key, key)], { sync: true }))
    while (queue.runNext()) await Promise.resolve()
    await Promise.all(writes)
    expect(durable).toEqual([5, 3, 4, 1])
    expect(keysOn(disk)).toEqual([1, 3, 4, 5])
    const range = { gte: Uint8Array.of(0x40, 3), lt: Uint8Array.of(0x40, 5), reverse: true }
    expect(disk.content(range).map(([key]) => key[1])).toEqual([4, 3])
    expect(disk.content({ ...range, limit: 1 }).map(([key]) => key[1])).toEqual([4])
  })
})
