import { formatAddress } from '../../../core/address.ts'
import { toHex } from '../../../core/bytes.ts'
import { assert } from '../../../core/errors.ts'
import { outputs as outputTable, WEI_PER_GRAIN } from '../../../vm/covenant/tables.ts'
import { kipTransaction } from '../../../vm/covenant/view.ts'
import { transactionId } from '../../../vm/kip/hashing.ts'
import type { Outpoint } from '../../../vm/kip/types.ts'
import { supply } from '../../../vm/state/tables.ts'
import { readRecord, type StateReader } from '../../../vm/state/view.ts'
import { amount, defineDataset, flag, integer, text } from '../column.ts'
import type { DatasetSource } from '../source.ts'

/** An output that the block made, or one that was there before it. */
interface Moved {
  readonly grains: bigint
  readonly version: number
  readonly script: Uint8Array
  readonly covenantId: Uint8Array | undefined
}

const nameOf = ({ txId, index }: Outpoint): string => `${toHex(txId)}:${index}`
const heldBy = (state: StateReader): bigint => readRecord(state, supply, undefined)?.outputs ?? 0n

function* movesOf(source: DatasetSource, height: number) {
  const before = source.state(height - 1)
  const { block, transactions, receipts } = source.block(height)
  const made = new Map<string, Moved>()
  let sum = 0n

  const rowOf = (outpoint: Outpoint, { grains, version, script, covenantId }: Moved, isMade: boolean) => {
    const valueWei = grains * WEI_PER_GRAIN
    const changeWei = isMade ? valueWei : -valueWei
    sum += changeWei
    return {
      output_transaction: toHex(outpoint.txId),
      output_index: outpoint.index,
      made: isMade,
      change_wei: changeWei,
      script_version: version,
      script: toHex(script),
      covenant_id: covenantId === undefined ? null : toHex(covenantId),
    }
  }

  for (const [index, { action, from, nonce, hash }] of transactions.entries()) {
    if ((action.kind !== 'LANE' && action.kind !== 'COVENANT') || receipts[index]!.status !== 1) continue
    const { timestampMs } = block.header
    const place = {
      height,
      index,
      timestamp_ms: timestampMs,
      transaction_hash: toHex(hash),
      sender: formatAddress(from),
    }
    for (const { outpoint } of action.inputs) {
      const there = readRecord(before, outputTable, outpoint)
      const spent = made.get(nameOf(outpoint)) ?? (there && { ...there, ...there.spk })
      assert(spent !== undefined, 'what a transaction spent was there', { height, index })
      yield { ...place, ...rowOf(outpoint, spent, false) }
    }
    const txId = transactionId(kipTransaction(action, from, nonce))
    for (const [i, { value, spk, binding }] of action.outputs.entries()) {
      const outpoint = { txId, index: i }
      const output = { grains: value, ...spk, covenantId: binding?.covenantId }
      made.set(nameOf(outpoint), output)
      yield { ...place, ...rowOf(outpoint, output, true) }
    }
  }
  assert(sum === heldBy(source.state(height)) - heldBy(before), 'an output changed that no transaction names', {
    height,
  })
}

export const outputs = defineDataset({
  name: 'outputs',
  version: 1,
  about:
    'one row for each output that a block made or spent; from height 0 on the changes add up to what outputs hold of the supply',
  columns: {
    height: integer('of the block'),
    index: integer('of the transaction in the block'),
    timestamp_ms: integer('of the block, Unix milliseconds'),
    transaction_hash: text('keccak256 of the envelope'),
    sender: text('who signed it and paid'),
    output_transaction: text('KIP id of the transaction that made the output'),
    output_index: integer('in that transaction'),
    made: flag('true: made here; false: spent here'),
    change_wei: amount('its value; negative where it was spent'),
    script_version: integer('of its script'),
    script: text('what opens it, as bytes'),
    covenant_id: text.orNull('KIP-20; null: none'),
  },
  *rows(source: DatasetSource, { from, to }) {
    for (let height = Math.max(1, from); height <= to; height++) yield* movesOf(source, height)
  },
})
