/**
 * Work that leads, end to end: a worker registers for a validator, its results are verified, and two epochs later that
 * validator leads more views. PROTOCOL 2 (kinds 4, 9), 5.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAST_PARAMS, testKey } from '../../consensus/testing/chain.ts'
import { formatAddress } from '../../core/address.ts'
import { FilterStore } from '../../node/rpc/filters.ts'
import { chain_getLeaders } from '../../node/rpc/methods/chain_getLeaders.ts'
import { DIFFICULTY_FLOOR_MACS } from '../../vm/params.ts'
import { epochs } from '../../vm/state/tables.ts'
import { readRecord } from '../../vm/state/view.ts'
import { Account, Player } from './player.ts'
import { SteppedCluster } from './stepped-cluster.ts'

const VALIDATORS = 4
/** The validator that is worked for, and the worker, by their keys. */
const BACKED = 2
const WORKER = 5
const { epochBlocks } = FAST_PARAMS
/** The most views that one question may ask for. */
const VIEWS = 256

let cluster: SteppedCluster
let owner: Account
let worker: Player
beforeAll(async () => {
  cluster = new SteppedCluster(VALIDATORS, FAST_PARAMS)
  await cluster.start()
  owner = new Account(cluster, BACKED)
  worker = new Player(cluster, WORKER, 256)
})
afterAll(() => cluster.stop())

interface Leaders {
  readonly leaders: readonly { readonly view: number; readonly validator: string }[]
  readonly members: readonly Readonly<Record<string, string | number | null>>[]
}

function leadersOf(epoch: number): Leaders {
  const { node } = cluster
  const filters = new FilterStore(node, () => 0)
  const context = { node, dev: undefined, filters, connection: undefined, clientVersion: '', methods: [] }
  return chain_getLeaders.call(context, [epoch, 0, VIEWS]) as Leaders
}

const backed = formatAddress(testKey(BACKED).owner)
const memberOf = (epoch: number) => leadersOf(epoch).members.find(({ validator }) => validator === backed)!
const viewsLed = (epoch: number): number =>
  leadersOf(epoch).leaders.filter(({ validator }) => validator === backed).length
const register = (): Promise<string | undefined> =>
  worker.account.send({ kind: 'REGISTER_WORKER', validator: testKey(BACKED).owner, profile: 'four cores' })
const opened = (openToWorkers: boolean) =>
  owner.send({ kind: 'UPDATE_VALIDATOR', name: '', website: '', description: '', commissionBps: 0, openToWorkers })

describe('REGISTER_WORKER, verified work and leadership', () => {
  it('a validator that is not open takes no worker; one that opens does', async () => {
    await cluster.nextBlock()
    expect(await register()).toBe('WORKERS_NOT_ACCEPTED')
    expect(await opened(true)).toBeUndefined()
    await cluster.nextBlock()
    expect(await register()).toBeUndefined()
    await cluster.nextBlock()
  })

  it('work before the next epoch counts for nobody, later work for the validator', async () => {
    while (cluster.height < 2 * epochBlocks) {
      await worker.play(1)
      await cluster.nextBlock()
    }
    await opened(false)
    await cluster.advanceTo(4 * epochBlocks)
    // Registered in epoch 0: what was verified there leads nobody in epoch 2.
    expect(readRecord(cluster.node.stateAt(epochBlocks)!, epochs, 0)!.results).toBeGreaterThan(0)
    expect(memberOf(2)).toMatchObject({ work_macs: '0', work_share: 0, stake_share: 0.25, view_share: 0.25 })
    // All that was verified in epoch 1 is the validator's: a quarter by stake and all of the work, half and half.
    const { work_macs, ...shares } = memberOf(3)
    expect(BigInt(work_macs as string)).toBeGreaterThan(10n * DIFFICULTY_FLOOR_MACS)
    expect(shares).toMatchObject({ work_share: 1, stake_share: 0.25, view_share: 0.625 })
  })

  it('two epochs later the validator leads more: in the schedule, and in the blocks that follow it', async () => {
    // Of 256 views 64 are expected by stake alone, with a standard deviation of 7, and 160 by stake and work.
    for (const epoch of [0, 1, 2]) expect(Math.abs(viewsLed(epoch) - 64)).toBeLessThan(5 * 7)
    expect(Math.abs(viewsLed(3) - 160)).toBeLessThan(5 * 8)
    for (const epoch of [2, 3]) {
      const { leaders } = leadersOf(epoch)
      for (let height = epoch * epochBlocks + 1; height <= (epoch + 1) * epochBlocks; height++) {
        const { view, proposer } = cluster.node.blockByHeight(height)!.block.header
        expect(formatAddress(proposer)).toBe(leaders[view]!.validator)
      }
    }
    // The work of epoch 1 counts for epoch 3 alone.
    expect(memberOf(4)).toMatchObject({ work_macs: '0', work_share: 0, view_share: 0.25 })
  })

  it('a validator that closes keeps the worker it has, and takes no other', async () => {
    const other = new Account(cluster, WORKER + 1)
    const action = { kind: 'REGISTER_WORKER', validator: testKey(BACKED).owner, profile: '' } as const
    expect(await other.send(action)).toBe('WORKERS_NOT_ACCEPTED')
    await worker.play(1)
    await cluster.advanceTo(6 * epochBlocks)
    expect(memberOf(6)).toMatchObject({ work_share: 1, view_share: 0.625 })
  })
})
