import { describe, expect, test } from 'vitest'
import { hexKey } from '../../core/bytes.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import { findSubmission } from '../compute/fixture.ts'
import { delegations } from '../state/tables.ts'
import { readRecord } from '../state/view.ts'
import { TEST_PARAMS, TestChain, transferTo, validatorWallets } from '../testing/chain.ts'
import { testWallet } from '../testing/wallet.ts'
import type { Action } from '../transaction/types.ts'
import { checkTransaction } from './check.ts'

const alice = testWallet(1)
const bob = testWallet(2)
const validator = validatorWallets[0]!.address

const codeOf = (chain: TestChain, tx: ReturnType<TestChain['tx']>): string | undefined =>
  checkTransaction(chain.state, chain.context(), chain.rules, tx)?.code

describe('checkTransaction', () => {
  const chain = new TestChain()
  const nonce = 0

  test('accepts what a block would take', () => {
    expect(codeOf(chain, chain.tx(alice, transferTo(bob.address, 1n), { nonce }))).toBeUndefined()
  })

  test('refuses what no block takes, and what would fail', () => {
    const refused = (action: Action, over = {}) => codeOf(chain, chain.tx(alice, action, { nonce, ...over }))
    expect(refused(transferTo(bob.address, 20_000n * WEI_PER_CPC))).toBe('TX_INSUFFICIENT_FUNDS')
    expect(refused(transferTo(bob.address, 1n), { gasLimit: 1 })).toBe('TX_GAS_TOO_LOW')
    expect(refused({ kind: 'UNJAIL' })).toBe('VALIDATOR_UNKNOWN')
    expect(refused({ kind: 'DELEGATE', validator, amount: 1n })).toBe('DELEGATION_TOO_SMALL')
  })

  test('lets a nonce ahead wait, unless a proof decides already', () => {
    expect(codeOf(chain, chain.tx(alice, transferTo(bob.address, 1n), { nonce: 5 }))).toBeUndefined()
    // It may become valid by a transaction before it.
    expect(codeOf(chain, chain.tx(alice, { kind: 'UNJAIL' }, { nonce: 5 }))).toBeUndefined()
    const { result, ...rest } = findSubmission({ worker: alice.address, seedHeight: 0 })
    const wrong = { ...rest, result: { ...result, resultHash: new Uint8Array(32) } }
    chain.advanceTo(2)
    expect(codeOf(chain, chain.tx(alice, { ...rest, result }, { nonce: 5 }))).toBeUndefined()
    expect(codeOf(chain, chain.tx(alice, wrong, { nonce: 5 }))).toBe('RESULT_HASH_MISMATCH')
    expect(codeOf(chain, chain.tx(alice, transferTo(bob.address, 20_000n * WEI_PER_CPC), { nonce: 5 }))).toBe(
      'TX_INSUFFICIENT_FUNDS',
    )
  })

  test('a used nonce is refused', () => {
    const tx = chain.tx(bob, transferTo(alice.address, 1n), { nonce })
    chain.block([tx])
    expect(codeOf(chain, tx)).toBe('TX_NONCE_TOO_LOW')
  })

  test('a fee below today’s base fee but over the floor may wait', () => {
    const dear = { ...chain.context(), baseFeePerGas: TEST_PARAMS.baseFeeFloorWei * 10n }
    const tx = chain.tx(alice, transferTo(bob.address, 1n), { nonce, maxFeePerGas: TEST_PARAMS.baseFeeFloorWei })
    expect(checkTransaction(chain.state, dear, chain.rules, tx)).toBeUndefined()
    const cheap = chain.tx(alice, transferTo(bob.address, 1n), { nonce, maxFeePerGas: 999n })
    expect(codeOf(chain, cheap)).toBe('TX_FEE_BELOW_BASE')
  })
})

test('C5: simulating a delegation, however often, leaves the state and the block as they would be', () => {
  const simulated = new TestChain()
  const plain = new TestChain()
  const delegate: Action = { kind: 'DELEGATE', validator, amount: 100n * WEI_PER_CPC }
  const tx = simulated.tx(alice, delegate)
  for (let i = 0; i < 5; i++) expect(codeOf(simulated, tx)).toBeUndefined()
  expect(readRecord(simulated.state, delegations, { validator, delegator: alice.address })).toBeUndefined()
  simulated.block([tx])
  plain.block([plain.tx(alice, delegate)])
  expect(readRecord(simulated.state, delegations, { validator, delegator: alice.address })?.shares).toBe(
    100n * WEI_PER_CPC,
  )
  expect(hexKey(simulated.state.root)).toBe(hexKey(plain.state.root))
})
