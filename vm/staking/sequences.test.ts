/** Whatever is staked, moved, slashed and claimed, in whatever order: the money adds up and nobody gains another's. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accounts, delegations, supply, validators } from '../state/tables.ts'
import type { Action } from '../transaction/types.ts'
import { account, TestChain } from './fixtures.ts'
import { slash } from './slash.ts'

const PEOPLE = 5
const GENESIS_STAKES = [2_001n, 3_007n]
const EVERYBODY = Array.from({ length: PEOPLE }, (_, i) => i)

const person = fc.nat(PEOPLE - 1)
const amount = fc.bigInt(1n, 5_000n)

const moves = {
  stake: fc.record({ do: fc.constant('stake' as const), who: person, amount }),
  delegate: fc.record({ do: fc.constant('delegate' as const), who: person, to: person, amount }),
  undelegate: fc.record({ do: fc.constant('undelegate' as const), who: person, to: person, amount }),
  unstake: fc.record({ do: fc.constant('unstake' as const), who: person, amount }),
  claim: fc.record({ do: fc.constant('claim' as const), who: person }),
  block: fc.record({ do: fc.constant('block' as const), absent: fc.boolean(), fees: fc.bigInt(0n, 9n) }),
  slash: fc.record({ do: fc.constant('slash' as const), who: person, bps: fc.integer({ min: 0, max: 3_000 }) }),
}

type Move = typeof moves extends Record<string, fc.Arbitrary<infer M>> ? M : never

const orderly = fc.oneof(moves.stake, moves.delegate, moves.undelegate, moves.unstake, moves.claim, moves.block)
const rough = fc.oneof(orderly, moves.slash)

/** A chain that keeps its own books of what everybody put in and got back. */
class Ledger {
  readonly chain = new TestChain({ stakes: GENESIS_STAKES, accounts: PEOPLE })
  readonly putIn = EVERYBODY.map((i) => GENESIS_STAKES[i] ?? 0n)
  readonly gotBack = EVERYBODY.map(() => 0n)
  rewardsWei = 0n
  burnedWei = 0n
  feesWei = 0n
  /** Successful transactions: each rounds by less than a wei, whichever way it moves money. */
  movements = 0n

  #send(who: number, action: Action): boolean {
    const done = this.chain.send(who, action) === 'done'
    if (done) this.movements++
    return done
  }

  #balance(who: number): bigint {
    return this.chain.read(accounts, account(who))?.balance ?? 0n
  }

  #claim(who: number, position: { epoch?: number; validator: Uint8Array }): bigint {
    const before = this.#balance(who)
    this.#send(who, { kind: 'CLAIM', positions: [position] })
    return this.#balance(who) - before
  }

  claim(who: number): void {
    for (const owner of EVERYBODY) {
      const validator = account(owner)
      this.rewardsWei += this.#claim(who, { validator })
      for (let epoch = 0; epoch <= this.chain.epoch; epoch++) {
        this.gotBack[who]! += this.#claim(who, { validator, epoch })
      }
    }
  }

  run(move: Move): void {
    const { chain } = this
    switch (move.do) {
      case 'stake': {
        const isNew = chain.read(validators, account(move.who)) === undefined
        const registration = {
          blsPublicKey: new Uint8Array(48).fill(move.who + 1),
          proofOfPossession: new Uint8Array(96),
        }
        const action: Action = { kind: 'STAKE', amount: move.amount, ...(isNew ? { registration } : {}) }
        if (this.#send(move.who, action)) this.putIn[move.who]! += move.amount
        break
      }
      case 'delegate':
        if (this.#send(move.who, { kind: 'DELEGATE', validator: account(move.to), amount: move.amount })) {
          this.putIn[move.who]! += move.amount
        }
        break
      case 'undelegate':
        this.#send(move.who, { kind: 'UNDELEGATE', validator: account(move.to), shares: move.amount })
        break
      case 'unstake':
        this.#send(move.who, { kind: 'UNSTAKE', amount: move.amount })
        break
      case 'claim':
        this.claim(move.who)
        break
      case 'block':
        this.feesWei += move.fees
        chain.endBlock(move.absent ? { parentSigners: [] } : {}, move.fees)
        break
      case 'slash':
        if (chain.read(validators, account(move.who)) === undefined) break
        chain.change((state) => {
          this.burnedWei += slash(state, account(move.who), move.bps, chain.epoch, chain.rules.params)
        })
    }
  }

  /** Everybody leaves every validator, waits and claims. */
  windUp(): void {
    for (const who of EVERYBODY) {
      for (const owner of EVERYBODY) {
        const key = { validator: account(owner), delegator: account(who) }
        const shares = this.chain.read(delegations, key)?.shares ?? 0n
        if (shares > 0n) this.#send(who, { kind: 'UNDELEGATE', validator: account(owner), shares })
      }
    }
    this.chain.toEpoch(this.chain.epoch + this.chain.rules.params.unbondingEpochs)
    for (const who of EVERYBODY) this.claim(who)
  }

  get totals() {
    const totals = this.chain.read(supply, undefined)
    if (totals === undefined) throw new Error('no supply record')
    return totals
  }
}

const sum = (list: readonly bigint[]): bigint => list.reduce((a, b) => a + b, 0n)

describe('sequences of staking', () => {
  it('gives everybody exactly what they put in when nobody is slashed', () => {
    fc.assert(
      fc.property(fc.array(orderly, { minLength: 10, maxLength: 60 }), (list) => {
        const ledger = new Ledger()
        for (const move of list) ledger.run(move)
        for (const who of EVERYBODY) expect(ledger.gotBack[who]!).toBeLessThanOrEqual(ledger.putIn[who]!)
        ledger.windUp()
        expect(ledger.gotBack).toEqual(ledger.putIn)
        expect(ledger.totals).toMatchObject({ bonded: 0n, unbonding: 0n, burned: 0n })
      }),
      { numRuns: 40 },
    )
  })

  it('pays out all rewards but the dust of rounding, and never more than was accrued', () => {
    fc.assert(
      fc.property(fc.array(orderly, { minLength: 10, maxLength: 60 }), (list) => {
        const ledger = new Ledger()
        for (const move of list) ledger.run(move)
        ledger.windUp()
        const { minted, workerPool, carry, accrued } = ledger.totals
        expect(ledger.rewardsWei + accrued).toBe(minted + ledger.feesWei - workerPool - carry)
        expect(accrued).toBeLessThanOrEqual(ledger.movements)
      }),
      { numRuns: 40 },
    )
  })

  it('burns what is slashed and gives back the rest; nobody gains more than the dust others left', () => {
    fc.assert(
      fc.property(fc.array(rough, { minLength: 10, maxLength: 60 }), (list) => {
        const ledger = new Ledger()
        for (const move of list) ledger.run(move)
        ledger.windUp()
        for (const who of EVERYBODY) expect(ledger.gotBack[who]! - ledger.putIn[who]!).toBeLessThan(ledger.movements)
        const { bonded, unbonding, burned } = ledger.totals
        expect(burned).toBe(ledger.burnedWei)
        expect(unbonding).toBe(0n)
        expect(sum(ledger.gotBack)).toBe(sum(ledger.putIn) - burned - bonded)
        // Positions worth less than a wei cannot leave: at most one wei for each, then.
        expect(bonded).toBeLessThan(BigInt(PEOPLE * PEOPLE))
      }),
      { numRuns: 40 },
    )
  })
})
