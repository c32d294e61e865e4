/** The byzantine parts. Each is a few rules over an honest node; `twins` and `amnesia` are honest nodes on the wrong machines. */
import type { Actor } from '../machine.ts'
import { equivocator, forker, invalidProposer, postdater, withholder } from './leaders.ts'
import { liar } from './liar.ts'
import type { Stage } from './stage.ts'
import { doubleVoter, forger, late, nullifier, silent, underCertifier } from './voters.ts'

const ACTORS = {
  equivocate: equivocator,
  invalidBlocks: invalidProposer,
  postdate: postdater,
  withhold: withholder,
  fork: forker,
  doubleVote: doubleVoter,
  silent,
  late,
  nullifyOnly: nullifier,
  underCertify: underCertifier,
  forge: forger,
  lie: liar,
  /** Two machines with one key and separate disks. */
  twins: () => ({}),
  /** Loses its disk whenever it crashes, and crashes often. */
  amnesia: () => ({}),
} satisfies Readonly<Record<string, (stage: Stage) => Actor>>

export type Misdeed = keyof typeof ACTORS

export const MISDEEDS = Object.keys(ACTORS) as Misdeed[]

export const actorOf = (misdeed: Misdeed, stage: Stage): Actor => ACTORS[misdeed](stage)
