/** What the validators that get killed and the test that kills them agree on. */
import { FAST_PARAMS } from '../../consensus/testing/chain.ts'

export const VALIDATORS = 4
/** The last one follows. */
export const NODES = VALIDATORS + 1
export const FOLLOWER = NODES - 1
/** Number of the account that sends transfers to the next one. */
export const SENDER = VALIDATORS + 1

/** An epoch ends every few tenths of a second, so that many kills fall into its end. */
export const KILL_PARAMS = { ...FAST_PARAMS, epochBlocks: 8 }

/** One line for each statement, in the order in which they left. */
export const STATEMENT_LOG = 'statements.log'
