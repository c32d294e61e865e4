/** Headers as `chain_` methods give them: the keys of PROTOCOL 4.1 in snake_case, and `hash`. */

import type { Header } from '../../../consensus/types.ts'
import { formatAddress } from '../../../core/address.ts'
import { fromHex, type Hash, hexKey, toHex } from '../../../core/bytes.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'
import { blockAt, requireBlock } from '../block-ref.ts'
import { type Static, Type } from '../method.ts'
import { Bech32Address, Data, DecimalString, Hash32, HeightRef, type HeightRefValue, Integer } from '../schema.ts'

/** `compute_root`: hex without 0x, as it is spelled inside the results; empty when the block has none. */
export const ComputeRoot = Type.String({
  pattern: '^([0-9a-f]{64})?$',
  description: '64 hex digits without 0x, or empty',
})

export const HeaderObject = Type.Object(
  {
    version: Integer,
    chain_id: Integer,
    height: Integer,
    epoch: Integer,
    view: Integer,
    parent_hash: Hash32,
    timestamp_ms: Integer,
    proposer: Bech32Address,
    tx_root: Hash32,
    receipt_root: Hash32,
    state_root: Hash32,
    compute_root: ComputeRoot,
    seq_commit: Hash32,
    validators_hash: Hash32,
    parent_certificate_hash: Hash32,
    gas_limit: Integer,
    gas_used: Integer,
    gram_used: Integer,
    base_fee_per_gas: DecimalString,
    randomness_reveal: Data,
    result_count: Integer,
    difficulty: DecimalString,
    zk_state_proof: Data,
    zk_compute_proof: Data,
    extra_data: Data,
    hash: Hash32,
  },
  { additionalProperties: false },
)
export type HeaderJson = Static<typeof HeaderObject>

export const headerJson = (header: Header, hash: Hash): HeaderJson => ({
  version: header.version,
  chain_id: header.chainId,
  height: header.height,
  epoch: header.epoch,
  view: header.view,
  parent_hash: toHex(header.parentHash),
  timestamp_ms: header.timestampMs,
  proposer: formatAddress(header.proposer),
  tx_root: toHex(header.txRoot),
  receipt_root: toHex(header.receiptRoot),
  state_root: toHex(header.stateRoot),
  compute_root: hexKey(header.computeRoot),
  seq_commit: toHex(header.seqCommit),
  validators_hash: toHex(header.validatorsHash),
  parent_certificate_hash: toHex(header.parentCertificateHash),
  gas_limit: header.gasLimit,
  gas_used: header.gasUsed,
  gram_used: header.gramUsed,
  base_fee_per_gas: header.baseFeePerGas.toString(),
  randomness_reveal: toHex(header.randomnessReveal),
  result_count: header.resultCount,
  difficulty: header.difficulty.toString(),
  zk_state_proof: toHex(header.zkStateProof),
  zk_compute_proof: toHex(header.zkComputeProof),
  extra_data: toHex(header.extraData),
  hash: toHex(hash),
})

/** A height, or a block hash: 64 digits are always a hash, since no height is that long. */
export const HeaderRef = HeightRef
const isHash = (ref: HeightRefValue): ref is string => typeof ref === 'string' && /^0x[0-9a-fA-F]{64}$/.test(ref)

/** By hash, blocks beside the chain under the tip are found too, as long as the node remembers them. */
export const blockOf = (node: NodeApi, ref: HeightRefValue): ExecutedBlock | undefined =>
  isHash(ref) ? node.blockByHash(fromHex(ref)) : blockAt(node, ref)

/** By hash too, but of the chain under the tip alone. @throws RpcError `BLOCK_UNKNOWN`, `BLOCK_PRUNED` */
export const requireBlockOf = (node: NodeApi, ref: HeightRefValue): ExecutedBlock =>
  requireBlock(node, isHash(ref) ? { blockHash: ref } : ref)
