/**
 * What a node offers to those who ask it: the JSON-RPC methods, the CLI and the devnet see a node through this and
 * nothing else. `chain-node.ts` provides it.
 */

import type { Block, Certificate, Header } from '../consensus/types.ts'
import type { Address, Hash } from '../core/bytes.ts'
import type { Result } from '../core/errors.ts'
import type { PeerInfo } from '../p2p/options.ts'
import type { PeerRequest } from '../p2p/transport.ts'
import type { LightRequest, LightResponse } from '../p2p/wire-light.ts'
import type { ExecutionRules, Receipt } from '../vm/execution/types.ts'
import type { Genesis } from '../vm/genesis.ts'
import type { StateReader } from '../vm/state/view.ts'
import type { Transaction } from '../vm/transaction/types.ts'
import type { ValidatorSet } from '../vm/validator-set.ts'
import type { ZkOperands } from '../vm/zk/operands.ts'
import type { Held } from './storage/layout.ts'
import type { NodeMode } from './storage/retention.ts'
import type { VprogHistory } from './vprog/history.ts'
import type { AheadVerdict } from './zk/proof-pool.ts'

/** A block with everything execution made of it. */
export interface ExecutedBlock {
  readonly block: Block
  readonly transactions: readonly Transaction[]
  readonly receipts: readonly Receipt[]
  /** Final blocks never change; others may still be abandoned. */
  readonly final: boolean
}

export type NodeEvent =
  /** The notarised tip moved. `dropped` are blocks, newest first, that are no longer under the tip. */
  | { readonly type: 'tip'; readonly added: readonly ExecutedBlock[]; readonly dropped: readonly ExecutedBlock[] }
  | { readonly type: 'final'; readonly block: ExecutedBlock; readonly certificate: Certificate }
  | { readonly type: 'transaction'; readonly transaction: Transaction }

export interface PoolEntry {
  readonly transaction: Transaction
  /** `queued` waits for an earlier nonce. */
  readonly status: 'pending' | 'queued'
}

/** A node's place in the network; a `P2pNode` fits. */
export interface NodeNetwork {
  /** Base58 peer id. */
  readonly id: string
  /** Where others reach it, each with `/p2p/<id>`. */
  readonly multiaddrs: readonly string[]
  peers(): readonly PeerInfo[]
}

/** What of the chain a node has. Both ranges end at the newest block. */
export interface Holdings extends Held {
  readonly mode: NodeMode
  /** What it serves to other nodes, by the names of `PeerRequest`. */
  readonly requests: readonly PeerRequest['type'][]
}

export interface NodeApi {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  /** Absent where peers are in the same process. */
  readonly network?: NodeNetwork | undefined
  /** Owner of the validator that this node signs for. */
  readonly validator?: Address | undefined
  /** What this node executes blocks by; absent where it executes none. */
  readonly rules?: ExecutionRules | undefined
  /** Newest notarised header: tag `latest`. */
  latest(): Header & { readonly hash: Hash }
  /** Newest final header: tags `safe` and `finalized`. */
  finalized(): Header & { readonly hash: Hash }
  /** From which heights on this node answers. */
  holdings(): Holdings
  /** Undefined above the tip, and where this node no longer holds it. */
  blockByHeight(height: number): ExecutedBlock | undefined
  blockByHash(hash: Hash): ExecutedBlock | undefined
  transactionByHash(hash: Hash): { readonly executed: ExecutedBlock; readonly index: number } | undefined
  /** What happened to lanes and covenants. */
  readonly vprogs: VprogHistory
  /** State after the block at `height`; undefined when this node no longer (or not yet) holds it. */
  stateAt(height: number): StateReader | undefined
  /** Wire bytes of a multi-proof of `treeKeys` under the stateRoot of the block at `height`. */
  stateProof(height: number, treeKeys: readonly Hash[]): Promise<Uint8Array | undefined>
  /** What a client that trusts headers and proofs alone asks for. */
  answerLight(request: LightRequest): Promise<LightResponse>
  /** The certificates known for a block: its notarization and, if it was finalised directly, its finalization. */
  certificates(height: number): { readonly notarization?: Certificate; readonly finalization?: Certificate }
  validatorSet(epoch: number): ValidatorSet | undefined
  /** R(e), which decides the leaders of epoch e. */
  epochRandomness(epoch: number): Hash | undefined
  /** Base fee that the next block after the tip will have. */
  nextBaseFee(): bigint
  /** Whether a script would accept the proof. Never on the event loop where this node has threads for it. */
  verifyProof(operands: ZkOperands): Promise<AheadVerdict>
  /** Checks, admits and relays one transaction. */
  submit(raw: Uint8Array): Promise<Result<Hash>>
  pool(): {
    entries(): Iterable<PoolEntry>
    get(hash: Hash): PoolEntry | undefined
    /** Account nonce after this sender's consecutive pending transactions. */
    pendingNonce(address: Address): number
    counts(): { readonly pending: number; readonly queued: number }
  }
  peerCount(): number
  /** True with heights while the node is behind its peers. */
  syncing():
    | { readonly startingHeight: number; readonly currentHeight: number; readonly highestHeight: number }
    | undefined
  /** Calls `listener` for each event until the returned function is called. Listeners must not throw. */
  subscribe(listener: (event: NodeEvent) => void): () => void
}

