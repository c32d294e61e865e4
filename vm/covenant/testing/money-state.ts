/** A state whose supply equation is asserted after every transaction. */
import { hexKey } from '../../../core/bytes.ts'
import { accounts, supply } from '../../state/tables.ts'
import { EMPTY_SUPPLY, StateView } from '../../state/view.ts'

export class MoneyStateForTests {
  readonly #records = new Map<string, Uint8Array>()
  view = this.#fresh()

  /** What the accounts hold so far is the genesis. */
  settleGenesis(): void {
    const total = this.view.get(accounts, new Uint8Array(20).fill(7))!.balance
    this.view.set(supply, undefined, { ...EMPTY_SUPPLY, genesis: total })
    this.settle()
  }

  /** @throws QuernError `ASSERTION_FAILED` when money appeared or vanished */
  settle(): void {
    for (const { treeKey, value } of this.view.finish()) {
      if (value === undefined) this.#records.delete(hexKey(treeKey))
      else this.#records.set(hexKey(treeKey), value)
    }
    this.view = this.#fresh()
  }

  #fresh(): StateView {
    return new StateView({ get: (treeKey) => this.#records.get(hexKey(treeKey)) })
  }
}
