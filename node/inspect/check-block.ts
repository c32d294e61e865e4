/** What a node's answers about a block must agree on, whoever gives them. The whole store is checked by `quern chain verify`. */
import { headerHash } from '../../consensus/header.ts'
import type { Header as ConsensusHeader } from '../../consensus/types.ts'
import { parseAddress } from '../../core/address.ts'
import { compareBytes, equalBytes, fromHex, hexKey, utf8, ZERO_HASH } from '../../core/bytes.ts'
import { QuernError } from '../../core/errors.ts'
import { sha256 } from '../../core/hash.ts'
import { merkleRoot } from '../../core/merkle.ts'
import { verifyKey } from '../../core/smt/index.ts'
import { supply } from '../../vm/state/tables.ts'
import { treeKeyOf } from '../../vm/state/view.ts'
import { type Call, ifKept } from './call.ts'
import type { BlockInspection, Check, Header } from './types.ts'

/** A quorum is more of the power than this. PROTOCOL 5. */
const QUORUM_SHARE = 2 / 3

/** The header that the JSON of `chain_getHeader` describes. */
function headerOf(json: Header): ConsensusHeader {
  const bytes = (name: string): Uint8Array => fromHex(String(json[name]))
  const number = (name: string): number => Number(json[name])
  return {
    version: number('version'),
    chainId: number('chain_id'),
    height: json.height,
    epoch: json.epoch,
    view: json.view,
    parentHash: bytes('parent_hash'),
    timestampMs: json.timestamp_ms,
    proposer: parseAddress(json.proposer),
    txRoot: bytes('tx_root'),
    receiptRoot: bytes('receipt_root'),
    stateRoot: bytes('state_root'),
    computeRoot: fromHex(`0x${json.compute_root}`),
    seqCommit: bytes('seq_commit'),
    validatorsHash: bytes('validators_hash'),
    parentCertificateHash: bytes('parent_certificate_hash'),
    gasLimit: json.gas_limit,
    gasUsed: json.gas_used,
    gramUsed: json.gram_used,
    baseFeePerGas: BigInt(json.base_fee_per_gas),
    randomnessReveal: bytes('randomness_reveal'),
    resultCount: json.result_count,
    difficulty: BigInt(json.difficulty),
    zkStateProof: bytes('zk_state_proof'),
    zkComputeProof: bytes('zk_compute_proof'),
    extraData: bytes('extra_data'),
  }
}

/** Whether one record, the supply, is proved under the state root. Undefined where the state is gone. */
async function stateRootHolds(call: Call, { height, state_root }: Header): Promise<boolean | undefined> {
  const answer = await ifKept(
    call<{ value: string | null; proof: string }>('chain_getStateProof', ['supply', null, height]),
  )
  if (answer === null) return undefined
  const expected = answer.value === null ? ZERO_HASH : sha256(fromHex(answer.value))
  try {
    return equalBytes(verifyKey(fromHex(answer.proof), fromHex(state_root), treeKeyOf(supply, undefined)), expected)
  } catch (error) {
    if (error instanceof QuernError) return false
    throw error
  }
}

type Answers = Pick<BlockInspection, 'transactions' | 'votes' | 'results'>

export async function checkBlock(
  call: Call,
  header: Header,
  { transactions, votes, results }: Answers,
): Promise<Check[]> {
  const { height } = header
  const parent = height === 0 ? null : await ifKept(call<Header | null>('chain_getHeader', [height - 1]))
  const leaves = results.map((result) => sha256(utf8(JSON.stringify(result))))
  const computeRoot = leaves.length === 0 ? '' : hexKey(merkleRoot(leaves))
  const gas = transactions.reduce((sum, { gas_used }) => sum + gas_used, 0)
  const checks: [string, boolean | undefined][] = [
    ['the header has this hash', compareBytes(headerHash(headerOf(header)), fromHex(header.hash)) === 0],
    ['the parent is the block below', parent === null ? undefined : parent.hash === header.parent_hash],
    ['compute_root is that of the results', computeRoot === header.compute_root],
    ['gas used is that of the receipts', gas === header.gas_used + header.gram_used],
    ['the state is proved under state_root', await stateRootHolds(call, header)],
    ['certificates have a quorum', votes?.every(({ power_share }) => power_share > QUORUM_SHARE)],
  ]
  return checks.flatMap(([check, ok]) => (ok === undefined ? [] : [{ check, ok }]))
}
