import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { utf8 } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { privateKeyToAddress } from '../../../core/secp256k1.ts'
import { WEI_PER_CPC } from '../../../core/units.ts'
import type { Action } from '../../../vm/transaction/types.ts'
import {
  callMethod,
  type Fixture,
  fixture,
  native,
  overriding,
  PARAMS,
  refusalTag,
  VALIDATORS,
  WORKER,
  winningResult,
} from '../fixture.ts'
import { chain_getLeaders } from './chain_getLeaders.ts'

interface Leaders {
  epoch: number
  leaders: { view: number; validator: string }[]
  members: {
    validator: string
    stake: string
    stake_share: number
    work_macs: string | null
    work_share: number | null
    weight: string
    view_share: number
  }[]
}

describe('chain_getLeaders', () => {
  it('names who proposed the blocks there are', async () => {
    const { context, chain } = fixture()
    const { leaders } = await callMethod<Leaders>(context, chain_getLeaders, { epoch: 0, from: 0, count: 8 })
    for (const { view, validator } of leaders) {
      expect(validator).toBe(formatAddress(chain.blockByHeight(view + 1)!.block.header.proposer))
    }
    expect(leaders).toHaveLength(8)
  })

  it('begins after the newest block', async () => {
    const { context, chain } = fixture()
    const { epoch, leaders } = await callMethod<Leaders>(context, chain_getLeaders)
    expect([epoch, leaders[0]!.view, leaders.length]).toEqual([1, chain.latest().view + 1, 16])
    expect(leaders[0]!.validator).toBe(formatAddress(chain.mine().block.header.proposer))
  })

  it('refuses epochs whose randomness is not known, and too many', async () => {
    const { context } = fixture()
    expect(await refusalTag(context, chain_getLeaders, [2])).toBe('EPOCH_UNKNOWN')
    expect(await refusalTag(context, chain_getLeaders, [1, 0, 257])).toBe('INVALID_PARAMS')
  })
})

describe('the members of its answer', () => {
  const backed = VALIDATORS[1]!
  const privateKey = sha256(utf8('validator 1'))
  const owner = { privateKey, address: privateKeyToAddress(privateKey) }

  const toEpoch = ({ chain }: Fixture, epoch: number): void => {
    while (chain.latest().height < epoch * PARAMS.epochBlocks) chain.mine()
  }
  const send = ({ chain }: Fixture, from: typeof owner, action: Action): void => {
    chain.mine({ include: [chain.decode(native(chain, from, action))] })
  }

  it('show work registered for a validator two epochs later, and stake alone before', async () => {
    const net = fixture()
    const { chain, context, dev } = net
    await dev.setBalance(owner.address, WEI_PER_CPC)
    const texts = { name: '', website: '', description: '' }
    send(net, owner, { kind: 'UPDATE_VALIDATOR', ...texts, commissionBps: 0, openToWorkers: true })
    send(net, WORKER, { kind: 'REGISTER_WORKER', validator: backed, profile: '' })
    toEpoch(net, 2)
    const seed = chain.latest().height - 1
    for (const skip of [0, 1, 2]) send(net, WORKER, winningResult(chain, seed, skip))
    // Of a worker without a validator: it raises nobody.
    send(net, WORKER, { kind: 'REGISTER_WORKER', validator: undefined, profile: '' })
    toEpoch(net, 4)

    const membersOf = async (epoch: number) => {
      const { members } = await callMethod<Leaders>(context, chain_getLeaders, [epoch, 0, 0])
      return new Map(members.map((member) => [member.validator, member]))
    }
    // What was verified in epoch 0 counts for nobody, and nothing was in epoch 1.
    for (const epoch of [2, 3]) {
      for (const { stake_share, work_share, view_share } of (await membersOf(epoch)).values()) {
        expect([epoch, work_share, view_share]).toEqual([epoch, 0, stake_share])
      }
    }
    const members = await membersOf(4)
    expect([...members.keys()]).toEqual(VALIDATORS.toSorted(Buffer.compare).map(formatAddress))
    const worked = members.get(formatAddress(backed))!
    const idle = members.get(formatAddress(VALIDATORS[0]!))!
    expect(worked.work_macs).toBe(String(3n * PARAMS.genesisDifficultyMacs))
    expect([worked.work_share, idle.work_macs, idle.work_share]).toEqual([1, '0', 0])
    // Half by stake, half by work; the other one has a little more stake, by a delegation.
    const total = BigInt(worked.stake) + BigInt(idle.stake)
    expect(BigInt(worked.weight) * BigInt(idle.stake)).toBe(BigInt(idle.weight) * (BigInt(worked.stake) + total))
    expect(worked.stake_share + idle.stake_share).toBeCloseTo(1, 5)
    expect(worked.view_share).toBeCloseTo((worked.stake_share + 1) / 2, 5)
    expect(idle.view_share).toBeCloseTo(idle.stake_share / 2, 5)
  })

  it('leave work out that this node no longer holds', async () => {
    const net = fixture()
    toEpoch(net, 2)
    const node = overriding(net.chain, { stateAt: () => undefined })
    const { members } = await callMethod<Leaders>({ ...net.context, node }, chain_getLeaders, [2])
    expect(members.map(({ work_macs, work_share }) => [work_macs, work_share])).toEqual([
      [null, null],
      [null, null],
    ])
    expect(members.reduce((sum, { view_share }) => sum + view_share, 0)).toBeCloseTo(1, 5)
  })
})
