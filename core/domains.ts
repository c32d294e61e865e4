/**
 * Every domain-separation string of the chain, in one table, unique and prefix-free (domains.test.ts).
 *
 * Exempt by name, because their bytes are fixed elsewhere: Merkle trees and the sparse Merkle tree (one-byte tags),
 * the synthetic seed and the result leaf (formats that other tools know). PROTOCOL 1.
 */
import { utf8 } from './bytes.ts'

export const DOMAINS = {
  blockHash: 'quern/block/1',
  validatorsHash: 'quern/validators/1',
  certificateHash: 'quern/certificate/1',
  proposal: 'quern/sign/proposal/1',
  reveal: 'quern/sign/reveal/1',
  notarize: 'quern/sign/notarize/1',
  nullify: 'quern/sign/nullify/1',
  finalize: 'quern/sign/finalize/1',
  proofOfPossession: 'quern/sign/pop/1',
  peer: 'quern/sign/peer/1',
  randomness: 'quern/randomness/1',
  leader: 'quern/leader/1',
  matrixA: 'quern/compute/A/1',
  matrixB: 'quern/compute/B/1',
  ticket: 'quern/compute/ticket/1',
  taskId: 'quern/compute/task/1',
  genesis: 'quern/genesis/1',
  derive: 'quern/derive/1',
  groth16Batch: 'quern/zk/groth16/1',
  zkOperands: 'quern/zk/operands/1',
  tableAccount: 'quern/table/account/1',
  tableValidator: 'quern/table/validator/1',
  tableValidatorKey: 'quern/table/validatorKey/1',
  tableCandidates: 'quern/table/candidates/1',
  tableDelegation: 'quern/table/delegation/1',
  tableUnbondingPool: 'quern/table/unbondingPool/1',
  tableUnbondingPosition: 'quern/table/unbondingPosition/1',
  tableWorker: 'quern/table/worker/1',
  tableWorkerEpoch: 'quern/table/workerEpoch/1',
  tableWorkerEpochIndex: 'quern/table/workerEpochIndex/1',
  tableNullifier: 'quern/table/nullifier/1',
  tableNullifierIndex: 'quern/table/nullifierIndex/1',
  tableEpoch: 'quern/table/epoch/1',
  tableEpochSet: 'quern/table/epochSet/1',
  tableEpochValidator: 'quern/table/epochValidator/1',
  tableEpochValidatorIndex: 'quern/table/epochValidatorIndex/1',
  tableRecentBlock: 'quern/table/recentBlock/1',
  tableLane: 'quern/table/lane/1',
  tableLaneTouches: 'quern/table/laneTouches/1',
  tableLanePage: 'quern/table/lanePage/1',
  tableLaneTree: 'quern/table/laneTree/1',
  tableBlockHeight: 'quern/table/blockHeight/1',
  tableOutput: 'quern/table/output/1',
  tableCovenant: 'quern/table/covenant/1',
  tableRandomness: 'quern/table/randomness/1',
  tablePayout: 'quern/table/payout/1',
  tableParams: 'quern/table/params/1',
  tableSupply: 'quern/table/supply/1',
  tableCarry: 'quern/table/carry/1',
} as const

export type Domain = keyof typeof DOMAINS

/** The table as bytes. A NUL ends each string, so that none can be continued into another. */
export const DOMAIN_BYTES = Object.fromEntries(
  Object.entries(DOMAINS).map(([name, text]) => [name, utf8(`${text}\0`)]),
) as Record<Domain, Uint8Array>
