import { describe, expect, it } from 'vitest'
import { fromHex, toHex, ZERO_HASH } from '../../../core/bytes.ts'
import { sha256 } from '../../../core/hash.ts'
import { verifyKey } from '../../../core/smt/index.ts'
import { covenants, outputs } from '../../../vm/covenant/tables.ts'
import { laneKey } from '../../../vm/lanes/hashing.ts'
import { lanePages, lanes } from '../../../vm/lanes/tables.ts'
import { accounts, delegations, epochs, supply } from '../../../vm/state/tables.ts'
import { readRecord, treeKeyOf } from '../../../vm/state/view.ts'
import { readTreeKey, TABLE_NAMES } from '../chain/state-key.ts'
import { ACCOUNTS, callMethod, fixture, refusalTag, VALIDATORS } from '../fixture.ts'
import { laneOf, VprogFixture } from '../vprog/fixture.ts'
import { chain_getStateProof } from './chain_getStateProof.ts'

interface Answer {
  tree_key: string
  height: number
  state_root: string
  value: string | null
  proof: string
}

const verified = ({ proof, state_root, tree_key }: Answer) =>
  toHex(verifyKey(fromHex(proof), fromHex(state_root), fromHex(tree_key)))

describe('chain_getStateProof', () => {
  const alice = ACCOUNTS[0]!.address

  it('proves a record under the state root of the newest final block', async () => {
    const { context, chain } = fixture()
    const answer = await callMethod<Answer>(context, chain_getStateProof, ['account', toHex(alice)])
    expect(answer.height).toBe(10)
    expect(answer.state_root).toBe(toHex(chain.finalized().stateRoot))
    expect(verified(answer)).toBe(toHex(sha256(fromHex(answer.value!))))
    expect(accounts.decode(fromHex(answer.value!))).toEqual(readRecord(chain.stateAt(10)!, accounts, alice))
  })

  it('proves that there is no record', async () => {
    const { context } = fixture()
    const answer = await callMethod<Answer>(context, chain_getStateProof, ['worker', toHex(alice)])
    expect(answer.value).toBeNull()
    expect(verified(answer)).toBe(toHex(ZERO_HASH))
  })

  it('reads keys of several parts and of none', async () => {
    const { context, chain } = fixture()
    const key = { validator: VALIDATORS[0]!, delegator: ACCOUNTS[2]!.address }
    const parts = [toHex(key.validator), toHex(key.delegator)]
    const delegation = await callMethod<Answer>(context, chain_getStateProof, ['delegation', parts, 'latest'])
    expect(delegation.tree_key).toBe(toHex(treeKeyOf(delegations, key)))
    expect(delegation.value).not.toBeNull()
    const total = await callMethod<Answer>(context, chain_getStateProof, { table: 'supply', height: 3 })
    expect(supply.decode(fromHex(total.value!))).toEqual(readRecord(chain.stateAt(3)!, supply, undefined))
    for (const epoch of [1, '1', '0x1', [1]])
      expect(toHex(readTreeKey('epoch', epoch))).toBe(toHex(treeKeyOf(epochs, 1)))
  })

  it('knows every table of the state', async () => {
    const modules = await Promise.all([
      import('../../../vm/state/tables.ts'),
      import('../../../vm/covenant/tables.ts'),
      import('../../../vm/lanes/tables.ts'),
    ])
    const names = modules
      .flatMap(Object.values)
      .flatMap((value) => (typeof value === 'object' && 'encodeKey' in value ? value.name : []))
    expect([...TABLE_NAMES].sort()).toEqual(names.sort())
  })

  it('proves outputs, covenants and lanes', async () => {
    const own = new VprogFixture()
    const { covenantId, outpoint } = own.deploy()
    own.mine(own.message(1), own.message(2, 1))
    const key = laneKey(laneOf(1))
    const keys: readonly (readonly [string, unknown, Uint8Array])[] = [
      ['output', [toHex(outpoint.txId), 0], treeKeyOf(outputs, outpoint)],
      ['covenant', toHex(covenantId), treeKeyOf(covenants, covenantId)],
      ['lane', toHex(key), treeKeyOf(lanes, key)],
      ['lanePage', [0, toHex(ZERO_HASH)], treeKeyOf(lanePages, { depth: 0, path: ZERO_HASH })],
    ]
    for (const [table, parts, treeKey] of keys) {
      const answer = await callMethod<Answer>(own.context, chain_getStateProof, [table, parts, 'latest'])
      expect(answer.tree_key).toBe(toHex(treeKey))
      expect(verified(answer)).toBe(toHex(sha256(fromHex(answer.value!))))
    }
  })

  it('refuses tables and keys that do not exist', async () => {
    const { context } = fixture()
    for (const params of [
      ['balance', toHex(alice)],
      ['account'],
      ['account', [toHex(alice), toHex(alice)]],
      ['supply', 1],
      ['validatorKey', '0x12'],
      ['workerEpochIndex', [1, 2 ** 32]],
      ['lanePage', [256, toHex(ZERO_HASH)]],
      ['epoch', toHex(alice)],
    ]) {
      expect(await refusalTag(context, chain_getStateProof, params)).toBe('INVALID_PARAMS')
    }
    expect(await refusalTag(context, chain_getStateProof, ['account', 5])).toBe('ADDRESS_INVALID')
    expect(await refusalTag(context, chain_getStateProof, ['supply', null, 13])).toBe('BLOCK_UNKNOWN')
  })
})
