import { describe, expect, it } from 'vitest'
import { bls } from '../../core/bls.ts'
import { account, secretKey, TEST_GENESIS_HASH, TEST_PARAMS, TestChain } from '../staking/fixtures.ts'
import { candidates, delegations, epochSets, unbondingPools, validators } from '../state/tables.ts'
import { statementBytes } from '../statement.ts'
import type { SignedStatement } from '../transaction/types.ts'
import { conflict } from './submit-evidence.ts'

const A = new Uint8Array(32).fill(1)
const B = new Uint8Array(32).fill(2)

interface Place {
  readonly epoch?: number
  readonly view?: number
  readonly genesisHash?: Uint8Array
  readonly signer?: number
}

function signed(type: SignedStatement['type'], blockHash: Uint8Array, place: Place = {}): SignedStatement {
  const { epoch = 0, view = 5, genesisHash = TEST_GENESIS_HASH, signer = 0 } = place
  return {
    type,
    blockHash,
    signature: bls.sign(secretKey(signer), statementBytes(type, genesisHash, epoch, view, blockHash)),
  }
}

const evidence = (first: SignedStatement, second: SignedStatement, validator = 0, epoch = 0) =>
  ({ kind: 'SUBMIT_EVIDENCE', validator: account(validator), epoch, view: 5, first, second }) as const

const chainOf = () => new TestChain({ stakes: [5_000n, 3_000n] }, true)
const DOUBLE = evidence(signed('notarize', A), signed('notarize', B))

describe('SUBMIT_EVIDENCE', () => {
  it('slashes bond, delegations and unbonding by the same part, tombstones, and takes it off the list', () => {
    const chain = chainOf()
    chain.send(4, { kind: 'DELEGATE', validator: account(0), amount: 1_000n })
    chain.send(0, { kind: 'UNSTAKE', amount: 2_000n })
    expect(chain.send(7, DOUBLE)).toBe('done')
    expect(chain.validator(0)).toMatchObject({ tokens: 3_800n, shares: 4_000n, tombstoned: true })
    expect(chain.read(unbondingPools, { validator: account(0), epoch: 0 })).toEqual({ tokens: 1_900n, shares: 2_000n })
    expect(chain.read(delegations, { validator: account(0), delegator: account(4) })?.shares).toBe(1_000n)
    expect(chain.read(candidates, undefined)?.map((c) => c.owner)).toEqual([account(1)])
    expect(chain.validator(1).tokens).toBe(3_000n)
    expect(chain.send(7, DOUBLE)).toBe('EVIDENCE_ALREADY_PUNISHED')
    chain.toEpoch(1)
    expect(chain.read(epochSets, 2)?.members.map((m) => m.address)).toEqual([account(1)])
  })

  it('takes every kind of conflict, either way round', () => {
    const pairs = [
      [signed('proposal', A), signed('proposal', B)],
      [signed('nullify', A), signed('finalize', B)],
      [signed('finalize', B), signed('nullify', A)],
    ] as const
    for (const [first, second] of pairs) expect(chainOf().send(7, evidence(first, second))).toBe('done')
  })

  it('knows what an honest validator may sign in one view', () => {
    const bare = (type: SignedStatement['type'], blockHash: Uint8Array) => ({ type, blockHash, signature: A })
    expect(conflict(bare('notarize', A), bare('notarize', A))).toBe(false)
    expect(conflict(bare('proposal', A), bare('notarize', B))).toBe(false)
    expect(conflict(bare('notarize', A), bare('nullify', B))).toBe(false)
    // A notarization of B by others makes even who notarized A vote to finalize B.
    expect(conflict(bare('notarize', A), bare('finalize', B))).toBe(false)
    expect(conflict(bare('nullify', A), bare('nullify', B))).toBe(false)
  })

  it('refuses what proves nothing', () => {
    const chain = chainOf()
    const same = evidence(signed('notarize', A), signed('notarize', A))
    expect(chain.send(7, same)).toBe('EVIDENCE_NOT_CONFLICTING')
    const forged = [{ signer: 1 }, { view: 6 }, { epoch: 1 }, { genesisHash: A }] as const
    for (const place of forged) {
      const code = chain.send(7, evidence(signed('notarize', A), signed('notarize', B, place)))
      expect(code).toBe('EVIDENCE_SIGNATURE_INVALID')
      expect(chain.send(7, evidence(signed('notarize', A, place), signed('notarize', B)))).toBe(code)
    }
    expect(chain.send(7, evidence(signed('notarize', A), signed('notarize', B), 4))).toBe('EVIDENCE_NOT_IN_SET')
    expect(chain.send(7, evidence(signed('notarize', A), signed('notarize', B), 0, 9))).toBe('EVIDENCE_NOT_IN_SET')
    expect(chain.validator(0).tombstoned).toBe(false)
  })

  it('accepts evidence up to the unbonding time, and none older', () => {
    const young = chainOf()
    young.toEpoch(TEST_PARAMS.unbondingEpochs)
    expect(young.send(7, DOUBLE)).toBe('done')
    const old = chainOf()
    old.toEpoch(TEST_PARAMS.unbondingEpochs + 1)
    expect(old.send(7, DOUBLE)).toBe('EVIDENCE_TOO_OLD')
  })

  it('uses the key the validator had in that set', () => {
    const chain = chainOf()
    chain.change((state) =>
      state.set(validators, account(0), { ...chain.validator(0), blsPublicKey: new Uint8Array(48) }),
    )
    expect(chain.send(7, DOUBLE)).toBe('done')
  })
})
