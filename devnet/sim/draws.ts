/**
 * What the users of a run may want next, by kind of transaction. Most of it the chain will do; a small share is asked for
 * blindly, and refused. Nothing here ever takes power from the honest validators of genesis: with more than a third of it
 * byzantine no run would prove anything.
 */
import type { BlsScheme } from '../../core/bls.ts'
import { type Address, EMPTY_BYTES } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'
import { WEI_PER_CPC } from '../../core/units.ts'
import type { ChainNode } from '../../node/chain-node.ts'
import type { TileKernel } from '../../vm/execution/types.ts'
import { delegations, validators } from '../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../vm/state/view.ts'
import { proofOfPossessionBytes } from '../../vm/statement.ts'
import type { Action } from '../../vm/transaction/types.ts'
import { FIRST_USER, JOINER, USERS } from './genesis.ts'
import { type SimKey, simKey } from './keys.ts'
import { winOne } from './lottery.ts'
import { faultyIn, type Plan } from './plan.ts'

export interface Wish {
  readonly from: SimKey
  readonly action: Action
}

/** Undefined: nobody can do that now. */
export type Draw = (node: ChainNode, state: StateReader) => Wish | undefined

/** Share of wishes that are not looked into first. */
const BLIND = 0.1

export interface DrawModules {
  readonly plan: Plan
  readonly random: Random
  readonly scheme: BlsScheme
  readonly kernel: TileKernel
}

export type DrawnKind = Exclude<Action['kind'], 'SUBMIT_EVIDENCE' | 'DEV_SET_BALANCE' | 'LANE' | 'COVENANT'>

export function makeDraws({ plan, random, scheme, kernel }: DrawModules): Readonly<Partial<Record<DrawnKind, Draw>>> {
  const { params, stakesWei, byzantine } = plan
  const owners = [...stakesWei.keys()]
  /** Honest, and healed with the rest: what is staked with them helps. */
  const trusted = owners.filter((i) => !faultyIn(plan, i))
  const trustedAddresses = trusted.map((i) => simKey(i).address)
  const lottery = { params, kernel, random, searched: new Map<string, number>() }

  const user = (): SimKey => simKey(FIRST_USER + random.below(USERS))
  const users = (): SimKey[] =>
    random.sample(
      Array.from({ length: USERS }, (_, i) => simKey(FIRST_USER + i)),
      USERS,
    )
  /** From the smallest part up to some units. */
  const amountWei = (): bigint => {
    const amount = BigInt(random.between(1, 3))
    return plan.unitWei === 1n ? amount : (plan.unitWei * amount) / 2n
  }
  /** Somebody who has shares of a trusted validator. */
  const delegator = (state: StateReader): { from: SimKey; validator: Address; shares: bigint } | undefined => {
    for (const from of users()) {
      for (const validator of trustedAddresses) {
        const held = readRecord(state, delegations, { validator, delegator: from.address })
        if (held !== undefined && held.shares > 0n) return { from, validator, shares: held.shares }
      }
    }
    return undefined
  }

  return {
    TRANSFER: () => ({
      from: user(),
      action: { kind: 'TRANSFER', to: user().address, value: WEI_PER_CPC, memo: EMPTY_BYTES },
    }),

    DELEGATE: () => ({
      from: user(),
      action: { kind: 'DELEGATE', validator: random.pick(trustedAddresses), amount: amountWei() },
    }),

    UNDELEGATE: (_, state) => {
      const held = delegator(state)
      if (held === undefined) return undefined
      const shares = random.chance(0.5) ? held.shares : (held.shares + 1n) / 2n
      return { from: held.from, action: { kind: 'UNDELEGATE', validator: held.validator, shares } }
    },

    CLAIM: (node, state) => {
      const held = random.chance(BLIND) ? undefined : delegator(state)
      const validator = held?.validator ?? random.pick(trustedAddresses)
      const epoch = node.finalized().epoch - params.unbondingEpochs - random.below(2)
      const positions = epoch < 0 ? [{ validator }] : [{ validator }, { validator, epoch }]
      return { from: held?.from ?? user(), action: { kind: 'CLAIM', positions } }
    },

    /** The joiner's registration comes first, until it is in a block. Owners add to what they have. */
    STAKE: (node, state) => {
      const joiner = simKey(JOINER)
      const isJoining = plan.hasJoiner && readRecord(state, validators, joiner.address) === undefined
      if (isJoining && node.pool().pendingNonce(joiner.address) === 0) {
        const blsPublicKey = scheme.publicKey(joiner.blsSecretKey)
        const proofOfPossession = scheme.sign(
          joiner.blsSecretKey,
          proofOfPossessionBytes(params.chainId, joiner.address, blsPublicKey),
        )
        const registration = { blsPublicKey, proofOfPossession }
        return { from: joiner, action: { kind: 'STAKE', amount: plan.unitWei * 2n, registration } }
      }
      return { from: simKey(random.pick(trusted)), action: { kind: 'STAKE', amount: amountWei() } }
    },

    /** Byzantine validators take their stake and go, or try to before they are found out; the joiner may go as well. */
    UNSTAKE: (node, state) => {
      const from = simKey(random.pick([...byzantine.keys(), JOINER]))
      const held = readRecord(state, delegations, { validator: from.address, delegator: from.address })
      const validator = readRecord(state, validators, from.address)
      const isEarly = node.finalized().epoch < 2
      if (held === undefined || validator === undefined || held.shares === 0n || isEarly) return undefined
      const amount = (held.shares * validator.tokens) / validator.shares
      return amount === 0n ? undefined : { from, action: { kind: 'UNSTAKE', amount } }
    },

    /** Most keep the commission, which changes once in an epoch. */
    UPDATE_VALIDATOR: (_, state) => {
      const index = random.pick(owners)
      const { address } = simKey(index)
      const before = readRecord(state, validators, address)?.commissionBps ?? 0
      const commissionBps = random.chance(0.3) ? random.below(500) : before
      const texts = { name: `v${index}`, website: '', description: '' }
      const action = { kind: 'UPDATE_VALIDATOR', ...texts, commissionBps, openToWorkers: true } as const
      return { from: simKey(index), action }
    },

    REGISTER_WORKER: (_, state) => {
      const isOpen = (address: Address): boolean => readRecord(state, validators, address)?.openToWorkers === true
      const open = random.chance(BLIND) ? trustedAddresses : trustedAddresses.filter(isOpen)
      if (open.length === 0) return undefined
      return { from: user(), action: { kind: 'REGISTER_WORKER', validator: random.pick(open), profile: '' } }
    },

    SUBMIT_RESULT: (node, state) => {
      const from = user()
      const action = winOne(lottery, node, state, from)
      return action === undefined ? undefined : { from, action }
    },

    UNJAIL: (_, state) => {
      const isJailed = (i: number): boolean =>
        (readRecord(state, validators, simKey(i).address)?.jailedUntilEpoch ?? 0) > 0
      const jailed = random.chance(BLIND) ? owners : owners.filter(isJailed)
      return jailed.length === 0 ? undefined : { from: simKey(random.pick(jailed)), action: { kind: 'UNJAIL' } }
    },
  }
}
