/** What one block paid, recomputed from its parent's state by the rule that paid it (`vm/rewards.ts`). PROTOCOL 7. */

import { signerIndexes } from '../../../consensus/certificate.ts'
import { formatAddress } from '../../../core/address.ts'
import type { Receipt } from '../../../vm/execution/types.ts'
import { emissionWei, splitEmission } from '../../../vm/rewards.ts'
import { carry, epochSets } from '../../../vm/state/tables.ts'
import { readRecord } from '../../../vm/state/view.ts'
import { totalPower } from '../../../vm/validator-set.ts'
import type { ExecutedBlock, NodeApi } from '../../api.ts'
import { requireState } from '../block-ref.ts'
import { type Static, Type } from '../method.ts'
import { Bech32Address, DecimalString, decimalString, Integer } from '../schema.ts'

const Share = Type.Object({ validator: Bech32Address, amount: DecimalString }, { additionalProperties: false })

export const BlockRewards = Type.Object(
  {
    height: Integer,
    epoch: Integer,
    emission: decimalString('E(h): what the schedule gives this height'),
    minted: decimalString('emission without the part of absent voters'),
    worker_pool: decimalString("added to the epoch's worker pool"),
    leader: Type.Object(
      { validator: Bech32Address, amount: DecimalString, priority_fees: DecimalString },
      { additionalProperties: false },
    ),
    voters: Type.Array(Share, { description: "signers of the parent's notarization, in ascending address order" }),
    burned_fees: DecimalString,
    carry: decimalString('remainders of the divisions, which the next block hands out'),
  },
  { additionalProperties: false },
)
type BlockRewardsJson = Static<typeof BlockRewards>

function feesOf(receipts: readonly Receipt[], baseFeePerGas: bigint) {
  let burned = 0n
  let priority = 0n
  for (const { gasUsed, gramUsed, effectiveGasPrice } of receipts) {
    const charged = BigInt(gasUsed + gramUsed)
    burned += charged * baseFeePerGas
    priority += charged * (effectiveGasPrice - baseFeePerGas)
  }
  return { burned, priority }
}

/** Genesis pays nobody. @throws RpcError `BLOCK_PRUNED` when the parent's state is gone */
export function blockRewards(node: NodeApi, { block, receipts }: ExecutedBlock): BlockRewardsJson | undefined {
  const { header, parentCertificate } = block
  if (header.height === 0) return undefined
  const { params } = node.genesis
  const { state } = requireState(node, header.height - 1)
  // Block 1 has no certificate: nobody votes on genesis, whose epoch is 0.
  const set = readRecord(state, epochSets, parentCertificate?.epoch ?? 0)
  if (set === undefined) return undefined
  const signers = signerIndexes(parentCertificate?.signers ?? new Uint8Array()).map((index) => set.members[index]!)
  const split = splitEmission({
    emissionWei: emissionWei(header.height, params),
    carryWei: readRecord(state, carry, undefined) ?? 0n,
    signerPowers: signers.map(({ power }) => power),
    totalPower: totalPower(set),
    params,
  })
  const fees = feesOf(receipts, header.baseFeePerGas)
  return {
    height: header.height,
    epoch: header.epoch,
    emission: emissionWei(header.height, params).toString(),
    minted: split.mintedWei.toString(),
    worker_pool: split.workersWei.toString(),
    leader: {
      validator: formatAddress(header.proposer),
      amount: split.leaderWei.toString(),
      priority_fees: fees.priority.toString(),
    },
    voters: signers.map(({ address }, i) => ({
      validator: formatAddress(address),
      amount: (split.votersWei[i] ?? 0n).toString(),
    })),
    burned_fees: fees.burned.toString(),
    carry: split.carryWei.toString(),
  }
}
