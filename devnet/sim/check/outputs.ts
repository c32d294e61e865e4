/** Which outputs there are, from the transactions of final blocks alone, and whether the records say the same. PROTOCOL 8. */
import { concatBytes, type Hash, hexKey, u32be } from '../../../core/bytes.ts'
import type { ExecutedBlock } from '../../../node/api.ts'
import { isVprogAction, kipIdOf } from './kip-id.ts'
import type { Activity } from './lanes.ts'
import { covenantOutputs, outputGrains, type Reader } from './state-tables.ts'

interface Unspent {
  /** Key of its record. */
  readonly key: Uint8Array
  readonly grains: bigint
  readonly covenantId: string | undefined
}

/** PROTOCOL 8. */
const WEI_PER_GRAIN = 10n ** 10n

/** Only kinds 16 and 17 make outputs, so what is not here is nowhere. */
export class OutputBook {
  readonly #unspent = new Map<string, Unspent>()
  readonly #gone = new Map<string, Uint8Array>()
  /** By id: outputs that carry it; zero for one that is over. */
  readonly #covenants = new Map<string, { readonly id: Hash; outputs: number }>()

  /** The next final block. @returns what its lanes saw */
  add({ transactions, receipts }: Pick<ExecutedBlock, 'transactions' | 'receipts'>): Activity[] {
    const activity: Activity[] = []
    for (const [index, { action, from, nonce }] of transactions.entries()) {
      if (receipts[index]?.status !== 1 || !isVprogAction(action)) continue
      const txId = kipIdOf(action, from, nonce)
      if (action.laneId !== undefined) activity.push({ laneId: action.laneId, txId, index })
      for (const { outpoint } of action.inputs) this.#spend(concatBytes(outpoint.txId, u32be(outpoint.index)))
      for (const [i, { value, binding }] of action.outputs.entries()) {
        const key = concatBytes(txId, u32be(i))
        this.#unspent.set(hexKey(key), {
          key,
          grains: value,
          covenantId: binding === undefined ? undefined : hexKey(binding.covenantId),
        })
        if (binding !== undefined) this.#count(binding.covenantId, 1)
      }
    }
    return activity
  }

  #spend(key: Uint8Array): void {
    const spent = this.#unspent.get(hexKey(key))
    this.#unspent.delete(hexKey(key))
    this.#gone.set(hexKey(key), key)
    const covenant = spent?.covenantId === undefined ? undefined : this.#covenants.get(spent.covenantId)
    if (covenant !== undefined) covenant.outputs--
  }

  #count(id: Hash, change: number): void {
    const covenant = this.#covenants.get(hexKey(id)) ?? { id, outputs: 0 }
    covenant.outputs += change
    this.#covenants.set(hexKey(id), covenant)
  }

  /** @returns what the records say otherwise; undefined when they agree */
  fault(state: Reader): string | undefined {
    for (const [name, { key, grains }] of this.#unspent) {
      const held = outputGrains(state, key)
      if (held !== grains) return `output ${name} holds ${held} grains, and ${grains} were paid to it`
    }
    for (const [name, key] of this.#gone) {
      if (outputGrains(state, key) !== undefined) return `output ${name} is there and was spent`
    }
    for (const [name, { id, outputs }] of this.#covenants) {
      const counted = covenantOutputs(state, id)
      if (counted !== outputs) return `covenant ${name} has ${outputs} outputs, and its record says ${counted}`
    }
    return undefined
  }

  /** Of the records, in wei. */
  heldWei(state: Reader): bigint {
    let grains = 0n
    for (const { key } of this.#unspent.values()) grains += outputGrains(state, key) ?? 0n
    return grains * WEI_PER_GRAIN
  }
}
