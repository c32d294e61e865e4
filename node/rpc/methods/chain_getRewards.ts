import type { NodeApi } from '../../api.ts'
import { requireBlock, requireState } from '../block-ref.ts'
import { BlockRewards, blockRewards } from '../chain/block-rewards.ts'
import { Position, positionJson } from '../chain/position.ts'
import { invalidParams } from '../errors.ts'
import { defineMethod, optional, Type } from '../method.ts'
import { AddressParam, HeightRef, type HeightRefValue, Nullable, readAddress } from '../schema.ts'

function position(node: NodeApi, ref: HeightRefValue, owner: string, account: string) {
  const { header } = requireBlock(node, ref).block
  return positionJson({
    state: requireState(node, header.height).state,
    height: header.height,
    epoch: header.epoch,
    params: node.genesis.params,
    validator: readAddress(owner),
    delegator: readAddress(account),
  })
}

export const chain_getRewards = defineMethod({
  name: 'chain_getRewards',
  summary:
    'Without a validator: what the block at `height` (default: latest) paid, and to whom; null for genesis. With one: ' +
    'what `delegator` (default: its owner) has at it after that block: stake, claimable reward, unbonding; null when ' +
    'there is no such validator.',
  params: [optional('height', HeightRef), optional('validator', AddressParam), optional('delegator', AddressParam)],
  result: Nullable(Type.Union([BlockRewards, Position])),
  example: {
    params: [9],
    result: {
      height: 9,
      epoch: 1,
      emission: '10000000000000000000',
      minted: '10000000000000000000',
      worker_pool: '6000000000000000000',
      leader: {
        validator: 'cpc1sn7xan5uxsa0546xd4kxun9ef93w44h9qjl5pp',
        amount: '1000000000000000000',
        priority_fees: '0',
      },
      voters: [
        { validator: 'cpc1qe7zs4aneqmghrnasly7x8gnmfvn4vwmcrq9yr', amount: '1500000000000000000' },
        { validator: 'cpc1sn7xan5uxsa0546xd4kxun9ef93w44h9qjl5pp', amount: '1500000000000000000' },
      ],
      burned_fees: '0',
      carry: '0',
    },
  },
  handler: ({ node }, height = 'latest', validator, delegator = validator) => {
    if (validator !== undefined) return position(node, height, validator, delegator ?? validator) ?? null
    if (delegator !== undefined) throw invalidParams('a delegator has rewards at a validator: name that too')
    return blockRewards(node, requireBlock(node, height)) ?? null
  },
})
