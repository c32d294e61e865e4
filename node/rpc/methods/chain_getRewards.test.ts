import { describe, expect, it } from 'vitest'
import { formatAddress } from '../../../core/address.ts'
import { toHex, utf8 } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { WEI_PER_CPC } from '../../../core/units.ts'
import { accounts } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { ACCOUNTS, callMethod, fixture, native, refusalTag, VALIDATORS } from '../fixture.ts'
import { chain_getRewards } from './chain_getRewards.ts'
import { chain_getSupply } from './chain_getSupply.ts'

interface Block {
  minted: string
  burned_fees: string
  worker_pool: string
  leader: { amount: string; priority_fees: string }
  voters: { amount: string }[]
  carry: string
}
interface Position {
  reward: string
  claimable: string
  unbonding: { amount: string }[]
}

describe('chain_getRewards of a block', () => {
  it('agrees with what the supply says of every block', async () => {
    const { context, chain } = fixture()
    for (let height = 1; height <= chain.latest().height; height++) {
      const paid = await callMethod<Block>(context, chain_getRewards, [height])
      const [before, after] = [height - 1, height].map((at) =>
        callMethod<Record<string, string>>(context, chain_getSupply, [at]),
      )
      const grew = async (name: string) => BigInt((await after)![name]!) - BigInt((await before)![name]!)
      expect(await grew('minted')).toBe(BigInt(paid.minted))
      expect(await grew('burned')).toBe(BigInt(paid.burned_fees))
      const voters = paid.voters.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
      expect(await grew('accrued')).toBe(BigInt(paid.leader.amount) + BigInt(paid.leader.priority_fees) + voters)
      expect((await after)!.carry).toBe(paid.carry)
    }
  })

  it('names the proposer and the voters; genesis pays nobody', async () => {
    const { context, chain } = fixture()
    const { proposer } = chain.blockByHeight(4)!.block.header
    expect(await callMethod(context, chain_getRewards, [4])).toMatchObject({
      leader: { validator: formatAddress(proposer) },
      voters: chain.validatorSet(0)!.members.map(({ address }) => ({ validator: formatAddress(address) })),
    })
    expect(await callMethod(context, chain_getRewards, [1])).toMatchObject({ voters: [] })
    expect(await callMethod(context, chain_getRewards, [0])).toBeNull()
    expect(await refusalTag(context, chain_getRewards, [13])).toBe('BLOCK_UNKNOWN')
  })
})

describe('chain_getRewards at a validator', () => {
  const validator = toHex(VALIDATORS[0]!)
  const carol = ACCOUNTS[2]!
  const delegator = toHex(carol.address)

  it('is what a claim pays', async () => {
    const { context, chain } = fixture()
    const before = await callMethod<Position>(context, chain_getRewards, { validator, delegator })
    expect(before).toMatchObject({ height: 12, tokens: (10n * WEI_PER_CPC).toString(), commission: '0', unbonding: [] })
    expect(BigInt(before.reward)).toBeGreaterThan(0n)
    const balance = () => readRecord(chain.stateAt(chain.latest().height)!, accounts, carol.address)!.balance
    const had = balance()
    await chain.submit(native(chain, carol, { kind: 'CLAIM', positions: [{ validator: VALIDATORS[0]! }] }))
    const [receipt] = chain.mine().receipts
    expect(balance() - had).toBe(BigInt(before.claimable) - BigInt(receipt!.gasUsed) * receipt!.effectiveGasPrice)
  })

  it('shows what is unbonding, and when it can be claimed', async () => {
    const { context, chain } = fixture()
    await chain.submit(
      native(chain, carol, { kind: 'UNDELEGATE', validator: VALIDATORS[0]!, shares: 4n * WEI_PER_CPC }),
    )
    chain.mine()
    expect(await callMethod(context, chain_getRewards, { validator, delegator })).toMatchObject({
      shares: (6n * WEI_PER_CPC).toString(),
      unbonding: [{ epoch: 1, amount: (4n * WEI_PER_CPC).toString(), matures_epoch: 4 }],
    })
    expect(await callMethod(context, chain_getRewards, [12, validator, delegator])).toMatchObject({ unbonding: [] })
  })

  it('counts the commission to the owner alone', async () => {
    const { context, chain, dev } = fixture()
    await dev.setBalance(VALIDATORS[0]!, WEI_PER_CPC)
    const texts = { name: '', website: '', description: '' }
    const update = { kind: 'UPDATE_VALIDATOR', ...texts, commissionBps: 500, openToWorkers: false } as const
    await chain.submit(native(chain, { address: VALIDATORS[0]!, privateKey: sha256(utf8('validator 0')) }, update))
    chain.mine()
    chain.mine()
    const [owner, other] = await Promise.all(
      [{ validator }, { validator, delegator }].map((params) =>
        callMethod<Record<string, string>>(context, chain_getRewards, params),
      ),
    )
    expect(BigInt(owner!.commission!)).toBeGreaterThan(0n)
    expect(BigInt(owner!.claimable!)).toBe(BigInt(owner!.reward!) + BigInt(owner!.commission!))
    expect(other!.commission).toBe('0')
  })

  it('is about the owner unless a delegator is named; null for an unknown validator', async () => {
    const { context } = fixture()
    const owners = await callMethod(context, chain_getRewards, { validator })
    expect(owners).toMatchObject({
      delegator: formatAddress(VALIDATORS[0]!),
      tokens: (5_000n * WEI_PER_CPC).toString(),
    })
    expect(await callMethod(context, chain_getRewards, { validator: delegator })).toBeNull()
    expect(await refusalTag(context, chain_getRewards, { delegator })).toBe('INVALID_PARAMS')
  })
})
