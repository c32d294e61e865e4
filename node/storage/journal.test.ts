import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JournalRecord } from '../../consensus/simplex/types.ts'
import { anyBlock, anyMessage } from '../../consensus/testing/arbitraries.ts'
import { MemoryStore } from '../../core/kv.ts'
import { Journal } from './journal.ts'

const anyRecord: fc.Arbitrary<JournalRecord> = fc.oneof(
  anyMessage,
  anyBlock.map((block) => ({ type: 'block' as const, block })),
)

const vote = (epoch: number, view: number): JournalRecord => ({
  type: 'vote',
  vote: {
    kind: 'notarize',
    epoch,
    view,
    blockHash: new Uint8Array(32).fill(1),
    validator: 0,
    signature: new Uint8Array(96),
  },
})

describe('journal', () => {
  it('gives back what was appended, in order, over restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(anyRecord, { maxLength: 3 }), { maxLength: 6 }), async (batches) => {
        const store = new MemoryStore()
        for (const batch of batches) await (await Journal.open(store)).append(batch)
        expect((await Journal.open(store)).records).toEqual(batches.flat())
      }),
      { numRuns: 40 },
    )
  })

  it('forgets what a final view settles, in the batch of that block, and nothing later', async () => {
    const store = new MemoryStore()
    const journal = await Journal.open(store)
    await journal.append([vote(0, 9), vote(1, 3), vote(1, 4), vote(1, 5), vote(2, 0)])
    const operations = journal.forget(1, 4)
    expect((await Journal.open(store)).size).toBe(5)
    await store.write(operations)
    const left = await Journal.open(store)
    expect(left.records).toEqual([vote(1, 5), vote(2, 0)])
    await left.append([vote(2, 1)])
    expect((await Journal.open(store)).records).toEqual([vote(1, 5), vote(2, 0), vote(2, 1)])
  })
})
