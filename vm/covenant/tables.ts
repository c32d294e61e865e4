/** Unspent outputs and the covenants that they belong to, as records of the state. */
import { concatBytes, EMPTY_BYTES, type Hash, u32be } from '../../core/bytes.ts'
import { rlpBytes, rlpBytesMax, rlpList, rlpNumber, rlpUint, encodeUint as uint } from '../../core/rlp.ts'
import type { Outpoint, ScriptPublicKey } from '../kip/types.ts'
import { defineTable } from '../state/table.ts'
import { MAX_SPK_SCRIPT_BYTES } from './types.ts'

/** A grain is 10^10 wei: 10^8 to the CPC, so that script numbers hold any amount. */
export const WEI_PER_GRAIN = 10n ** 10n

export interface OutputRecord {
  readonly grains: bigint
  readonly spk: ScriptPublicKey
  readonly covenantId: Hash | undefined
  /** Of the block that made it. */
  readonly height: number
}

export const outputs = defineTable<Outpoint, OutputRecord>({
  name: 'output',
  domain: 'tableOutput',
  key: ({ txId, index }) => concatBytes(txId, u32be(index)),
  toRlp: (o) => [uint(o.grains), uint(o.spk.version), o.spk.script, o.covenantId ?? EMPTY_BYTES, uint(o.height)],
  fromRlp: (item) => {
    const [grains, version, script, covenant, height] = rlpList(item, 5)
    const covenantId = rlpBytesMax(covenant, 32)
    return {
      grains: rlpUint(grains),
      spk: { version: rlpNumber(version), script: rlpBytesMax(script, MAX_SPK_SCRIPT_BYTES) },
      covenantId: covenantId.length === 0 ? undefined : rlpBytes(covenantId, 32),
      height: rlpNumber(height),
    }
  },
  money: ({ grains }) => ({ outputs: grains * WEI_PER_GRAIN }),
})

export interface CovenantRecord {
  /** The outpoint that it began with, and the block. */
  readonly genesis: Outpoint
  readonly genesisHeight: number
  /** Outputs that carry the id now; a covenant without any is over. */
  readonly liveOutputs: number
  /** One of them: the one made last. */
  readonly newest: Outpoint
}

const outpointToRlp = ({ txId, index }: Outpoint) => [txId, uint(index)]
const outpointFromRlp = (item: Parameters<typeof rlpList>[0]): Outpoint => {
  const [txId, index] = rlpList(item, 2)
  return { txId: rlpBytes(txId, 32), index: rlpNumber(index) }
}

export const covenants = defineTable<Hash, CovenantRecord>({
  name: 'covenant',
  domain: 'tableCovenant',
  key: (id) => id,
  toRlp: (c) => [outpointToRlp(c.genesis), uint(c.genesisHeight), uint(c.liveOutputs), outpointToRlp(c.newest)],
  fromRlp: (item) => {
    const [genesis, genesisHeight, liveOutputs, newest] = rlpList(item, 4)
    return {
      genesis: outpointFromRlp(genesis),
      genesisHeight: rlpNumber(genesisHeight),
      liveOutputs: rlpNumber(liveOutputs),
      newest: outpointFromRlp(newest),
    }
  },
})
