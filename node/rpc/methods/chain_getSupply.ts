import { assert } from '../../../core/errors.ts'
import { supply } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { requireState } from '../block-ref.ts'
import { defineMethod, optional, Type } from '../method.ts'
import { decimalString, HeightRef } from '../schema.ts'

export const chain_getSupply = defineMethod({
  name: 'chain_getSupply',
  summary:
    'Where every wei is after a block (default: latest). genesis + minted - burned = total = the sum of the other fields.',
  params: [optional('height', HeightRef)],
  result: Type.Object(
    {
      genesis: decimalString('balances and stakes of block 0'),
      minted: decimalString('emission since'),
      burned: decimalString('base fees and slashed stake since'),
      total: decimalString('what exists'),
      balances: decimalString('in accounts'),
      bonded: decimalString('stakes and delegations'),
      unbonding: decimalString('stakes and delegations on their way out'),
      accrued: decimalString('staking rewards not yet claimed'),
      worker_pool: decimalString('for workers of the epochs that have not ended'),
      payout_queue: decimalString('for workers of epochs that have ended, not yet paid'),
      carry: decimalString('remainders of divisions, for the next block'),
      outputs: decimalString('held by covenants and other outputs'),
    },
    { additionalProperties: false },
  ),
  example: {
    params: ['latest'],
    result: {
      genesis: '60000000000000000000000',
      minted: '117000000000000000000',
      burned: '660080000',
      total: '60116999999999339920000',
      balances: '50037999999997956760000',
      bonded: '10010000000000000000000',
      unbonding: '0',
      accrued: '45000000001383160000',
      worker_pool: '24000000000000000000',
      payout_queue: '0',
      carry: '0',
      outputs: '0',
    },
  },
  handler: ({ node }, height = 'latest') => {
    const s = readRecord(requireState(node, height).state, supply, undefined)
    assert(s !== undefined, 'every state has a supply record', { height })
    return {
      genesis: s.genesis.toString(),
      minted: s.minted.toString(),
      burned: s.burned.toString(),
      total: (s.genesis + s.minted - s.burned).toString(),
      balances: s.balances.toString(),
      bonded: s.bonded.toString(),
      unbonding: s.unbonding.toString(),
      accrued: s.accrued.toString(),
      worker_pool: s.workerPool.toString(),
      payout_queue: s.payoutQueue.toString(),
      carry: s.carry.toString(),
      outputs: s.outputs.toString(),
    }
  },
})
