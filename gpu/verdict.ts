/** What a node's refusal means for a result, and what its owner can do about it. */
import { QuernError } from '../core/errors.ts'

export const tagOf = (error: unknown): string => (error instanceof QuernError ? error.code : 'UNKNOWN')

/** Answers after which the bytes may yet be in the node's pool. */
const AMBIGUOUS: ReadonlySet<string> = new Set([
  'RPC_UNREACHABLE',
  'RPC_ANSWER_INVALID',
  'RPC_ERROR',
  'INTERNAL',
  'UNKNOWN',
])

export const isAmbiguous = (tag: string): boolean => AMBIGUOUS.has(tag)

/** A verdict on the result itself. Everything else (nonces, fees, a full pool, a node behind) may pass. */
export const isFinalVerdict = (tag: string): boolean => tag.startsWith('RESULT_') && tag !== 'RESULT_SEED_TOO_NEW'

const BACKEND_FAULT = 'the backend computes wrongly: run `quern worker bench`, try another --backend and report it'
const OTHER_CHAIN = 'the node is on another fork than the block that was worked on; it passes by itself'

/** By tag of an event: why, and what to do. Tags that are not here say enough by themselves. */
const ADVICE: Readonly<Record<string, string>> = {
  WINDOW_PASSED: 'in no block before its seed was too old: the chain is full, or the node is far away',
  CHAIN_RESET: 'the chain began anew; nothing to do',
  SEED_ABANDONED: 'the attempt outlived its seed: choose a smaller --matrix-size',
  RESULT_SEED_STALE: 'in no block before its seed was too old: use a nearer node, or a smaller --matrix-size',
  RESULT_SEED_TOO_NEW: 'the node is behind; it passes by itself',
  RESULT_ALREADY_CLAIMED: 'it was paid already: does another worker use this key with the same attempts?',
  RESULT_ABOVE_TARGET: OTHER_CHAIN,
  RESULT_TASK_ID: OTHER_CHAIN,
  RESULT_HASH_MISMATCH: BACKEND_FAULT,
  RESULT_TILE_RANGE: BACKEND_FAULT,
  RESULT_MATRIX_SIZE: 'this chain does not list the size: leave --matrix-size out',
  TX_INSUFFICIENT_FUNDS: 'the account cannot pay the fee: send it some CPC',
  OVERDRAFT: 'the account cannot pay for all that waits: send it some CPC',
  SENDER_LIMIT: 'too much of this account waits already; it passes by itself',
  MEMPOOL_FULL: 'the node is full: add a second --rpc',
  TX_FEE_BELOW_BASE: 'the base fee has risen; it is sent again at the new one',
  PROOF_TOO_SOON: 'the node distrusts this key after false results; wait a minute',
  QUEUE_FULL: 'results come faster than the chain takes them: its difficulty will rise by itself',
  RPC_UNREACHABLE: 'the node does not answer: is it running? add a second --rpc',
  RPC_ANSWER_INVALID: 'what answers is no Quern node of this version',
  WORK_UNAVAILABLE: 'the node is behind or the chain stands still',
}

/** One line, or undefined for a tag that says enough. */
export const adviceOn = (tag: string): string | undefined => ADVICE[tag]