/** What only a devnet can do. Times in milliseconds. */
export interface DevControls {
  /** Keys of the printed accounts, which this node signs for. */
  readonly accounts: readonly { readonly address: Address; readonly privateKey: Uint8Array }[]
  /** Secret of the network's development key, which signs in place of proofs: tag 0xdf. */
  readonly proverKey: Uint8Array
  /** Sends DEV_SET_BALANCE from the network's authority and waits until it is in a block. */
  setBalance(account: Address, balanceWei: bigint): Promise<void>
  /** Transfers from the network's faucet account; resolves with the transaction hash once it is in a block. */
  fund(account: Address, amountWei: bigint): Promise<Hash>
  /** Lifts the leaders' wait until `blocks` more blocks are notarised; resolves then. */
  mine(blocks: number): Promise<void>
  /** Shifts the clock of every validator; returns the total shift. */
  increaseTime(byMs: number): number
  setNextBlockTimestamp(timestampMs: number): void
  /** Returns an id for `revert`. */
  snapshot(): Promise<number>
  /** False when there is no such snapshot. A snapshot and all later ones are used up. */
  revert(id: number): Promise<boolean>
  /**
   * Cuts the network: validators of different groups do not reach each other until `heal` or another partition. Whoever
   * is in no group makes up one more. The node that answers here stays with the first group, unless it is a validator.
   * @throws QuernError `PARTITION_INVALID`; `VALIDATOR_SILENT` for a stopped process, once all others have done it
   */
  partition(groups: readonly (readonly number[])[]): Promise<void>
  heal(): Promise<void>
  /** Ends a validator's node with no goodbye and nothing saved, as `kill -9` does. @throws QuernError `VALIDATOR_UNKNOWN`, `VALIDATOR_NEEDED` */
  killValidator(index: number): Promise<void>
  /** Starts a killed one again on what its disk holds; does nothing when it runs. @throws QuernError `VALIDATOR_UNKNOWN` */
  restartValidator(index: number): Promise<void>
  /** The nodes of the network, validators first. */
  nodes(): readonly DevNode[]
}

export interface DevNode {
  /** `validator-0`; `node` for one that only follows. */
  readonly name: string
  readonly nodeId: string
  /** With /p2p/, as it was when the node last started. */
  readonly multiaddr: string
  /** Of the operating system; undefined while it does not run. */
  readonly pid: number | undefined
  /** Its own URL, where it has one. */
  readonly rpc: string | undefined
  /** Newest final block, where this process can see it. */
  readonly finalized: { readonly height: number; readonly hash: Hash } | undefined
}
