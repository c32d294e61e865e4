import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { SenderLines } from './sender-lines.ts'

const [ALICE, BOB] = [1, 2].map((fill) => new Uint8Array(20).fill(fill)) as [Uint8Array, Uint8Array]

describe('lines of senders', () => {
  /** Work that begins when it is let, and ends when it is told. */
  function setup(maxWaiting: number) {
    const lines = new SenderLines(maxWaiting)
    const begun: string[] = []
    const ends = new Map<string, (error?: Error) => void>()
    const work = (name: string) => () => {
      begun.push(name)
      return new Promise<string>((resolve, reject) => {
        ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)))
      })
    }
    return { lines, begun, work, end: (name: string, error?: Error) => ends.get(name)?.(error) }
  }

  it('move one by one, and do not wait for each other, or for a failure', async () => {
    const { lines, begun, work, end } = setup(9)
    const first = lines.run(ALICE, work('a1'))
    const second = lines.run(ALICE, work('a2'))
    lines.run(BOB, work('b1'))
    await setImmediate()
    expect(begun).toEqual(['a1', 'b1'])
    end('a1', new Error('no'))
    await expect(first).rejects.toThrow('no')
    await setImmediate()
    expect(begun).toEqual(['a1', 'b1', 'a2'])
    end('a2')
    expect(await second).toBe('a2')
  })

  it('have room for so many in all, and for others once some are done', async () => {
    const { lines, work, end } = setup(2)
    const first = lines.run(ALICE, work('a1'))
    lines.run(ALICE, work('a2'))
    expect(lines.run(BOB, work('b1'))).toBeUndefined()
    end('a1')
    await first
    expect(lines.run(BOB, work('b1'))).toBeDefined()
    expect(lines.run(BOB, work('b2'))).toBeUndefined()
  })
})
