/**
 * Who may vote, by the checker's own reckoning (PROTOCOL 5, S9): the set of epoch e is all validators with the least stake,
 * neither jailed nor tombstoned, at the end of epoch e - 2; that of epochs 0 and 1 is genesis's. A quorum is more than two
 * thirds of the power.
 */
import { type Address, compareBytes, equalBytes, hexKey } from '../../../core/bytes.ts'
import { type Reader, recordedSet, validatorFacts } from './state-tables.ts'
import type { Violations } from './violations.ts'

export interface Member {
  readonly address: Address
  readonly powerWei: bigint
}

export interface SetRules {
  readonly genesis: readonly Member[]
  /** Whoever may ever stake. */
  readonly owners: readonly Address[]
  readonly minStakeWei: bigint
  readonly isByzantine: (owner: Address) => boolean
}

export class SetCheck {
  readonly #rules: SetRules
  readonly #violations: Violations
  readonly #sets = new Map<number, readonly Member[]>()
  /** Whose set differs from that of the epoch before. */
  readonly #changed: number[] = []

  constructor(rules: SetRules, violations: Violations) {
    this.#rules = rules
    this.#violations = violations
    const genesis = [...rules.genesis].sort((a, b) => compareBytes(a.address, b.address))
    this.#sets.set(0, genesis)
    this.#sets.set(1, genesis)
  }

  of(epoch: number): readonly Member[] | undefined {
    return this.#sets.get(epoch)
  }

  /** Epochs up to this one whose set differs from that of the epoch before. */
  changesUpTo(epoch: number): number {
    return this.#changed.filter((changed) => changed <= epoch).length
  }

  /** The last block of an epoch became final, with this state after it. */
  epochEnded(epoch: number, state: Reader): void {
    if (this.#sets.has(epoch + 2)) return
    const { owners, minStakeWei, isByzantine } = this.#rules
    const members: Member[] = []
    for (const address of [...owners].sort(compareBytes)) {
      const facts = validatorFacts(state, address)
      if (facts === undefined || facts.isJailed || facts.isTombstoned || facts.tokensWei < minStakeWei) continue
      members.push({ address, powerWei: facts.tokensWei })
    }
    const before = this.#sets.get(epoch + 1)!
    // Nobody is eligible: the set before goes on.
    const set = members.length === 0 ? before : members
    this.#sets.set(epoch + 2, set)
    if (!isSameSet(before, set)) this.#changed.push(epoch + 2)

    const recorded = recordedSet(state, epoch + 2)
    if (recorded === undefined || !isSameSet(recorded, set)) {
      this.#violations.add(`the set of epoch ${epoch + 2} is not what the end of epoch ${epoch} says`)
    }
    const byzantineWei = set.filter(({ address }) => isByzantine(address)).reduce((sum, m) => sum + m.powerWei, 0n)
    if (byzantineWei * 3n >= totalWei(set)) {
      this.#violations.add(`simulator: a third of the power of epoch ${epoch + 2} is byzantine, so anything may happen`)
    }
  }

  /** What is wrong with these signers; undefined when they are a quorum of the epoch's set. */
  quorumFault(epoch: number, signers: Uint8Array): string | undefined {
    const set = this.#sets.get(epoch)
    if (set === undefined) return `nobody knows the set of epoch ${epoch} yet`
    if (signers.length !== Math.ceil(set.length / 8))
      return `a bitmap of ${signers.length} bytes for ${set.length} members`
    let powerWei = 0n
    for (let i = 0; i < 8 * signers.length; i++) {
      if (((signers[i >> 3]! >> (i & 7)) & 1) === 0) continue
      const member = set[i]
      if (member === undefined) return `signer ${i} of ${set.length}`
      powerWei += member.powerWei
    }
    // More than two thirds: exactly two thirds are none.
    const wantedWei = (2n * totalWei(set)) / 3n + 1n
    return powerWei >= wantedWei ? undefined : `${powerWei} of ${totalWei(set)} wei, where ${wantedWei} are a quorum`
  }

  /** The members that a bitmap names. */
  signersOf(epoch: number, signers: Uint8Array): readonly Member[] {
    return (this.#sets.get(epoch) ?? []).filter((_, i) => (((signers[i >> 3] ?? 0) >> (i & 7)) & 1) === 1)
  }

  /** Whether these owners alone are a quorum of an epoch's set. */
  isQuorum(epoch: number, isIn: (owner: string) => boolean): boolean {
    const set = this.#sets.get(epoch) ?? []
    const powerWei = set.filter(({ address }) => isIn(hexKey(address))).reduce((sum, m) => sum + m.powerWei, 0n)
    return powerWei > (2n * totalWei(set)) / 3n
  }
}

const totalWei = (set: readonly Member[]): bigint => set.reduce((sum, { powerWei }) => sum + powerWei, 0n)

const isSameSet = (a: readonly Member[], b: readonly Member[]): boolean =>
  a.length === b.length &&
  a.every((member, i) => equalBytes(member.address, b[i]!.address) && member.powerWei === b[i]!.powerWei)
