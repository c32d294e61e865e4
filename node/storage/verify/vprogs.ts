/** The index of lanes and covenants: every block has its rows, and there are no others. */

import { decodeBlock } from '../../../consensus/block.ts'
import type { Block } from '../../../consensus/types.ts'
import { type Address, equalBytes, readU64 } from '../../../core/bytes.ts'
import type { Receipt } from '../../../vm/execution/types.ts'
import { rowsOfBlock, type VprogRow, vprogKeysHere } from '../../vprog/rows.ts'
import { KEY, PREFIX } from '../layout.ts'
import type { Checked } from './checked.ts'
import { countedTable } from './counted-table.ts'

/** Behind the prefix and a hash, in keys that hold a place themselves. */
const PLACE_AT = 33

export class VprogIndex {
  readonly #checked: Checked
  /** Rows that blocks call for, by the first byte of their table. */
  readonly #wanted = new Map<number, number>()

  constructor(checked: Checked) {
    this.#checked = checked
  }

  /** @param receipts absent where they are damaged: the rows are written with them again (repair.ts) */
  checkBlock(block: Block, senders: readonly (Address | undefined)[], receipts: readonly Receipt[] | undefined): void {
    if (receipts === undefined) return
    const { kv, faults } = this.#checked
    const { height } = block.header
    for (const { key, value } of rowsOrNone(block, senders, receipts)) {
      this.#wanted.set(key[0]!, (this.#wanted.get(key[0]!) ?? 0) + 1)
      const found = kv.get(key)
      if (found === undefined || !equalBytes(found, value)) {
        faults.add('index', key, `a row of the index of lanes and covenants does not lead to block ${height}`, height)
      }
    }
  }

  /** Rows that no block called for. Each is looked at only where there are more than were found. */
  async checkRest(): Promise<void> {
    const inKey = (key: Uint8Array): number => (key.length >= PLACE_AT + 8 ? readU64(key, PLACE_AT) : -1)
    const inValue = (_: Uint8Array, value: Uint8Array): number => (value.length === 12 ? readU64(value) : -1)
    for (const [table, heightOf] of [
      [PREFIX.laneBlock, inKey],
      [PREFIX.covenantTransaction, inKey],
      [PREFIX.spent, inValue],
      [PREFIX.kipTransaction, inValue],
    ] as const) {
      await countedTable(this.#checked, table[0]!, this.#wanted.get(table[0]!) ?? 0, (key, value) =>
        this.#belongs(key, heightOf(key, value)),
      )
    }
  }

  #belongs(key: Uint8Array, height: number): boolean {
    const { kv, held, head } = this.#checked
    if (height < held.blocksFrom || height > head) return false
    try {
      return vprogKeysHere(kv, decodeBlock(kv.get(KEY.block(height))!)).some((own) => equalBytes(own, key))
    } catch {
      return false
    }
  }
}

/** A sender that is not known, or an envelope that cannot be read, is a fault of the block (blocks.ts). */
function rowsOrNone(
  block: Block,
  senders: readonly (Address | undefined)[],
  receipts: readonly Receipt[],
): readonly VprogRow[] {
  if (!senders.every((sender) => sender !== undefined)) return []
  try {
    return rowsOfBlock(block, senders, receipts)
  } catch {
    return []
  }
}
