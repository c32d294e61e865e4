/** A devnet in one process, over real sockets, while its nodes die and its network is cut. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PATIENCE, standsStill, TestDevnet } from './devnet-fixture.ts'

interface NodeView {
  readonly name: string
  readonly multiaddr: string
  readonly pid: number | null
  readonly finalized_height: number | null
  readonly finalized_hash: string | null
}

let devnet: TestDevnet
beforeAll(async () => {
  devnet = await TestDevnet.start({ validators: 4, blockIntervalMs: 40, networkDelayMs: 150 })
})
afterAll(() => devnet.stop())

const nodes = () => devnet.rpc<NodeView[]>('dev_getNodes')
const heightOf = async (index: number): Promise<number> => (await nodes())[index]?.finalized_height ?? -1
const finalHeight = async (): Promise<number> => (await devnet.header('finalized')).height
const rises = async (by = 3): Promise<void> => {
  const from = await finalHeight()
  await expect.poll(finalHeight, PATIENCE).toBeGreaterThan(from + by)
}
const catchesUp = async (index: number): Promise<void> => {
  const target = await finalHeight()
  await expect.poll(() => heightOf(index), PATIENCE).toBeGreaterThanOrEqual(target)
}

describe('a devnet of four validators', () => {
  it('lists its nodes, each at its own address', async () => {
    const listed = await nodes()
    expect(listed.map(({ name }) => name)).toEqual(['validator-0', 'validator-1', 'validator-2', 'validator-3', 'node'])
    expect(new Set(listed.map(({ multiaddr }) => multiaddr)).size).toBe(5)
    for (const { multiaddr, pid } of listed) {
      expect(multiaddr).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3/)
      expect(pid).toBe(process.pid)
    }
  })

  it('goes on without one, which catches up when it is back', async () => {
    await rises()
    await devnet.rpc('dev_killValidator', [2])
    expect(await nodes()).toMatchObject([{}, {}, { pid: null, finalized_height: null }, {}, {}])
    await rises(5)
    const { multiaddr } = (await nodes())[2]!
    await devnet.rpc('dev_restartValidator', [2])
    expect((await nodes())[2]!.multiaddr).toBe(multiaddr)
    await catchesUp(2)
  })

  it('stands still without two, and goes on with one of them', async () => {
    await devnet.rpc('dev_killValidator', [0])
    await devnet.rpc('dev_killValidator', [3])
    await standsStill(finalHeight)
    await devnet.rpc('dev_restartValidator', [3])
    await rises()
    await devnet.rpc('dev_restartValidator', [0])
    await catchesUp(0)
  })

  it('stands still in halves, and goes on when it is whole', async () => {
    await devnet.rpc('dev_partition', [
      [
        [0, 1],
        [2, 3],
      ],
    ])
    await standsStill(finalHeight)
    await devnet.rpc('dev_heal')
    await rises()
  })

  it('leaves behind whoever is cut off', async () => {
    await devnet.rpc('dev_partition', [[[0, 1, 2]]])
    const before = await heightOf(3)
    await rises(8)
    // One block under way may still have reached it.
    expect(await heightOf(3)).toBeLessThanOrEqual(before + 3)
    // Restarted, it is cut off as before.
    await devnet.rpc('dev_killValidator', [3])
    await devnet.rpc('dev_restartValidator', [3])
    await rises()
    expect(await heightOf(3)).toBeLessThanOrEqual(before + 3)
    await devnet.rpc('dev_heal')
    await catchesUp(3)
  })

  it('takes and restores a snapshot while one is down, which then has the same chain', async () => {
    await devnet.rpc('dev_killValidator', [1])
    const id = await devnet.rpc<string>('dev_snapshot')
    await devnet.rpc('dev_mine', [2])
    expect(await devnet.rpc('dev_revert', [id])).toBe(true)
    expect((await nodes())[1]!.pid).toBeNull()
    await rises()
    await devnet.rpc('dev_restartValidator', [1])
    await catchesUp(1)
    const { finalized_height, finalized_hash } = (await nodes())[1]!
    await expect.poll(finalHeight, PATIENCE).toBeGreaterThanOrEqual(finalized_height!)
    expect(await devnet.rpc('chain_getHeader', [finalized_height])).toMatchObject({ hash: finalized_hash })
  })

  it('refuses what makes no sense', async () => {
    expect((await devnet.refusal('dev_killValidator', [4])).data.tag).toBe('VALIDATOR_UNKNOWN')
    expect((await devnet.refusal('dev_restartValidator', [4])).data.tag).toBe('VALIDATOR_UNKNOWN')
    expect((await devnet.refusal('dev_partition', [[[0], [0]]])).data.tag).toBe('PARTITION_INVALID')
    // It runs already.
    expect(await devnet.rpc('dev_restartValidator', [0])).toBeNull()
  })
})

it('does not kill the only validator, which answers at the URL', async () => {
  const alone = await TestDevnet.start()
  try {
    expect((await alone.refusal('dev_killValidator', [0])).data.tag).toBe('VALIDATOR_NEEDED')
    expect(await alone.rpc('dev_mine')).toBeNull()
  } finally {
    await alone.stop()
  }
})
