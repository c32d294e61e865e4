import { afterEach, describe, expect, it } from 'vitest'
import { statementBytes } from '../vm/statement.ts'
import { Announcements } from './announcements.ts'
import { PeerTable } from './peer-table.ts'
import { DELAY_MS, GENESIS, scheme, type TestValidator, validator } from './testing/nodes.ts'
import type { PeerId } from './transport.ts'

const [bad, good] = [validator(61), validator(62)]
let announcements: Announcements
afterEach(() => announcements.clear())

/** Nobody ever answers. */
function setup() {
  const asked: (readonly PeerId[])[] = []
  const table = new PeerTable({ genesisHash: GENESIS, bls: scheme, onFalseClaim: () => {} })
  table.setValidators([bad, good])
  table.ids = () => ['announcer', 'x', 'y', 'z']
  announcements = new Announcements({
    genesisHash: GENESIS,
    networkDelayMs: DELAY_MS,
    bls: scheme,
    table,
    ownAddress: undefined,
    fetchBlock: (from) => {
      asked.push(from)
      return new Promise(() => {})
    },
    deliver: async () => 'accept',
    penalize: () => {},
  })
  const judge = (author: TestValidator, view: number) => {
    const blockHash = new Uint8Array(32).fill(view)
    const signature = scheme.sign(author.secretKey, statementBytes('proposal', GENESIS, 0, view, blockHash))
    return announcements.judge('announcer', { epoch: 0, view, blockHash, author: author.address, signature })
  }
  return { asked, judge }
}

describe('fetching what was announced', () => {
  it('leaves room for others, whatever one author signs', async () => {
    const { asked, judge } = setup()
    for (const view of [1, 2]) void judge(bad, view)
    for (const view of [3, 4, 5]) expect(await judge(bad, view)).toBe('later')
    void judge(good, 6)
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toHaveLength(3)
  })

  it('does not depend on who announced it first', async () => {
    const { asked, judge } = setup()
    void judge(good, 1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toEqual([['announcer', 'x', 'y']])
  })
})
