/** Lanes and outputs of the final chain, block after block: what headers and records say of them. */
import type { Block } from '../../../consensus/types.ts'
import { equalBytes, hexKey } from '../../../core/bytes.ts'
import type { ExecutedBlock } from '../../../node/api.ts'
import { LaneModel, type LaneRules } from './lanes.ts'
import { OutputBook } from './outputs.ts'
import { laneFacts, type Reader } from './state-tables.ts'

export class VprogCheck {
  readonly #lanes: LaneModel
  readonly #outputs = new OutputBook()

  constructor(rules: LaneRules) {
    this.#lanes = new LaneModel(rules)
  }

  /**
   * The next final block.
   * @param parent whose block it stands on, and `state` what it left; undefined where the node does not have them
   * @returns what does not agree
   */
  add(executed: ExecutedBlock, parent: Block | undefined, state: Reader | undefined): string | undefined {
    if (parent === undefined || state === undefined) return 'no parent or no state'
    const { header } = executed.block
    const activity = this.#outputs.add(executed)
    const expected = this.#lanes.add(header, { ...parent.header, hash: parent.hash }, activity)
    if (!equalBytes(expected, header.seqCommit)) {
      return `the header commits to lanes ${hexKey(header.seqCommit)}, and they are ${hexKey(expected)}`
    }
    for (const { key, tip, lastTouch } of this.#lanes.active) {
      const facts = laneFacts(state, key)
      if (facts === undefined || !equalBytes(facts.tip, tip) || facts.lastTouch !== lastTouch) {
        return `lane ${hexKey(key)} has another tip in its record`
      }
    }
    return this.#outputs.fault(state)
  }

  heldWei(state: Reader): bigint {
    return this.#outputs.heldWei(state)
  }
}
